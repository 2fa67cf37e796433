// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/castai/omni/test/emulator/fault"
)

// checkQuotas lets the operation fail when the region's quotas do not allow the
// machine, as the cloud does: the request itself is accepted.
func (e *Emulator) checkQuotas(c *call, machineType object) *Error {
	region := regionOf(c.values["zone"])
	for metric, amount := range needs(c.body, machineType) {
		limit, used := e.quota(region, metric), e.used(region, metric)
		if limit >= 0 && used+amount > limit {
			c.failure = &fault.Rule{
				Code:    "QUOTA_EXCEEDED",
				Message: "Quota '" + metric + "' exceeded.  Limit: " + strconv.FormatInt(limit, 10) + ".0 in region " + region + ".",
			}
		}
	}
	return nil
}

// needs is what a machine takes of which quota.
// https://cloud.google.com/compute/resource-usage
func needs(instance, machineType object) map[string]int64 {
	prefix := ""
	if scheduling, _ := instance["scheduling"].(object); scheduling["provisioningModel"] == "SPOT" {
		prefix = "PREEMPTIBLE_"
	}
	out := map[string]int64{prefix + "CPUS": number(machineType["guestCpus"])}
	for _, gpu := range objects(machineType["accelerators"]) {
		name := strings.ToUpper(strings.ReplaceAll(text(gpu["guestAcceleratorType"]), "-", "_"))
		out[prefix+name+"_GPUS"] = number(gpu["guestAcceleratorCount"])
	}
	return out
}

// used sums what the machines of a region take of a quota.
func (e *Emulator) used(region, metric string) int64 {
	var sum int64
	for path, o := range e.objects {
		if strings.Contains(path, "/instances/") && regionOf(base(text(o["zone"]))) == region {
			sum += needs(o, e.objects[e.pathOf(text(o["machineType"]), "")])[metric]
		}
	}
	return sum
}

// quota returns the limit of a region; -1 when there is none.
func (e *Emulator) quota(region, metric string) int64 {
	for _, q := range objects(e.objects["projects/"+e.Project+"/regions/"+region]["quotas"]) {
		if q["metric"] == metric {
			return number(q["limit"])
		}
	}
	return -1
}

// putQuota handles PUT /_emulator/quotas/{region}/{metric} with {"limit": 8}.
func (e *Emulator) putQuota(w http.ResponseWriter, r *http.Request) {
	in := struct{ Limit int64 }{}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&in); err != nil {
		http.Error(w, "quota: "+err.Error(), http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	region, err := e.get("projects/" + e.Project + "/regions/" + r.PathValue("region"))
	if err != nil {
		writeError(w, err)
		return
	}
	quotas := []any{object{"metric": r.PathValue("metric"), "limit": in.Limit, "usage": 0}}
	for _, q := range objects(region["quotas"]) {
		if q["metric"] != r.PathValue("metric") {
			quotas = append(quotas, q)
		}
	}
	region["quotas"] = quotas
	w.WriteHeader(http.StatusNoContent)
}

// number reads an integer of JSON, which may be a string.
func number(value any) int64 {
	switch x := value.(type) {
	case float64:
		return int64(x)
	case int:
		return int64(x)
	case int64:
		return x
	case string:
		n, _ := strconv.ParseInt(x, 10, 64) // validated before it was stored
		return n
	}
	return 0
}
