// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/certificate"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
)

// A kubelet renews its Lease and looks at its status every 10 s; the Lease is good
// for 40 s (nodeStatusUpdateFrequency, nodeLeaseDurationSeconds).
// https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
const (
	heartbeat     = 10 * time.Second
	leaseDuration = 40
)

// Kubelet says where the kubelets of the machines can be reached: kwok plays them.
type Kubelet struct {
	// Address of every node. Empty: the machine's private address.
	Address string
	Port    int32
}

// kubelet keeps one Node alive.
type kubelet struct {
	instance Instance
	join     *join
	options  Kubelet
	stateDir string
	clock    clock.WithTicker
	console  *console

	client  kubernetes.Interface
	version string
	uid     types.UID
	since   metav1.Time
}

// start joins the cluster: credentials, Node, first status and Lease.
func (k *kubelet) start(ctx context.Context) error {
	store, err := certificate.NewFileStore("kubelet-client", filepath.Join(k.stateDir, k.instance.ID), filepath.Join(k.stateDir, k.instance.ID), "", "")
	if err != nil {
		return fmt.Errorf("certificates under --state-dir: %w", err)
	}
	config, err := k.join.nodeCredentials(ctx, store, k.clock.Now())
	if err != nil {
		return err
	}
	if k.client, err = kubernetes.NewForConfig(config); err != nil {
		return err
	}
	version, err := k.client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("version of the API server: %w", err)
	}
	k.version = version.GitVersion
	if err := k.register(ctx); err != nil {
		return err
	}
	k.since = metav1.NewTime(k.clock.Now())
	return k.beat(ctx)
}

// register creates the Node, or takes the one it had before a restart.
func (k *kubelet) register(ctx context.Context) error {
	node, err := k.client.CoreV1().Nodes().Create(ctx, k.join.node(k.instance, k.options), metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		node, err = k.client.CoreV1().Nodes().Get(ctx, k.join.nodeName, metav1.GetOptions{})
	}
	if err != nil {
		return fmt.Errorf("register node %s: %w", k.join.nodeName, err)
	}
	if node.Spec.ProviderID != k.join.providerID {
		return fmt.Errorf("register node %s: it exists with the provider ID %q, not %q", k.join.nodeName, node.Spec.ProviderID, k.join.providerID)
	}
	k.uid = node.UID
	return nil
}

// run heartbeats until ctx ends, which is the end of the machine: it says no word
// more, and leaves its Node behind, as a machine does that loses its power.
func (k *kubelet) run(ctx context.Context) {
	ticker := k.clock.NewTicker(heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			if err := k.beat(ctx); err != nil && ctx.Err() == nil {
				k.console.printf("heartbeat: %v", err)
			}
		}
	}
}

func (k *kubelet) beat(ctx context.Context) error {
	if err := k.renewLease(ctx); err != nil {
		return fmt.Errorf("renew the Lease: %w", err)
	}
	now := metav1.NewTime(k.clock.Now())
	patch, err := json.Marshal(map[string]corev1.NodeStatus{"status": k.join.status(k.instance, k.options, k.version, now, k.since)})
	if err != nil {
		return err
	}
	_, err = k.client.CoreV1().Nodes().Patch(ctx, k.join.nodeName, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("post the status: %w", err)
	}
	return nil
}

func (k *kubelet) renewLease(ctx context.Context) error {
	leases := k.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	now := metav1.NewMicroTime(k.clock.Now())
	lease, err := leases.Get(ctx, k.join.nodeName, metav1.GetOptions{})
	if err == nil {
		lease.Spec.RenewTime = &now
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		return err
	}
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = leases.Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: k.join.nodeName, Namespace: corev1.NamespaceNodeLease,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: k.join.nodeName, UID: k.uid}},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &k.join.nodeName, LeaseDurationSeconds: ptr.To[int32](leaseDuration), RenewTime: &now},
	}, metav1.CreateOptions{})
	return err
}
