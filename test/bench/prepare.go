// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	crdpkg "github.com/castai/omni/test/bench/crd"
)

// team is a group of the lab's users; see its kubeconfigs.
const team = "team-a"

// findTargets makes the clients' configurations from what the lab has written.
func (b *bench) findTargets() error {
	admin, err := b.kubeconfig("admin")
	if err != nil {
		return err
	}
	user, err := b.kubeconfig(team)
	if err != nil {
		return err
	}
	server, err := b.process("omni-apiserver")
	if err != nil {
		return err
	}
	b.targets = map[string]target{
		aggregated: {name: aggregated, group: v1beta1.GroupName, admin: admin, team: user},
		crd:        {name: crd, group: crdpkg.Group, admin: admin, team: user},
	}
	direct := target{name: omni, group: v1beta1.GroupName}
	if direct.admin, err = server.config(admin); err != nil {
		return err
	}
	if direct.team, err = server.config(user); err != nil {
		return err
	}
	b.targets[omni] = direct
	b.storing = map[string][]string{
		omni: {"omni-apiserver"},
		crd:  {"main-kube-apiserver", "main-etcd"},
	}
	b.serving = map[string][]string{
		// Who a user is and what he may do is asked of kube-apiserver.
		omni:       {"omni-apiserver", "main-kube-apiserver"},
		aggregated: {"omni-apiserver", "main-kube-apiserver"},
		crd:        {"main-kube-apiserver", "main-etcd"},
	}
	return nil
}

func (b *bench) kubeconfig(name string) (*rest.Config, error) {
	return clientcmd.BuildConfigFromFlags("", b.lab.Dir+"/"+name+".kubeconfig")
}

// config is the configuration of the same user for this server, past the aggregator.
func (p process) config(user *rest.Config) (*rest.Config, error) {
	health, err := url.Parse(p.HealthURL)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(user)
	config.Host = "https://" + health.Host
	config.CAData, err = os.ReadFile(p.HealthCA)
	return config, err
}

// prepare makes the rival, the namespace and the team's permission.
func (b *bench) prepare(ctx context.Context) error {
	main := b.targets[crd]
	c, err := main.newClient(main.admin)
	if err != nil {
		return err
	}
	columns, err := b.columns(ctx)
	if err != nil {
		return err
	}
	definition, err := crdpkg.Edge(columns)
	if err != nil {
		return err
	}
	for _, object := range []struct {
		path string
		body []byte
	}{
		{"/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition},
		{"/api/v1/namespaces", encode(corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/roles", encode(rbacv1.Role{
			ObjectMeta: metav1.ObjectMeta{Name: team},
			Rules:      []rbacv1.PolicyRule{{APIGroups: []string{v1beta1.GroupName, crdpkg.Group}, Resources: []string{"edges"}, Verbs: []string{"get"}}},
		})},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/" + namespace + "/rolebindings", encode(rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: team},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: team},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.GroupKind, Name: team}},
		})},
	} {
		if err := c.post(ctx, object.path, object.body); err != nil {
			return fmt.Errorf("create %s: %w", object.path, err)
		}
	}
	if err := b.untilServed(ctx, main); err != nil {
		return err
	}
	return b.checkFairness(ctx)
}

// columns are those that omni-apiserver prints of Edges.
func (b *bench) columns(ctx context.Context) ([]metav1.TableColumnDefinition, error) {
	c, err := b.targets[omni].newClient(b.targets[omni].admin)
	if err != nil {
		return nil, err
	}
	body, err := c.list(ctx, acceptTable)
	if err != nil {
		return nil, err
	}
	var table metav1.Table
	err = json.Unmarshal(body, &table)
	return table.ColumnDefinitions, err
}
