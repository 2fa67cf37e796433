// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/compute/v1"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
)

// Launch implements cloud.Provider. The machine's name is the request's, so the
// cloud itself refuses a second one in the zone; the fingerprint among its labels
// says whether the one that is there came of this very request.
func (p *Provider) Launch(ctx context.Context, r cloud.LaunchRequest) (*cloud.Instance, error) {
	want, err := p.machine(r)
	if err != nil {
		return nil, err
	}
	op, err := p.compute.Instances.Insert(p.location.ProjectID, r.Zone, want).RequestId(r.ClientToken).Context(ctx).Do()
	if err == nil {
		op, err = p.wait(ctx, r.Zone, op)
	}
	if err = classify(err); err != nil && cloud.ClassOf(err) != cloud.ClassIdempotency {
		return nil, notOffered(err, &r)
	}
	there, getErr := p.get(ctx, r.Zone, want.Name)
	switch {
	case getErr != nil:
		return nil, getErr
	case there != nil && there.Labels[labelLaunch] != want.Labels[labelLaunch]:
		return nil, &cloud.Error{Class: cloud.ClassIdempotency, Err: fmt.Errorf("machine %s in %s came of another request", want.Name, r.Zone)}
	case there != nil:
		return instance(there), nil
	case err != nil:
		return nil, err // the name is taken by a machine that is not shown (any more)
	}
	// Launched, and not shown yet.
	started, err := time.Parse(time.RFC3339, op.InsertTime)
	if err != nil {
		return nil, &cloud.Error{Class: cloud.ClassTransient, Err: fmt.Errorf("operation %s: insertTime: %w", op.Name, err)}
	}
	return &cloud.Instance{
		ID: instanceID(r.Zone, want.Name), EdgeUID: r.EdgeUID, InstanceType: r.InstanceType, Zone: r.Zone,
		State: cloud.StatePending, LaunchTime: started,
	}, nil
}

// wait waits for an operation. Lack of capacity is said there and nowhere else. A
// launch that is not done in time is asked for again, with the same request ID.
func (p *Provider) wait(ctx context.Context, zone string, op *compute.Operation) (*compute.Operation, error) {
	if op.Status != "DONE" {
		var err error
		if op, err = p.compute.ZoneOperations.Wait(p.location.ProjectID, zone, op.Name).Context(ctx).Do(); err != nil {
			return nil, err
		}
	}
	if op.Status != "DONE" {
		return nil, &cloud.Error{Class: cloud.ClassTransient, Err: fmt.Errorf("operation %s is still %s", op.Name, op.Status)}
	}
	return op, operationError(op)
}

// Get implements cloud.Provider.
func (p *Provider) Get(ctx context.Context, id string) (*cloud.Instance, error) {
	zone, name, err := parseID(id)
	if err != nil {
		return nil, err
	}
	found, err := p.get(ctx, zone, name)
	if found == nil || err != nil {
		return nil, err
	}
	return instance(found), nil
}

// fields are what is read of a machine; its metadata, with the bootstrap token in
// it, is not among them.
const fields = "name,zone,machineType,status,labels,creationTimestamp"

// get returns nil when the machine does not exist.
func (p *Provider) get(ctx context.Context, zone, name string) (*compute.Instance, error) {
	found, err := p.compute.Instances.Get(p.location.ProjectID, zone, name).Fields(fields).Context(ctx).Do()
	if saysGone(err, name) {
		return nil, nil
	}
	return found, classify(err)
}

