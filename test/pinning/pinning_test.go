// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package pinning

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/state"
	"github.com/castai/omni/test/object"
)

const (
	// landedShare is the part of the pods that has to be on the machine that was
	// bought for it. Left alone the scheduler puts some 10 % there.
	landedShare = 0.99
	// patience is how long after the last machine all pods have a place.
	patience = time.Minute
)

// workload of 119 pods, most of them free to go anywhere. Those of web are spread
// over the zones, those of cache have to be where web is, those of db apart.
var workload = []struct {
	name     string
	replicas int32
	cpu      string
	change   func(*corev1.PodSpec)
}{
	{"large", 27, "250m", nil},
	{"middle", 27, "200m", nil},
	{"small", 29, "150m", nil},
	{"web", 20, "300m", spread},
	{"cache", 11, "200m", func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{termOf("web", corev1.LabelTopologyZone)},
		}}
	}},
	{"db", 5, "200m", func(spec *corev1.PodSpec) {
		spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{termOf("db", corev1.LabelHostname)},
		}}
	}},
}

func spread(spec *corev1.PodSpec) {
	spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, MinDomains: new(int32(3)), TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.DoNotSchedule,
		LabelSelector: &metav1.LabelSelector{MatchLabels: labelsOf("web")},
	}}
}

func termOf(app, key string) corev1.PodAffinityTerm {
	return corev1.PodAffinityTerm{TopologyKey: key, LabelSelector: &metav1.LabelSelector{MatchLabels: labelsOf(app)}}
}

func labelsOf(app string) map[string]string { return map[string]string{"app": app} }

// TestPinning: pods go to the machines they were planned for, also when those of one
// zone, or one whose pods wait for no other, come when the others could have been open to
// everybody for long, and when pods are replaced by others on the way.
func TestPinning(t *testing.T) {
	for name, test := range map[string]struct {
		late     time.Duration // of the machines of which isLate says so
		isLate   func(*v1beta1.Edge) bool
		replaced int
	}{
		"within seconds":            {},
		"one zone a minute later":   {late: time.Minute, isLate: isOfZone},
		"one machine seconds later": {late: 10 * time.Second, isLate: isOfFree},
		"pods are replaced by new":  {replaced: 12},
	} {
		t.Run(name, func(t *testing.T) {
			late := 0
			w := newWorld(t, func(e *v1beta1.Edge) time.Duration {
				if test.isLate == nil || !test.isLate(e) {
					return 0
				}
				late++
				return test.late
			})
			namespace := w.create()
			start := time.Now()
			w.step()
			bought := len(w.edges())
			if bought < 6 {
				t.Fatalf("%d edges are bought: too few to choose from", bought)
			}
			if test.isLate != nil && (late == 0 || late == bought) {
				t.Fatalf("%d of %d machines are late: none waits for another", late, bought)
			}
			w.replace(namespace, test.replaced)
			w.settle(namespace, test.late)
			t.Logf("after %v", time.Since(start).Round(time.Second))
			if again := len(w.edges()) - bought; again != 0 {
				t.Errorf("%d edges were bought for pods that had one", again)
			}
		})
	}
}

func isOfZone(e *v1beta1.Edge) bool { return e.Spec.Zone == "us-west-2a" }

// isOfFree says that no pod of the machine waits for others, and that some fit into what
// little is left on other machines.
func isOfFree(e *v1beta1.Edge) bool {
	has := func(app string) bool {
		return slices.ContainsFunc(e.Status.Decision.Pods, func(pod string) bool { return strings.Contains(pod, "/"+app+"-") })
	}
	return has("small") && !has("web") && !has("cache")
}

// create makes the workload in a namespace of its own, and waits until the scheduler
// has refused all of it.
func (w *world) create() string {
	w.t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "pinning-", Labels: map[string]string{v1beta1.LabelEnableScheduling: "true"},
	}}
	if err := w.main.Create(w.t.Context(), namespace); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.remove(namespace.Name) })
	total := 0
	for _, part := range workload {
		spec := corev1.PodSpec{
			NodeSelector: map[string]string{v1beta1.LabelEdgeNode: "true"},
			Containers: []corev1.Container{{Name: "hello", Image: "busybox:1.36", Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
				corev1.ResourceCPU: resource.MustParse(part.cpu), corev1.ResourceMemory: resource.MustParse("64Mi"),
			}}}},
			Tolerations: object.Tolerations(),
		}
		if part.change != nil {
			part.change(&spec)
		}
		deployment := &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: part.name},
			Spec: appsv1.DeploymentSpec{
				Replicas: new(part.replicas), Selector: &metav1.LabelSelector{MatchLabels: labelsOf(part.name)},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labelsOf(part.name)}, Spec: spec},
			},
		}
		if err := w.main.Create(w.t.Context(), deployment); err != nil {
			w.t.Fatal(err)
		}
		total += int(part.replicas)
	}
	w.until("all pods are pending", 2*patience, func() error {
		if n := count(w.pods(namespace.Name), state.Pending); n != total {
			return fmt.Errorf("%d of %d", n, total)
		}
		return nil
	})
	return namespace.Name
}

