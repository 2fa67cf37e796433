// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// drainBound is how long pods and their disruption budgets may hold a machine
// that is being deleted; it is paid for all the while.
const drainBound = 10 * time.Minute

// PodNodeField is the field of pods the manager's cache has to index.
const PodNodeField = "spec.nodeName"

// PodNode is the value of PodNodeField.
func PodNode(o client.Object) []string {
	if pod, ok := o.(*corev1.Pod); ok {
		return []string{pod.Spec.NodeName}
	}
	return nil
}

// drain lets the pods leave the Node. The pods of a machine that is dead are
// deleted by force: nothing is left to stop them, and Liqo would wait for them.
func (l *life) drain(ctx context.Context, dead bool) (drained bool, err error) {
	l.edge.Status.Phase = v1beta1.EdgeDraining
	if err := l.cordon(ctx); err != nil {
		return false, err
	}
	var pods corev1.PodList
	if err := l.Main.List(ctx, &pods, client.MatchingFields{PodNodeField: l.nodeName()}); err != nil {
		return false, fmt.Errorf("list the pods of the Node: %w", err)
	}
	late := l.Clock.Since(l.edge.DeletionTimestamp.Time) > drainBound
	left := 0
	var errs []error
	for i := range pods.Items {
		pod := &pods.Items[i]
		if ofDaemonSet(pod) {
			continue
		}
		left++
		errs = append(errs, l.remove(ctx, pod, dead || late))
	}
	if left > 0 {
		l.set(v1beta1.ConditionDrained, metav1.ConditionFalse, "Evicting", fmt.Sprintf("%d pods are leaving", left))
		return false, errors.Join(errs...)
	}
	l.set(v1beta1.ConditionDrained, metav1.ConditionTrue, "Drained", "no pod is left on the Node")
	return true, nil
}

func (l *life) cordon(ctx context.Context) error {
	var node corev1.Node
	err := l.Main.Get(ctx, client.ObjectKey{Name: l.nodeName()}, &node)
	if apierrors.IsNotFound(err) || err == nil && node.Spec.Unschedulable {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the Node: %w", err)
	}
	patch := client.MergeFrom(node.DeepCopy())
	node.Spec.Unschedulable = true
	if err := l.Main.Patch(ctx, &node, patch); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("cordon the Node: %w", err)
	}
	return nil
}

func (l *life) remove(ctx context.Context, pod *corev1.Pod, force bool) error {
	if force {
		err := l.Main.Delete(ctx, pod, client.GracePeriodSeconds(0), client.Preconditions{UID: &pod.UID})
		return client.IgnoreNotFound(err)
	}
	if !pod.DeletionTimestamp.IsZero() {
		return nil
	}
	err := l.Main.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: new(pod.UID)}},
	})
	// A disruption budget says 429 for now: the next round asks again. Conflict
	// is a pod of the same name that came later.
	if apierrors.IsNotFound(err) || apierrors.IsTooManyRequests(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}

func ofDaemonSet(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return owner != nil && owner.Kind == "DaemonSet"
}
