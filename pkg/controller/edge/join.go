// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/peering"
)

// join follows a machine until its Node in the main cluster is Ready, and watches
// over it from then on.
func (l *life) join(ctx context.Context) (reconcile.Result, error) {
	provider, err := l.Connect.Provider(ctx, l.location)
	if err != nil {
		return reconcile.Result{}, err
	}
	instance, err := provider.Get(ctx, l.edge.Status.InstanceID)
	if err != nil {
		return reconcile.Result{}, err
	}
	if l.lost(instance) {
		l.vanished()
		return reconcile.Result{}, nil
	}
	if l.late() {
		l.tooLate()
		return reconcile.Result{}, nil
	}
	return l.follow(ctx)
}

// follow takes a machine that is on its way, or there, to a Ready Node in the main
// cluster.
func (l *life) follow(ctx context.Context) (reconcile.Result, error) {
	cluster, err := l.Connect.EdgeCluster(ctx, l.location)
	if err != nil {
		return reconcile.Result{}, err
	}
	registered, err := l.register(ctx, cluster)
	if err != nil || !registered {
		return reconcile.Result{RequeueAfter: progressInterval}, err
	}
	p, err := l.Connect.Peering(ctx, l.location, cluster)
	if err != nil {
		return reconcile.Result{}, err
	}
	placed := l.placed()
	progress, err := p.EnsureVirtualNode(ctx, peering.VirtualNode{
		Name: l.nodeName(), Labels: edgenode.Labels(placed, l.location, l.machine()), Taints: edgenode.Taints(placed),
		Allocatable:  l.edge.Status.Allocatable,
		NodeSelector: map[string]string{v1beta1.LabelEdgeID: string(l.edge.UID)},
	})
	if err != nil {
		return reconcile.Result{}, err
	}
	if !progress.Done {
		l.set(v1beta1.ConditionReady, metav1.ConditionFalse, "Peering", progress.Waiting)
		return reconcile.Result{RequeueAfter: progressInterval}, nil
	}
	return l.keepNode(ctx)
}

// placed is the Edge with the zone it was launched in.
func (l *life) placed() *v1beta1.Edge {
	placed := l.edge.DeepCopy()
	if launch := l.edge.Status.Launch; launch != nil && launch.Zone != "" {
		placed.Spec.Zone = launch.Zone
	}
	return placed
}

// machine is what the catalog knows of the machine, nil if it does not know it.
func (l *life) machine() *catalog.Type {
	offering := l.Catalog.OfType(catalog.RegionOf(&l.location.Spec), l.edge.Spec.InstanceType)
	if offering == nil {
		return nil
	}
	return &offering.Type
}

// lost says that the machine is of no use any more: it is gone, or it was stopped,
// which nothing of ours does. One that was launched just now may not be known to
// every server of the cloud yet.
func (l *life) lost(instance *cloud.Instance) bool {
	if instance == nil {
		return l.sinceLaunch() > settleTime
	}
	return instance.Gone() || instance.State == cloud.StateStopped
}

// sinceLaunch is the time since the cloud gave the machine.
func (l *life) sinceLaunch() time.Duration {
	launched := meta.FindStatusCondition(l.edge.Status.Conditions, v1beta1.ConditionLaunched)
	if launched == nil {
		return 0
	}
	return l.Clock.Since(launched.LastTransitionTime.Time)
}

// registrationTimeout is how long a machine has from its launch to a Ready Node;
// it is Karpenter's registration TTL.
const registrationTimeout = 15 * time.Minute

// late says that a machine the solver bought does not come up. One that was made
// by hand is its maker's to judge.
func (l *life) late() bool {
	return l.edge.Status.Phase != v1beta1.EdgeReady && l.edge.Spec.NodeTemplateName != "" && l.sinceLaunch() > registrationTimeout
}

func (l *life) tooLate() {
	l.event(corev1.EventTypeWarning, "RegistrationTimeout", "Join",
		"the Node was not Ready %s after the launch of %s; see its console output", registrationTimeout, l.edge.Status.InstanceID)
	l.set(v1beta1.ConditionReady, metav1.ConditionFalse, "RegistrationTimeout", fmt.Sprintf("not Ready %s after the launch", registrationTimeout))
	l.giveUp(cloud.ClassCapacity)
}

// vanished lets go of an Edge whose machine is gone: the cloud took it back, or
// somebody terminated it. What still needs a machine will get another one.
func (l *life) vanished() {
	l.event(corev1.EventTypeWarning, "InstanceGone", "Watch", "%s does not exist any more", l.edge.Status.InstanceID)
	l.set(v1beta1.ConditionReady, metav1.ConditionFalse, "InstanceGone", l.edge.Status.InstanceID+" does not exist any more")
	l.over = true
}

