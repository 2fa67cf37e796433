// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/cloud"
)

// unpeerBound is how long Liqo may take to remove a virtual node before the
// machine is terminated all the same. A healthy removal takes seconds.
const unpeerBound = 2 * time.Minute

// end takes an edge one step further towards gone: pods leave, the Node leaves,
// the machine is terminated. The object stays until the cloud says that the
// machine does not exist.
func (l *life) end(ctx context.Context) (reconcile.Result, error) {
	provider, err := l.Connect.Provider(ctx, l.location)
	if err != nil {
		return reconcile.Result{}, err
	}
	instance, settled, err := l.instance(ctx, provider)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !settled {
		l.set(v1alpha1.ConditionDrained, metav1.ConditionUnknown, "Launching", "a launch was under way: waiting until the cloud shows its machine")
		return reconcile.Result{RequeueAfter: progressInterval}, nil
	}
	if l.edge.Status.InstanceID != "" {
		drained, err := l.drain(ctx, instance.Gone())
		if err != nil || !drained {
			return reconcile.Result{RequeueAfter: progressInterval}, err
		}
	}
	unpeered, err := l.unpeer(ctx)
	if err != nil {
		err = fmt.Errorf("remove the Node: %w", err)
	}
	if late := l.Clock.Since(l.edge.DeletionTimestamp.Time) > unpeerBound; !unpeered && !late {
		return reconcile.Result{RequeueAfter: progressInterval}, err
	}
	terminated, terminateErr := l.terminate(ctx, provider, instance)
	if err := errors.Join(err, terminateErr); err != nil || !terminated || !unpeered {
		return reconcile.Result{RequeueAfter: progressInterval}, err
	}
	l.event(corev1.EventTypeNormal, "Terminated", "Terminate", "%s is gone", l.edge.Status.InstanceID)
	return reconcile.Result{}, l.finish(ctx)
}

// instance returns the machine of the edge. It is not settled while a launch may
// have happened of which the cloud shows nothing yet.
func (l *life) instance(ctx context.Context, provider cloud.Provider) (instance *cloud.Instance, settled bool, err error) {
	status := &l.edge.Status
	switch {
	case status.InstanceID != "":
		instance, err = provider.Get(ctx, status.InstanceID)
		return instance, err == nil, err
	case status.Launch == nil:
		return nil, true, nil
	}
	instance, err = provider.FindByEdge(ctx, string(l.edge.UID))
	if err != nil {
		return nil, false, err
	}
	if instance != nil {
		status.InstanceID = instance.ID
		return instance, true, nil
	}
	return nil, l.nothingLaunched(), nil
}

// nothingLaunched says whether it is certain that no machine was launched: the
// cloud has refused it in words, or it had time enough to show it.
func (l *life) nothingLaunched() bool {
	if l.Clock.Since(l.edge.Status.Launch.StartTime.Time) > settleTime {
		return true
	}
	for _, c := range l.edge.Status.Conditions {
		if c.Type == v1alpha1.ConditionLaunched && c.Status == metav1.ConditionFalse {
			refusals := []string{string(cloud.ClassCapacity), string(cloud.ClassQuota), string(cloud.ClassConfig)}
			return slices.Contains(refusals, c.Reason)
		}
	}
	return false
}

// unpeer removes the Node from the main and the machine from the edge cluster. An
// edge that has no node name never came that far.
func (l *life) unpeer(ctx context.Context) (bool, error) {
	cluster, err := l.Connect.EdgeCluster(ctx, l.location)
	if err != nil {
		return false, err
	}
	if l.edge.Status.InstanceID != "" {
		p, err := l.Connect.Peering(ctx, l.location, cluster)
		if err != nil {
			return false, err
		}
		progress, err := p.RemoveVirtualNode(ctx, l.nodeName())
		if err != nil || !progress.Done {
			return false, err
		}
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: l.nodeName()}}
		if err := client.IgnoreNotFound(cluster.Client.Delete(ctx, node)); err != nil {
			return false, fmt.Errorf("delete the node in the edge cluster: %w", err)
		}
	}
	return true, cluster.DeleteBootstrapToken(ctx, string(l.edge.UID))
}

// terminate ends the machine; it is done when the cloud says that it is gone.
func (l *life) terminate(ctx context.Context, provider cloud.Provider, instance *cloud.Instance) (bool, error) {
	l.edge.Status.Phase = v1alpha1.EdgeTerminating
	if instance.Gone() {
		return true, nil
	}
	if instance.State != cloud.StateTerminating {
		if err := provider.Terminate(ctx, instance.ID); err != nil {
			return false, err
		}
	}
	instance, err := provider.Get(ctx, instance.ID)
	return err == nil && instance.Gone(), err
}
