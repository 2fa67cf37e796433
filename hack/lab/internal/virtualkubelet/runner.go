// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package virtualkubelet is the kubelet of Liqo's virtual kubelets: kwok says
// that their Pods run, and this runs them, each as one process of this machine,
// from the Pod's own arguments and under its own ServiceAccount.
//
// It follows Pods and not Deployments, so that a new template, a deleted Pod and
// a deleted Deployment need no code here: Kubernetes makes or removes the Pod.
package virtualkubelet

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/castai/omni/hack/lab/internal/kube"
)

// selector is the label that Liqo puts on each virtual kubelet:
// pkg/vkMachinery/const.go of Liqo.
const selector = "offloading.liqo.io/component=virtual-kubelet"

// Runner runs the virtual kubelets of a cluster.
type Runner struct {
	// Client is an administrator's: it makes tokens of any ServiceAccount.
	Client *kube.Client
	// Cluster is what the virtual kubelets' kubeconfigs point at.
	Cluster kube.Cluster
	// Program is the virtual kubelet's executable.
	Program string
	// LogDir gets one file for each Pod, StateDir one kubeconfig.
	LogDir, StateDir string
}

// Run returns when ctx is done and every child has ended.
func (r *Runner) Run(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(r.Client, 0,
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = selector }))
	children := &children{start: r.supervise, cancel: map[types.UID]context.CancelFunc{}}
	pods := factory.Core().V1().Pods().Informer()
	_, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { children.observe(ctx, o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { children.observe(ctx, o.(*corev1.Pod)) },
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			children.stop(o.(*corev1.Pod).UID)
		},
	})
	if err != nil {
		return err
	}
	factory.StartWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), pods.HasSynced) && ctx.Err() == nil {
		return fmt.Errorf("list Pods with %s: the cluster does not answer", selector)
	}
	klog.InfoS("Running virtual kubelets", "selector", selector)
	<-ctx.Done()
	factory.Shutdown()
	children.running.Wait()
	return nil
}

// children are the Pods that have a process here.
type children struct {
	start   func(ctx context.Context, pod *corev1.Pod)
	mu      sync.Mutex
	cancel  map[types.UID]context.CancelFunc
	running sync.WaitGroup
}

// observe starts what is bound to a node, and stops what is being deleted.
func (c *children) observe(ctx context.Context, pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		c.stop(pod.UID)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, runs := c.cancel[pod.UID]; runs || pod.Spec.NodeName == "" || ctx.Err() != nil {
		return
	}
	ctx, c.cancel[pod.UID] = context.WithCancel(ctx)
	c.running.Go(func() { c.start(ctx, pod) })
}

func (c *children) stop(uid types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel, runs := c.cancel[uid]; runs {
		cancel()
		delete(c.cancel, uid)
	}
}
