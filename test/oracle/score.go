// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oracle

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/names"

	"github.com/castai/omni/pkg/scheduling"
)

// preferring are the plugins that score what pods prefer.
var preferring = []string{names.TaintToleration, names.NodeAffinity, names.PodTopologySpread, names.InterPodAffinity}

// Score is what kube-scheduler's plugins for preferences give, by their weights in the default
// profile, to the nodes on which a decision has put its pods, among all the nodes there
// are: the sum over the pods, each beside all the others. The problem says what the
// pods prefer; the decision may be about copies of them.
func Score(ctx context.Context, problem *scheduling.Problem, decision *scheduling.Decision) (sum int64, err error) {
	ctx, cancel := context.WithCancel(klog.NewContext(ctx, klog.Logger{}))
	defer cancel()
	c, err := newCluster(ctx, problem)
	if err != nil {
		return 0, err
	}
	if err := c.addPurchases(ctx, decision); err != nil {
		return 0, err
	}
	pods := map[string]*corev1.Pod{}
	for _, pod := range problem.Pods {
		pods[key(pod)] = pod
	}
	list := steps(decision)
	for i := range list {
		list[i].pod = pods[key(list[i].pod)]
		if err := c.bind(ctx, list[i].pod, list[i].node); err != nil {
			return 0, err
		}
	}
	for _, s := range list {
		score, err := c.score(ctx, s)
		if err != nil {
			return 0, err
		}
		sum += score
	}
	return sum, nil
}

// score returns what a placed pod's node is worth to it.
func (c *cluster) score(ctx context.Context, s step) (sum int64, err error) {
	if err := c.unbind(ctx, s.pod, s.node); err != nil {
		return 0, err
	}
	q, err := c.ask(ctx, s.pod)
	if err != nil {
		return 0, err
	}
	nodes, err := c.snapshot.List()
	if err != nil {
		return 0, err
	}
	scores, err := c.scores(ctx, q, nodes)
	if err != nil {
		return 0, err
	}
	for _, node := range scores {
		for _, plugin := range node.Scores {
			if node.Name == s.node && slices.Contains(preferring, plugin.Name) {
				sum += plugin.Score
			}
		}
	}
	return sum, c.bind(ctx, s.pod, s.node)
}