// FindByEdge implements cloud.Provider.
func (p *Provider) FindByEdge(ctx context.Context, edgeUID string) (*cloud.Instance, error) {
	found, err := p.list(ctx, labelEdgeID, contract.LabelValue(edgeUID))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// List implements cloud.Provider.
func (p *Provider) List(ctx context.Context) ([]cloud.Instance, error) { return p.list(ctx) }

// list returns the machines of the location that also have the given labels (keys
// and values by turns), in all zones.
func (p *Provider) list(ctx context.Context, more ...string) ([]cloud.Instance, error) {
	labels := append(p.location.labels(), more...)
	var terms []string
	for i := 0; i < len(labels); i += 2 {
		terms = append(terms, fmt.Sprintf("(labels.%s = %q)", labels[i], labels[i+1]))
	}
	call := p.compute.Instances.AggregatedList(p.location.ProjectID).Filter(strings.Join(terms, " AND ")).
		Fields("nextPageToken,unreachables,items/*/warning/code,items/*/instances(" + fields + ")")
	var found []cloud.Instance
	err := call.Pages(ctx, func(page *compute.InstanceAggregatedList) error {
		if len(page.Unreachables) > 0 {
			return unreachable(strings.Join(page.Unreachables, ", "))
		}
		for scope, list := range page.Items {
			if list.Warning != nil && list.Warning.Code == "UNREACHABLE" {
				return unreachable(scope)
			}
			for _, i := range list.Instances {
				found = append(found, *instance(i))
			}
		}
		return nil
	})
	if err != nil {
		return nil, classify(err)
	}
	return found, nil
}

// unreachable: machines may be there that the list does not show.
func unreachable(scope string) error {
	return &cloud.Error{Class: cloud.ClassTransient, Code: "UNREACHABLE", Err: fmt.Errorf("machines of %s cannot be listed now", scope)}
}

// Terminate implements cloud.Provider.
func (p *Provider) Terminate(ctx context.Context, id string) error {
	zone, name, err := parseID(id)
	if err != nil {
		return err
	}
	_, err = p.compute.Instances.Delete(p.location.ProjectID, zone, name).Context(ctx).Do()
	if saysGone(err, name) {
		return nil
	}
	return classify(err)
}

// ConsoleOutput implements cloud.Provider: it is the first serial port.
func (p *Provider) ConsoleOutput(ctx context.Context, id string) (string, error) {
	zone, name, err := parseID(id)
	if err != nil {
		return "", err
	}
	out, err := p.compute.Instances.GetSerialPortOutput(p.location.ProjectID, zone, name).Port(1).Context(ctx).Do()
	if err != nil {
		return "", classify(err)
	}
	return out.Contents, nil
}

// instanceID is the zone and the name, by which gcloud and the API find a machine.
func instanceID(zone, name string) string { return zone + "/" + name }

func parseID(id string) (zone, name string, err error) {
	zone, name, ok := strings.Cut(id, "/")
	if !ok || zone == "" || name == "" || strings.Contains(name, "/") {
		return "", "", &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf("instance ID %q is not of the form ZONE/NAME", id)}
	}
	return zone, name, nil
}

func instance(in *compute.Instance) *cloud.Instance {
	zone := lastPart(in.Zone)
	out := &cloud.Instance{
		ID: instanceID(zone, in.Name), EdgeUID: in.Labels[labelEdgeID], InstanceType: lastPart(in.MachineType), Zone: zone,
		State: state(in.Status),
	}
	if created, err := time.Parse(time.RFC3339, in.CreationTimestamp); err == nil {
		out.LaunchTime = created
	}
	return out
}

// state maps Compute Engine's states. A TERMINATED machine is only stopped: it
// still has its disk, and can be started. STOPPING comes before that as well as
// before a deletion.
// https://cloud.google.com/compute/docs/instances/instance-lifecycle
func state(status string) cloud.InstanceState {
	switch status {
	case "RUNNING":
		return cloud.StateRunning
	case "STOPPING", "PENDING_STOP", "DEPROVISIONING":
		return cloud.StateTerminating
	case "TERMINATED", "STOPPED", "SUSPENDING", "SUSPENDED":
		return cloud.StateStopped
	default: // PENDING, PROVISIONING, STAGING, REPAIRING
		return cloud.StatePending
	}
}

// lastPart is the name at the end of a link.
func lastPart(link string) string { return link[strings.LastIndex(link, "/")+1:] }
