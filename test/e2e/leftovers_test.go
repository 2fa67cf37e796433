// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"strings"

	authv1beta1 "github.com/liqotech/liqo/apis/authentication/v1beta1"
	liqov1beta1 "github.com/liqotech/liqo/apis/core/v1beta1"
	offloadingv1beta1 "github.com/liqotech/liqo/apis/offloading/v1beta1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// nothingLeft complains of everything that an edge location and its edges have left
// in the API, in the clouds and in the two clusters.
func nothingLeft(ctx context.Context) error {
	left, err := edges().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	var errs []error
	for i := range left.Items {
		errs = append(errs, fmt.Errorf("edge %s is left, %s", left.Items[i].Name, left.Items[i].Status.Phase))
	}
	all, err := machines(ctx)
	if err != nil {
		return err
	}
	for _, m := range all {
		if !m.ended {
			errs = append(errs, fmt.Errorf("machine %s of %s is left, %s", m.id, m.cloud, m.state))
		}
	}
	for cluster, c := range map[string]client.Client{"main": lab.main, "edge": lab.edge} {
		errs = append(errs, nothingLeftIn(ctx, cluster, c))
	}
	return errors.Join(errs...)
}

// nothingLeftIn looks in one of the two clusters.
func nothingLeftIn(ctx context.Context, cluster string, c client.Client) error {
	always := func(client.Object) bool { return true }
	named := func(prefix string) func(client.Object) bool {
		return func(o client.Object) bool { return strings.HasPrefix(o.GetName(), prefix) }
	}
	ofEdge := func(o client.Object) bool { return o.GetLabels()[v1beta1.LabelEdgeID] != "" }
	var errs []error
	for _, kind := range []struct {
		list client.ObjectList
		ours func(client.Object) bool
	}{
		{&corev1.NamespaceList{}, named("liqo-tenant-")},
		{&corev1.NodeList{}, named(v1beta1.NodeNamePrefix)},
		{&corev1.SecretList{}, ofEdge}, // bootstrap tokens
		{&rbacv1.ClusterRoleBindingList{}, named("liqo-node-")},
		{&liqov1beta1.ForeignClusterList{}, always},
		{&authv1beta1.TenantList{}, always},
		{&authv1beta1.IdentityList{}, always},
		{&authv1beta1.ResourceSliceList{}, always},
		{&offloadingv1beta1.VirtualNodeList{}, always},
		{&offloadingv1beta1.NamespaceMapList{}, always},
		{&offloadingv1beta1.ShadowPodList{}, always},
	} {
		if err := c.List(ctx, kind.list); err != nil {
			return err
		}
		err := meta.EachListItem(kind.list, func(item runtime.Object) error {
			if o := item.(client.Object); kind.ours(o) {
				errs = append(errs, fmt.Errorf("%T %s/%s is left in the %s cluster", o, o.GetNamespace(), o.GetName(), cluster))
			}
			return nil
		})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