// register waits for the machine in the edge cluster and notes what it offers.
func (l *life) register(ctx context.Context, cluster *edgecluster.Cluster) (bool, error) {
	status := &l.edge.Status
	var node corev1.Node
	err := cluster.Client.Get(ctx, client.ObjectKey{Name: l.nodeName()}, &node)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("read the node in the edge cluster: %w", err)
	}
	if apierrors.IsNotFound(err) || !isReady(&node) {
		reason, message := "Booting", "the machine has not joined the edge cluster yet"
		if status.Phase == v1beta1.EdgeRegistered || status.Phase == v1beta1.EdgeReady {
			reason, message = "NotReady", "the machine is not Ready in the edge cluster"
			l.set(v1beta1.ConditionReady, metav1.ConditionFalse, reason, message)
		}
		l.set(v1beta1.ConditionRegistered, metav1.ConditionFalse, reason, message)
		return false, nil
	}
	if missing := l.missingDevice(&node); missing != "" {
		l.set(v1beta1.ConditionRegistered, metav1.ConditionFalse, "WaitingForDevices", "the kubelet does not offer "+string(missing)+" yet")
		return false, nil
	}
	if status.Phase != v1beta1.EdgeRegistered && status.Phase != v1beta1.EdgeReady {
		status.Phase = v1beta1.EdgeRegistered
		status.Allocatable = node.Status.Allocatable
		l.event(corev1.EventTypeNormal, "Registered", "Join", "%s joined the edge cluster", node.Name)
		// One token, one machine.
		if err := cluster.DeleteBootstrapToken(ctx, string(l.edge.UID)); err != nil {
			return false, err
		}
	}
	l.set(v1beta1.ConditionRegistered, metav1.ConditionTrue, "Registered", "the machine is Ready in the edge cluster")
	return true, nil
}

// missingDevice names what the machine was bought for and its kubelet does not
// offer yet: device plugins register after the node is Ready.
func (l *life) missingDevice(node *corev1.Node) corev1.ResourceName {
	offering := l.Catalog.OfType(catalog.RegionOf(&l.location.Spec), l.edge.Spec.InstanceType)
	if offering == nil {
		return ""
	}
	for name, promised := range offering.Allocatable {
		if have := node.Status.Allocatable[name]; strings.Contains(string(name), "/") && have.Cmp(promised) < 0 {
			return name
		}
	}
	return ""
}

// keepNode holds the Node in the main cluster to the contract. Liqo gives it the
// name, the labels and the taints; the provider ID is ours, and is lost whenever
// somebody deletes the Node and the virtual kubelet makes it again.
func (l *life) keepNode(ctx context.Context) (reconcile.Result, error) {
	var node corev1.Node
	err := l.Main.Get(ctx, client.ObjectKey{Name: l.nodeName()}, &node)
	if apierrors.IsNotFound(err) {
		l.set(v1beta1.ConditionReady, metav1.ConditionFalse, "Peering", "the virtual kubelet has not made the Node yet")
		return reconcile.Result{RequeueAfter: checkInterval}, nil
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read the Node: %w", err)
	}
	if node.Spec.ProviderID == "" {
		patch := client.MergeFrom(node.DeepCopy())
		node.Spec.ProviderID = l.edge.Status.ProviderID
		if err := l.Main.Patch(ctx, &node, patch); err != nil {
			return reconcile.Result{}, fmt.Errorf("set the provider ID of the Node: %w", err)
		}
	}
	if !isReady(&node) {
		l.set(v1beta1.ConditionReady, metav1.ConditionFalse, "NodeNotReady", "the Node in the main cluster is not Ready")
		return reconcile.Result{RequeueAfter: checkInterval}, nil
	}
	if l.edge.Status.Phase == v1beta1.EdgeRegistered {
		l.edge.Status.Phase = v1beta1.EdgeReady
		l.event(corev1.EventTypeNormal, "Ready", "Join", "Node %s is Ready", node.Name)
	}
	l.set(v1beta1.ConditionReady, metav1.ConditionTrue, "NodeReady", "the Node in the main cluster is Ready")
	return reconcile.Result{RequeueAfter: checkInterval}, nil
}

func isReady(node *corev1.Node) bool {
	for i := range node.Status.Conditions {
		if c := &node.Status.Conditions[i]; c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
