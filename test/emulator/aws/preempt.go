// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// preemptionNotice is how long a spot machine runs on after it was told that it is
// taken back.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
const preemptionNotice = 2 * time.Minute

// notices are what machines read at the metadata path spot/instance-action: when
// they are taken back, by their identifier.
type notices struct {
	mu    sync.Mutex
	times map[string]time.Time
}

// preempt handles POST /_emulator/preempt/<region>/<instance>: the cloud takes a spot
// machine back, after its notice. The answer is the notice.
func (e *Emulator) preempt(w http.ResponseWriter, r *http.Request) {
	region, id := r.PathValue("region"), r.PathValue("instance")
	var found struct {
		Lifecycles []string `xml:"reservationSet>item>instancesSet>item>instanceLifecycle"`
	}
	if err := e.upstream.query(r.Context(), inRegion(region), ec2Query("DescribeInstances", id), &found); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if len(found.Lifecycles) != 1 || found.Lifecycles[0] != "spot" {
		http.Error(w, id+" is no spot machine", http.StatusBadRequest)
		return
	}
	e.notices.mu.Lock()
	if _, told := e.notices.times[id]; !told {
		e.notices.times[id] = e.clock.Now().Add(preemptionNotice)
		// It goes when its time has come, whoever asked for it.
		go e.takeBack(context.WithoutCancel(r.Context()), e.clock.After(preemptionNotice), region, id)
	}
	e.notices.mu.Unlock()
	e.notice(w, r)
}

// notice handles GET /_emulator/preempt/<region>/<instance>: what the machine reads,
// 404 while there is none.
func (e *Emulator) notice(w http.ResponseWriter, r *http.Request) {
	e.notices.mu.Lock()
	at, told := e.notices.times[r.PathValue("instance")]
	e.notices.mu.Unlock()
	if !told {
		http.NotFound(w, r)
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"action": "terminate", "time": at.UTC().Format(time.RFC3339)})
}

func (e *Emulator) takeBack(ctx context.Context, due <-chan time.Time, region, id string) {
	<-due
	if err := e.upstream.query(ctx, inRegion(region), ec2Query("TerminateInstances", id), &struct{}{}); err != nil {
		log.Printf("take %s back: %v", id, err)
	}
}

func ec2Query(action, instance string) url.Values {
	return url.Values{"Action": {action}, "InstanceId.1": {instance}, "Version": {"2016-11-15"}}
}

// inRegion signs nothing: moto reads only the scope.
func inRegion(region string) string {
	return fmt.Sprintf("AWS4-HMAC-SHA256 Credential=emulator/20060102/%s/ec2/aws4_request, SignedHeaders=host, Signature=0", region)
}
