// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"github.com/castai/omni/pkg/scheduling"
)

// cluster is one that exists in kube-scheduler's cache only.
type cluster struct {
	cache     cache.Cache
	snapshot  *cache.Snapshot
	framework framework.Framework
	nominated nominated
}

// newCluster returns a cluster with the nodes, the namespaces and the volumes of
// the problem. It lives until ctx ends.
func newCluster(ctx context.Context, problem *scheduling.Problem) (*cluster, error) {
	factory := informers.NewSharedInformerFactory(nil, 0)
	for name, labels := range problem.Namespaces {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
		if err := factory.Core().V1().Namespaces().Informer().GetIndexer().Add(namespace); err != nil {
			return nil, err
		}
	}
	if err := addVolumes(factory.Core().V1(), problem); err != nil {
		return nil, err
	}
	c := &cluster{
		cache:     cache.New(ctx, nil, false, false),
		snapshot:  cache.NewEmptySnapshot(),
		nominated: nominated{},
	}
	var err error
	if c.framework, err = newFramework(ctx, c.snapshot, factory, c.nominated); err != nil {
		return nil, err
	}
	for i := range problem.Nodes {
		if err := c.addNode(ctx, existing(&problem.Nodes[i]), problem.Nodes[i].Pods...); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *cluster) addNode(ctx context.Context, node *corev1.Node, pods ...*corev1.Pod) error {
	c.cache.AddNode(klog.FromContext(ctx), node)
	for _, pod := range pods {
		if err := c.cache.AddPod(klog.FromContext(ctx), bound(pod, node.Name)); err != nil {
			return err
		}
	}
	return c.update(ctx)
}

func (c *cluster) removeNode(ctx context.Context, node *corev1.Node) error {
	if err := c.cache.RemoveNode(klog.FromContext(ctx), node); err != nil {
		return err
	}
	return c.update(ctx)
}

func (c *cluster) bind(ctx context.Context, pod *corev1.Pod, node string) error {
	if err := c.cache.AddPod(klog.FromContext(ctx), bound(pod, node)); err != nil {
		return err
	}
	return c.update(ctx)
}

func (c *cluster) unbind(ctx context.Context, pod *corev1.Pod, node string) error {
	if err := c.cache.RemovePod(klog.FromContext(ctx), bound(pod, node)); err != nil {
		return err
	}
	return c.update(ctx)
}

// update shows the plugins what has changed, as every scheduling cycle does.
func (c *cluster) update(ctx context.Context) error {
	return c.cache.UpdateSnapshot(klog.FromContext(ctx), c.snapshot)
}

// bound returns the pod as it is on a node. What the framework tells pods apart by
// is their UID, which a pod that was never stored does not have.
func bound(pod *corev1.Pod, node string) *corev1.Pod {
	p := *pod
	p.Spec.NodeName = node
	if p.UID == "" {
		p.UID = types.UID(p.Namespace + "/" + p.Name)
	}
	return &p
}

// Refusal is kube-scheduler's answer to a pod that cannot be on a node.
type Refusal struct {
	// Plugin is the name of the one that refuses, for example NodeResourcesFit.
	Plugin string
	// Message is its own, for example "Insufficient cpu".
	Message string
}

func (r *Refusal) String() string { return r.Plugin + ": " + r.Message }

func refusal(status *fwk.Status) *Refusal {
	return &Refusal{Plugin: status.Plugin(), Message: strings.Join(status.Reasons(), ", ")}
}

// question is what PreFilter has found out about a pod in the cluster as it is.
type question struct {
	cluster *cluster
	pod     *corev1.Pod
	state   fwk.CycleState
	nodes   *fwk.PreFilterResult
	refusal *Refusal
}

// ask prepares to ask of many nodes whether they take the pod.
func (c *cluster) ask(ctx context.Context, pod *corev1.Pod) (*question, error) {
	q := &question{cluster: c, pod: bound(pod, ""), state: framework.NewCycleState()}
	nodes, status, _ := c.framework.RunPreFilterPlugins(ctx, q.state, q.pod)
	if status.IsRejected() {
		q.refusal = refusal(status)
	} else if !status.IsSuccess() {
		return nil, fmt.Errorf("pod %s/%s: %w", pod.Namespace, pod.Name, status.AsError())
	}
	q.nodes = nodes
	return q, nil
}

// of says why the node does not take the pod; nil when it does.
func (q *question) of(ctx context.Context, node string) (*Refusal, error) {
	if q.refusal != nil {
		return q.refusal, nil
	}
	if !q.nodes.AllNodes() && !q.nodes.NodeNames.Has(node) {
		return &Refusal{Plugin: "PreFilter", Message: "it may be on other nodes only"}, nil
	}
	info, err := q.cluster.snapshot.Get(node)
	if err != nil {
		return nil, err
	}
	status := q.cluster.framework.RunFilterPluginsWithNominatedPods(ctx, q.state, q.pod, info)
	switch {
	case status.IsSuccess():
		return nil, nil
	case status.IsRejected():
		return refusal(status), nil
	}
	return nil, fmt.Errorf("pod %s/%s on node %s: %w", q.pod.Namespace, q.pod.Name, node, status.AsError())
}

// refusal says why the node does not take the pod; nil when it does.
func (c *cluster) refusal(ctx context.Context, pod *corev1.Pod, node string) (*Refusal, error) {
	q, err := c.ask(ctx, pod)
	if err != nil {
		return nil, err
	}
	return q.of(ctx, node)
}

// nominated are the pods that have a nominatedNodeName, by it.
type nominated map[string][]fwk.PodInfo

var _ fwk.PodNominator = nominated{}

// AddNominatedPod implements [fwk.PodNominator].
func (n nominated) AddNominatedPod(_ klog.Logger, pod fwk.PodInfo, info *fwk.NominatingInfo) {
	n.DeleteNominatedPodIfExists(pod.GetPod())
	n[info.NominatedNodeName] = append(n[info.NominatedNodeName], pod)
}

// DeleteNominatedPodIfExists implements [fwk.PodNominator].
func (n nominated) DeleteNominatedPodIfExists(pod *corev1.Pod) {
	for node, pods := range n {
		for i := range pods {
			if pods[i].GetPod().UID == pod.UID {
				n[node] = append(pods[:i:i], pods[i+1:]...)
				return
			}
		}
	}
}

// UpdateNominatedPod implements [fwk.PodNominator]; pods do not change here.
func (n nominated) UpdateNominatedPod(klog.Logger, *corev1.Pod, fwk.PodInfo) {}

// NominatedPodsForNode implements [fwk.PodNominator].
func (n nominated) NominatedPodsForNode(node string) []fwk.PodInfo { return n[node] }
