// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package namespace opens labelled namespaces to the edges, and closes them again
// when the label goes.
package namespace

import (
	"context"
	"fmt"

	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const (
	// offloadingName is the only name Liqo accepts for a NamespaceOffloading.
	offloadingName = "offloading"
	// liqoSchedulingLabel sends the pods of a namespace through Liqo's webhook.
	// It is set before the NamespaceOffloading exists: until then pods are
	// refused and made again, instead of staying Pending without a toleration.
	liqoSchedulingLabel = "liqo.io/scheduling-enabled"
	// managedBy marks the NamespaceOffloadings that are ours to delete.
	managedByLabel = "app.kubernetes.io/managed-by"
	managedBy      = "omni-controller"
)

// Reconciler reconciles Namespaces.
type Reconciler struct {
	// Main is the client of the main cluster.
	Main     client.Client
	Recorder events.EventRecorder
}

// SetupWithManager watches namespaces and their NamespaceOffloadings.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	ofOffloading := func(_ context.Context, o client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Name: o.GetNamespace()}}}
	}
	return ctrl.NewControllerManagedBy(mgr).
		Named("namespace").
		For(&corev1.Namespace{}).
		Watches(&offloadingv1beta1.NamespaceOffloading{}, handler.EnqueueRequestsFromMapFunc(ofOffloading)).
		Complete(r)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	namespace := &corev1.Namespace{}
	if err := r.Main.Get(ctx, request.NamespacedName, namespace); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !namespace.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil
	}
	if v1beta1.SchedulingEnabled(namespace) {
		return reconcile.Result{}, r.open(ctx, namespace)
	}
	if namespace.Labels[v1beta1.LabelEnableScheduling] == "true" {
		r.Recorder.Eventf(namespace, nil, corev1.EventTypeWarning, "NamespaceRefused", "Open",
			"%s=true has no effect on namespace %s: use a namespace of your own", v1beta1.LabelEnableScheduling, namespace.Name)
	}
	return reconcile.Result{}, r.close(ctx, namespace)
}

func (r *Reconciler) open(ctx context.Context, namespace *corev1.Namespace) error {
	if namespace.Labels[liqoSchedulingLabel] != "true" {
		before := namespace.DeepCopy()
		namespace.Labels[liqoSchedulingLabel] = "true"
		if err := r.Main.Patch(ctx, namespace, client.MergeFrom(before)); err != nil {
			return fmt.Errorf("label the namespace for Liqo: %w", err)
		}
	}
	offloading := Offloading(namespace.Name)
	offloading.Labels = map[string]string{managedByLabel: managedBy}
	offloading.Spec = offloadingv1beta1.NamespaceOffloadingSpec{
		NamespaceMappingStrategy: offloadingv1beta1.DefaultNameMappingStrategyType,
		PodOffloadingStrategy:    offloadingv1beta1.LocalAndRemotePodOffloadingStrategyType,
		// It stays empty: with two virtual nodes of one cluster a selector makes
		// Liqo delete the namespace in the edge cluster. Not nil: it is required.
		ClusterSelector: corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{}},
	}
	err := r.Main.Create(ctx, offloading.DeepCopy())
	if apierrors.IsAlreadyExists(err) {
		return r.hold(ctx, namespace, offloading)
	}
	if err != nil {
		return fmt.Errorf("create the NamespaceOffloading: %w", err)
	}
	return nil
}

// hold keeps our NamespaceOffloading as it has to be, and warns of somebody
// else's that is dangerous. Liqo allows no change: ours is deleted and comes back.
func (r *Reconciler) hold(ctx context.Context, namespace *corev1.Namespace, want *offloadingv1beta1.NamespaceOffloading) error {
	have := Offloading(namespace.Name)
	if err := r.Main.Get(ctx, client.ObjectKeyFromObject(have), have); err != nil {
		return client.IgnoreNotFound(err)
	}
	if len(have.Spec.ClusterSelector.NodeSelectorTerms) == 0 && have.Spec.PodOffloadingStrategy == want.Spec.PodOffloadingStrategy {
		return nil
	}
	if have.Labels[managedByLabel] != managedBy {
		r.Recorder.Eventf(namespace, nil, corev1.EventTypeWarning, "NamespaceOffloadingDiffers", "Open",
			"the NamespaceOffloading of %s was not made by OMNI: with a clusterSelector Liqo may delete the namespace in the edge cluster; delete it and OMNI makes its own", namespace.Name)
		return nil
	}
	return client.IgnoreNotFound(r.Main.Delete(ctx, have))
}

// close removes what open made and nothing else.
func (r *Reconciler) close(ctx context.Context, namespace *corev1.Namespace) error {
	offloading := Offloading(namespace.Name)
	err := r.Main.Get(ctx, client.ObjectKeyFromObject(offloading), offloading)
	switch {
	case apierrors.IsNotFound(err):
		return r.unlabel(ctx, namespace)
	case err != nil:
		return fmt.Errorf("read the NamespaceOffloading: %w", err)
	case offloading.Labels[managedByLabel] != managedBy:
		return nil
	}
	if err := r.Main.Delete(ctx, offloading); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete the NamespaceOffloading: %w", err)
	}
	return nil
}

// unlabel takes the pods of a namespace that was opened by half out of Liqo's
// webhook, which would refuse them all.
func (r *Reconciler) unlabel(ctx context.Context, namespace *corev1.Namespace) error {
	if _, opened := namespace.Labels[v1beta1.LabelEnableScheduling]; !opened || namespace.Labels[liqoSchedulingLabel] == "" {
		return nil // Liqo takes its own label off; without ours it may be somebody else's
	}
	before := namespace.DeepCopy()
	delete(namespace.Labels, liqoSchedulingLabel)
	if err := r.Main.Patch(ctx, namespace, client.MergeFrom(before)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("take Liqo's label off the namespace: %w", err)
	}
	return nil
}

// Offloading returns the NamespaceOffloading of a namespace, without its spec.
func Offloading(namespace string) *offloadingv1beta1.NamespaceOffloading {
	return &offloadingv1beta1.NamespaceOffloading{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: offloadingName}}
}