// remove takes the deployments and their pods away; without kubelet nobody else ends
// pods.
func (w *world) remove(namespace string) {
	ctx := context.Background()
	everything := []client.DeleteAllOfOption{client.InNamespace(namespace), client.GracePeriodSeconds(0)}
	for _, kind := range []client.Object{&appsv1.Deployment{}, &appsv1.ReplicaSet{}, &corev1.Pod{}} {
		if err := w.main.DeleteAllOf(ctx, kind, everything...); err != nil {
			w.t.Errorf("remove the workload: %v", err)
		}
	}
	if err := w.main.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		w.t.Errorf("remove the namespace: %v", err)
	}
}

// replace deletes some of the pods that go anywhere: their ReplicaSets make others, and
// there is room for those.
func (w *world) replace(namespace string, replaced int) {
	w.t.Helper()
	pods := slices.DeleteFunc(w.pods(namespace), func(pod corev1.Pod) bool {
		return pod.Spec.Affinity != nil || len(pod.Spec.TopologySpreadConstraints) > 0
	})
	for i := range pods[:replaced] {
		if err := w.main.Delete(w.t.Context(), &pods[i]); err != nil {
			w.t.Fatal(err)
		}
	}
}

// settle waits until all pods have a place, and looks where.
func (w *world) settle(namespace string, late time.Duration) {
	w.t.Helper()
	w.until("all pods have a place, and the nodes are open", late+patience, func() error {
		w.step()
		pending := count(w.pods(namespace), func(pod *corev1.Pod) bool { return pod.Spec.NodeName == "" })
		if closed := w.closed(); pending+closed > 0 {
			return fmt.Errorf("%d pods are pending, %d nodes closed", pending, closed)
		}
		return nil
	})
	plan, edges := map[string]string{}, w.edges()
	for i := range edges {
		for _, pod := range edges[i].Status.Decision.Pods {
			plan[pod] = v1beta1.EdgeNodeName(string(edges[i].UID))
		}
	}
	pods := w.pods(namespace)
	landed := count(pods, func(pod *corev1.Pod) bool {
		if planned := plan[state.PlanKey(pod)]; planned != pod.Spec.NodeName {
			w.t.Logf("pod %s is on %q, its plan was %q", pod.Name, pod.Spec.NodeName, planned)
			return false
		}
		return true
	})
	w.t.Logf("%d of %d pods landed on the planned one of %d nodes", landed, len(pods), len(edges))
	if float64(landed) < landedShare*float64(len(pods)) {
		w.t.Errorf("%d of %d pods landed as planned, want %v", landed, len(pods), landedShare)
	}
}

func (w *world) until(what string, bound time.Duration, check func() error) {
	w.t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(w.t.Context(), 100*time.Millisecond, bound, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		w.t.Errorf("%s: %v", what, last)
	}
}

func (w *world) pods(namespace string) []corev1.Pod {
	w.t.Helper()
	var list corev1.PodList
	if err := w.main.List(w.t.Context(), &list, client.InNamespace(namespace)); err != nil {
		w.t.Fatal(err)
	}
	return list.Items
}

// closed is how many edges have no Node that is open to everybody yet.
func (w *world) closed() int {
	var nodes corev1.NodeList
	if err := w.main.List(w.t.Context(), &nodes, client.MatchingLabels{v1beta1.LabelEdgeNode: "true"}); err != nil {
		w.t.Fatal(err)
	}
	isOpen := func(node corev1.Node) bool {
		return !slices.ContainsFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return taint.Key == v1beta1.TaintStartup })
	}
	open := 0
	for _, node := range nodes.Items {
		if isOpen(node) {
			open++
		}
	}
	return len(w.edges()) - open
}

func count(pods []corev1.Pod, is func(*corev1.Pod) bool) (n int) {
	for i := range pods {
		if is(&pods[i]) {
			n++
		}
	}
	return n
}
