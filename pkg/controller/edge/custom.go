// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/edgenode"
)

// joinInterval is how often the edge cluster is asked for a machine that somebody
// has yet to join, which may take days.
const joinInterval = 5 * time.Second

// welcome takes an edge of a Custom location towards Ready: nothing is launched;
// somebody runs the join command on a machine that is there.
func (l *life) welcome(ctx context.Context) (reconcile.Result, error) {
	status := &l.edge.Status
	if status.NodeName == "" {
		status.NodeName, status.ProviderID = l.nodeName(), edgenode.ProviderID(l.edge, l.location)
		status.Phase = v1beta1.EdgePending
		l.set(v1beta1.ConditionLaunched, metav1.ConditionFalse, "WaitingForMachine", fmt.Sprintf(
			"run on the machine what this prints: kubectl omni join %s --edge %s -n %s", l.location.Name, l.edge.Name, l.edge.Namespace))
	}
	result, err := l.follow(ctx)
	if meta.IsStatusConditionTrue(status.Conditions, v1beta1.ConditionRegistered) {
		l.set(v1beta1.ConditionLaunched, metav1.ConditionTrue, "Joined", "somebody joined the machine")
	}
	if status.Phase == v1beta1.EdgePending {
		result.RequeueAfter = max(result.RequeueAfter, joinInterval)
	}
	return result, err
}

// farewell lets go of a machine of a Custom location: pods leave, the Node leaves,
// the edge cluster forgets it. The machine itself is somebody else's.
func (l *life) farewell(ctx context.Context) (reconcile.Result, error) {
	if l.edge.Status.NodeName == "" {
		return reconcile.Result{}, l.finish(ctx) // no token was given out yet
	}
	if drained, err := l.drain(ctx, false); err != nil || !drained {
		return reconcile.Result{RequeueAfter: progressInterval}, err
	}
	unpeered, err := l.unpeer(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("remove the Node: %w", err)
	}
	if !unpeered {
		return reconcile.Result{RequeueAfter: progressInterval}, nil
	}
	if err := l.forget(ctx); err != nil && l.Clock.Since(l.edge.DeletionTimestamp.Time) < forgetBound {
		return reconcile.Result{}, err
	}
	l.event(corev1.EventTypeNormal, "MachineLeft", "Leave",
		"the machine of %s is no edge any more and is left as it is: run kubeadm reset -f on it, or install it anew", l.nodeName())
	return reconcile.Result{}, l.finish(ctx)
}
