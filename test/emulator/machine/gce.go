// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// GCE is the Cloud behind an emulated Compute Engine. It speaks HTTP itself: the
// SDK is large, and the emulator is on loopback.
type GCE struct {
	// Endpoint of the emulator. Example: http://127.0.0.1:5560.
	Endpoint string
	Project  string
	// Token of the emulated project's owner.
	Token string
}

// gceLabel is the label omni.cast.ai/edge-id: labels know neither dots nor slashes.
const gceLabel = "omni-edge-id"

type gceInstance struct {
	ID                string
	MachineType       string
	Labels            map[string]string
	Metadata          struct{ Items []struct{ Key, Value string } }
	Disks             []struct{ DiskSizeGb string }
	NetworkInterfaces []struct{ NetworkIP string }
}

// Running returns the numeric IDs of the running instances that carry an Edge's
// UID: names are used again, IDs are not.
func (c GCE) Running(ctx context.Context) ([]string, error) {
	found, err := c.list(ctx, "status=RUNNING")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, i := range found {
		if i.Labels[gceLabel] != "" {
			ids = append(ids, i.ID)
		}
	}
	return ids, nil
}

// Instance describes an instance, its machine type and its disks.
func (c GCE) Instance(ctx context.Context, id string) (Instance, error) {
	i, err := c.one(ctx, id)
	if err != nil {
		return Instance{}, err
	}
	var hardware struct {
		Name, Architecture  string
		GuestCpus, MemoryMb int64
	}
	if err := c.get(ctx, i.MachineType, &hardware); err != nil {
		return Instance{}, err
	}
	out := Instance{ID: id, InstanceType: hardware.Name, Architecture: "amd64", VCPUs: hardware.GuestCpus, MemoryMiB: hardware.MemoryMb}
	if hardware.Architecture == "ARM64" {
		out.Architecture = "arm64"
	}
	for _, disk := range i.Disks {
		size, err := strconv.ParseInt(disk.DiskSizeGb, 10, 64)
		if err != nil {
			return Instance{}, fmt.Errorf("instance %s: diskSizeGb: %w", id, err)
		}
		out.DiskGiB += size
	}
	if len(i.NetworkInterfaces) > 0 {
		out.PrivateIP = i.NetworkInterfaces[0].NetworkIP
	}
	return out, nil
}

// UserData returns the metadata that cloud-init reads.
func (c GCE) UserData(ctx context.Context, id string) ([]byte, error) {
	i, err := c.one(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, item := range i.Metadata.Items {
		if item.Key == "user-data" {
			return []byte(item.Value), nil
		}
	}
	return nil, errors.New("the instance has none")
}

func (c GCE) one(ctx context.Context, id string) (gceInstance, error) {
	found, err := c.list(ctx, "id="+id)
	if err != nil {
		return gceInstance{}, err
	}
	if len(found) != 1 {
		return gceInstance{}, fmt.Errorf("instance %s: not found", id)
	}
	return found[0], nil
}

// list returns the instances of all zones that pass a filter.
func (c GCE) list(ctx context.Context, filter string) ([]gceInstance, error) {
	var found []gceInstance
	for token := ""; ; {
		var page struct {
			NextPageToken string
			Items         map[string]struct{ Instances []gceInstance }
		}
		query := url.Values{"filter": {filter}, "pageToken": {token}}
		if token == "" {
			query.Del("pageToken")
		}
		if err := c.get(ctx, c.Endpoint+"/compute/v1/projects/"+c.Project+"/aggregated/instances?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		for _, scope := range page.Items {
			found = append(found, scope.Instances...)
		}
		if token = page.NextPageToken; token == "" {
			return found, nil
		}
	}
}

func (c GCE) get(ctx context.Context, url string, out any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		path, _, _ := strings.Cut(url, "?")
		return fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(out)
}
