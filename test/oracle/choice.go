// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	corev1 "k8s.io/api/core/v1"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework"

	"github.com/castai/omni/pkg/scheduling"
)

// Outcome is what kube-scheduler has made of a decision when it chose itself.
type Outcome struct {
	// AsPlanned pods are where the decision wanted them, Elsewhere others that have
	// a node; Pending have none, and would make the autoscaler buy again.
	AsPlanned, Elsewhere, Pending int
}

func (o Outcome) String() string {
	total := max(1, o.AsPlanned+o.Elsewhere+o.Pending)
	percent := func(n int) float64 { return 100 * float64(n) / float64(total) }
	return fmt.Sprintf("%.1f %% as planned, %.1f %% elsewhere, %.1f %% pending", percent(o.AsPlanned), percent(o.Elsewhere), percent(o.Pending))
}

// All nominates every pod.
func All(*corev1.Pod) bool { return true }

// None nominates no pod.
func None(*corev1.Pod) bool { return false }

// Steady nominates the pods that pkg/controller/nomination would.
func Steady(decision *scheduling.Decision) func(*corev1.Pod) bool {
	nodes, pods := map[*corev1.Pod]string{}, map[string][]*corev1.Pod{}
	for _, s := range steps(decision) {
		nodes[s.pod] = s.node
		pods[s.node] = append(pods[s.node], s.pod)
	}
	return func(pod *corev1.Pod) bool { return scheduling.Steady(pod, pods[nodes[pod]]) }
}

// Choose lets kube-scheduler place the pods of a decision on its machines: by
// priority and else in the problem's order, by filters and scores of the default
// profile, equal nodes by lot. It looks at every node, which the real one does up to
// 100 of them. Pods that nominate accepts have the nominatedNodeName of their plan:
// all (All), none (None) or those that stay (Steady). Pods that find no node try again until none finds
// one; what the scheduler then takes of their nomination, pkg/controller/nomination
// gives back.
func Choose(ctx context.Context, problem *scheduling.Problem, decision *scheduling.Decision, nominate func(*corev1.Pod) bool, lot *rand.Rand) (Outcome, error) {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, klog.Logger{}))
	defer cancel()
	c, err := newCluster(ctx, problem)
	if err != nil {
		return Outcome{}, err
	}
	for i := range decision.Purchases {
		if err := c.addNode(ctx, bought(purchaseName(i), &decision.Purchases[i].Candidate)); err != nil {
			return Outcome{}, err
		}
	}
	planned := map[*corev1.Pod]string{}
	for _, s := range steps(decision) {
		planned[s.pod] = s.node
		if nominate(s.pod) {
			if err := c.nominate(s.pod, s.node); err != nil {
				return Outcome{}, err
			}
		}
	}
	var outcome Outcome
	queue := queueOf(problem, planned)
	for progress := true; progress; {
		progress = false
		var rest []*corev1.Pod
		for _, pod := range queue {
			node, err := c.choose(ctx, pod, lot)
			if err != nil {
				return Outcome{}, err
			}
			switch node {
			case "":
				rest = append(rest, pod)
				continue
			case planned[pod]:
				outcome.AsPlanned++
			default:
				outcome.Elsewhere++
			}
			progress = true
			c.nominated.DeleteNominatedPodIfExists(bound(pod, ""))
			if err := c.bind(ctx, pod, node); err != nil {
				return Outcome{}, err
			}
		}
		queue = rest
	}
	outcome.Pending = len(queue)
	return outcome, nil
}

// queueOf returns the pods that have a plan, as the scheduler's queue would.
func queueOf(problem *scheduling.Problem, planned map[*corev1.Pod]string) []*corev1.Pod {
	queue := slices.DeleteFunc(slices.Clone(problem.Pods), func(pod *corev1.Pod) bool { return planned[pod] == "" })
	slices.SortStableFunc(queue, func(a, b *corev1.Pod) int {
		return cmp.Compare(v1helper.PodPriority(b), v1helper.PodPriority(a))
	})
	return queue
}

func (c *cluster) nominate(pod *corev1.Pod, node string) error {
	info, err := framework.NewPodInfo(bound(pod, ""))
	if err != nil {
		return err
	}
	c.nominated.AddNominatedPod(klog.Logger{}, info, &fwk.NominatingInfo{NominatedNodeName: node})
	return nil
}

// choose returns the node that kube-scheduler would put the pod on: the nominated
// one when it takes the pod, else the one of the greatest score; empty when there is
// none.
func (c *cluster) choose(ctx context.Context, pod *corev1.Pod, lot *rand.Rand) (string, error) {
	q, err := c.ask(ctx, pod)
	if err != nil {
		return "", err
	}
	if node := c.nominated.of(q.pod); node != "" {
		if refusal, err := q.of(ctx, node); refusal == nil || err != nil {
			return node, err
		}
	}
	all, err := c.snapshot.List()
	if err != nil {
		return "", err
	}
	var feasible []fwk.NodeInfo
	for _, node := range all {
		refusal, err := q.of(ctx, node.Node().Name)
		if err != nil {
			return "", err
		}
		if refusal == nil {
			feasible = append(feasible, node)
		}
	}
	if len(feasible) == 0 {
		return "", nil
	}
	return c.best(ctx, q, feasible, lot)
}

// scores returns what kube-scheduler thinks of nodes for the pod.
func (c *cluster) scores(ctx context.Context, q *question, nodes []fwk.NodeInfo) ([]fwk.NodePluginScores, error) {
	if status := c.framework.RunPreScorePlugins(ctx, q.state, q.pod, nodes); !status.IsSuccess() {
		return nil, status.AsError()
	}
	scores, status := c.framework.RunScorePlugins(ctx, q.state, q.pod, nodes)
	return scores, status.AsError()
}

func (c *cluster) best(ctx context.Context, q *question, feasible []fwk.NodeInfo, lot *rand.Rand) (string, error) {
	scores, err := c.scores(ctx, q, feasible)
	if err != nil {
		return "", err
	}
	lot.Shuffle(len(scores), func(i, j int) { scores[i], scores[j] = scores[j], scores[i] })
	return slices.MaxFunc(scores, func(a, b fwk.NodePluginScores) int {
		return cmp.Compare(a.TotalScore, b.TotalScore)
	}).Name, nil
}

// of returns the node that the pod is nominated for; empty when it is for none.
func (n nominated) of(pod *corev1.Pod) string {
	for node, pods := range n {
		if slices.ContainsFunc(pods, func(p fwk.PodInfo) bool { return p.GetPod().UID == pod.UID }) {
			return node
		}
	}
	return ""
}
