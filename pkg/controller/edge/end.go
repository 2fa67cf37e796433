// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
)

// unpeerBound is how long Liqo may take to remove a virtual node before the
// machine is terminated all the same. A healthy removal takes seconds.
const unpeerBound = 2 * time.Minute

// forgetBound is how long an edge cluster that does not answer holds an Edge whose
// machine is gone already: all that is left there is a node object and a token
// that expires by itself.
const forgetBound = 5 * time.Minute

// end takes an edge one step further towards gone: pods leave, the Node leaves,
// the machine is terminated. The object stays until the cloud says that the
// machine does not exist.
func (l *life) end(ctx context.Context) (reconcile.Result, error) {
	if l.location.IsCustom() {
		return l.farewell(ctx)
	}
	if l.edge.Status.Launch == nil && l.edge.Status.InstanceID == "" {
		// Nothing was asked of anybody. A cache that lags behind an intent is
		// caught by the optimistic lock.
		return reconcile.Result{}, l.finish(ctx)
	}
	provider, err := l.Connect.Provider(ctx, l.location)
	if err != nil {
		return reconcile.Result{}, err
	}
	instance, settled, err := l.instance(ctx, provider)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !settled {
		l.set(v1beta1.ConditionDrained, metav1.ConditionUnknown, "Launching", "a launch was under way: waiting until the cloud shows its machine")
		return reconcile.Result{RequeueAfter: progressInterval}, nil
	}
	if l.edge.Status.InstanceID != "" {
		drained, err := l.drain(ctx, instance.Gone() || instance.State == cloud.StateStopped)
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
	if err := l.forget(ctx); err != nil && l.Clock.Since(l.edge.DeletionTimestamp.Time) < forgetBound {
		return reconcile.Result{}, err
	}
	l.event(corev1.EventTypeNormal, "Terminated", "Terminate", "%s is gone", l.edge.Status.InstanceID)
	return reconcile.Result{}, l.finish(ctx)
}

// instance returns the machine of the edge. It is not settled while a launch may
// have happened of which the cloud shows nothing yet.
func (l *life) instance(ctx context.Context, provider cloud.Provider) (instance *cloud.Instance, settled bool, err error) {
	status := &l.edge.Status
	// Nothing is launched after the deletion, so that is when the clock starts.
	settled = l.Clock.Since(l.edge.DeletionTimestamp.Time) > settleTime
	if status.InstanceID != "" {
		// A cloud that has shown the machine, and ended it, may forget it at once.
		shown := status.Phase == v1beta1.EdgeTerminating
		instance, err = provider.Get(ctx, status.InstanceID)
		return instance, err == nil && (instance != nil || shown || settled), err
	}
	instance, err = provider.FindByEdge(ctx, string(l.edge.UID))
	if err != nil {
		return nil, false, err
	}
	if instance != nil {
		status.InstanceID = instance.ID
		return instance, true, nil
	}
	return nil, settled || l.refusedLaunch(), nil
}

// refusedLaunch says that the cloud has refused the launch itself for lack of
// capacity or quota. An answer that was lost before cannot hide a machine: the
// cloud would have returned it for the same client token.
func (l *life) refusedLaunch() bool {
	launched := meta.FindStatusCondition(l.edge.Status.Conditions, v1beta1.ConditionLaunched)
	return launched != nil && launched.Status == metav1.ConditionFalse &&
		(launched.Reason == string(cloud.ClassCapacity) || launched.Reason == string(cloud.ClassQuota))
}

// unpeer removes the Node from the main cluster. That needs nothing of the edge
// cluster, which may be gone for ever.
func (l *life) unpeer(ctx context.Context) (bool, error) {
	if l.edge.Status.NodeName == "" {
		return true, nil // it never came that far
	}
	p, err := l.Connect.Peering(ctx, l.location, nil)
	if err != nil {
		return false, err
	}
	progress, err := p.RemoveVirtualNode(ctx, l.nodeName())
	return progress.Done, err
}

// forget removes what the edge cluster still knows of the machine.
func (l *life) forget(ctx context.Context) error {
	cluster, err := l.Connect.EdgeCluster(ctx, l.location)
	if err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: l.nodeName()}}
	if err := client.IgnoreNotFound(cluster.Client.Delete(ctx, node)); err != nil {
		return fmt.Errorf("delete the node in the edge cluster: %w", err)
	}
	return cluster.DeleteBootstrapToken(ctx, string(l.edge.UID))
}

// terminate ends the machine; it is done when the cloud says that it is gone. The
// phase is changed when the cloud has taken the order: instance relies on that.
func (l *life) terminate(ctx context.Context, provider cloud.Provider, instance *cloud.Instance) (bool, error) {
	if instance.Gone() {
		return true, nil
	}
	if err := provider.Terminate(ctx, instance.ID); err != nil {
		return false, err
	}
	l.edge.Status.Phase = v1beta1.EdgeTerminating
	instance, err := provider.Get(ctx, instance.ID)
	return err == nil && instance.Gone(), err
}
