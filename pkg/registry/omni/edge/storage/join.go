// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"

	"github.com/castai/omni/pkg/apis/omni"
)

// JoinCommandREST serves edges/join-command: create mints a bootstrap token of the
// edge cluster and returns the script with it. There is no GET: what it would
// return is a secret.
type JoinCommandREST struct {
	edges    rest.Getter
	machines Machines
}

var _ rest.NamedCreater = &JoinCommandREST{}

// New returns an empty JoinCommand.
func (*JoinCommandREST) New() runtime.Object { return &omni.JoinCommand{} }

// Destroy does nothing: the store belongs to REST.
func (*JoinCommandREST) Destroy() {}

// Create asks for the join command of an edge that exists. A dry run mints nothing,
// and so has no script to show.
func (r *JoinCommandREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if err := validate(ctx, obj.DeepCopyObject()); err != nil {
		return nil, err
	}
	object, err := r.edges.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if r.machines == nil {
		return nil, withoutController("join commands come")
	}
	namespace := object.(*omni.Edge).Namespace
	answer := &omni.JoinCommand{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	if dryrun.IsDryRun(options.DryRun) {
		return answer, nil
	}
	status, err := r.machines.JoinCommand(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	answer.Status = omni.JoinCommandStatus{Script: status.Script, ExpirationTime: status.ExpirationTime}
	return answer, nil
}
