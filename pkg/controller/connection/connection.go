// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package connection reaches what an edge location is made of: its cloud, its edge
// cluster and the peering with it.
package connection

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/peering"
)

// Connector reaches what an edge location is made of. Nothing it does changes the
// location; errors say which field or Secret to mend.
type Connector interface {
	// Provider signs in to the cloud of a location.
	Provider(ctx context.Context, location *v1beta1.EdgeLocation) (cloud.Provider, error)
	// EdgeCluster reaches the edge cluster of a location.
	EdgeCluster(ctx context.Context, location *v1beta1.EdgeLocation) (*edgecluster.Cluster, error)
	// Peering relates the main cluster with the edge cluster. Without a
	// cluster it knows of the edge cluster what the location's status says,
	// which is enough to remove things from the main cluster.
	Peering(ctx context.Context, location *v1beta1.EdgeLocation, cluster *edgecluster.Cluster) (*peering.Peering, error)
	// Hold keeps the Secrets the location refers to from being deleted, and
	// writes their names into its status; Release lets them go.
	Hold(ctx context.Context, location *v1beta1.EdgeLocation) error
	Release(ctx context.Context, location *v1beta1.EdgeLocation) error
}

// The fields of an EdgeLocation that name Secrets.
const (
	kubeconfigField  = "spec.controlPlane.external.kubeconfigSecretRef"
	credentialsField = "spec.credentials.secretRef"
)

// SecretError says that a Secret a location refers to cannot be used.
type SecretError struct {
	// Field of the EdgeLocation that names the Secret.
	Field, Namespace, Name, Problem string
}

// Error names the field, the Secret and the problem.
func (e *SecretError) Error() string {
	return fmt.Sprintf("%s: Secret %s/%s %s", e.Field, e.Namespace, e.Name, e.Problem)
}

// Endpoints are URLs in place of all hosts of a cloud. Empty: the cloud's own. AWS is
// not among them: its SDK reads AWS_ENDPOINT_URL. Example: http://127.0.0.1:5560.
type Endpoints struct{ GCP, OCI string }

// Direct is the Connector of the running controller. It keeps what it has made
// for as long as what it was made of does not change.
type Direct struct {
	// Main reads Secrets and writes Liqo's objects in the main cluster. It must
	// not cache Secrets.
	Main client.Client
	// ClusterID is the value of the tag on all cloud resources.
	ClusterID string
	// Tokens are how the controller proves who it is, without a key.
	Tokens IdentityTokens
	// Endpoints are where clouds are reached other than at their own hosts.
	Endpoints Endpoints

	providers reused[cloud.Provider]
	clusters  reused[*edgecluster.Cluster]
}

var _ Connector = (*Direct)(nil)

// Provider implements Connector.
func (d *Direct) Provider(ctx context.Context, location *v1beta1.EdgeLocation) (cloud.Provider, error) {
	if err := hasNetwork(location); err != nil {
		return nil, err
	}
	madeOf := fmt.Sprintf("%d", location.Generation)
	var keys *corev1.Secret
	if c := location.Spec.Credentials; c != nil && c.SecretRef != nil {
		var err error
		if keys, err = d.secret(ctx, location, credentialsField, c.SecretRef.Name); err != nil {
			return nil, err
		}
		madeOf += "/" + keys.ResourceVersion
	}
	makeProvider, err := d.maker(location, keys)
	if err != nil {
		return nil, err
	}
	return d.providers.get(location.UID, madeOf, func() (cloud.Provider, error) {
		provider, err := makeProvider(ctx)
		if err != nil {
			return nil, err
		}
		// In another account every machine of ours looks as if it were gone.
		return provider, provider.CheckCredentials(ctx)
	})
}

// EdgeCluster implements Connector.
func (d *Direct) EdgeCluster(ctx context.Context, location *v1beta1.EdgeLocation) (*edgecluster.Cluster, error) {
	external := location.Spec.ControlPlane.External
	if external == nil {
		return nil, fmt.Errorf("spec.controlPlane.external is not set")
	}
	secret, err := d.secret(ctx, location, kubeconfigField, external.KubeconfigSecretRef.Name)
	if err != nil {
		return nil, err
	}
	return d.clusters.get(location.UID, string(secret.UID)+"/"+secret.ResourceVersion, func() (*edgecluster.Cluster, error) {
		cluster, err := edgecluster.Connect(secret.Data[edgecluster.KubeconfigKey], d.Main.Scheme())
		if err != nil {
			return nil, &SecretError{kubeconfigField, secret.Namespace, secret.Name, fmt.Sprintf("has no usable key %q: %v", edgecluster.KubeconfigKey, err)}
		}
		return cluster, nil
	})
}

// Peering implements Connector.
func (d *Direct) Peering(ctx context.Context, location *v1beta1.EdgeLocation, cluster *edgecluster.Cluster) (*peering.Peering, error) {
	mainID, err := edgecluster.LiqoClusterID(ctx, d.Main)
	if err != nil {
		return nil, fmt.Errorf("main cluster: %w", err)
	}
	p := &peering.Peering{
		Main: d.Main, MainID: mainID, EdgeID: location.Status.EdgeClusterID,
		Owner: location.Namespace + "/" + location.Name + "/" + string(location.UID),
	}
	if cluster == nil {
		return p, nil
	}
	edgeID, err := edgecluster.LiqoClusterID(ctx, cluster.Client)
	if err != nil {
		return nil, fmt.Errorf("edge cluster: %w", err)
	}
	if p.EdgeID != "" && p.EdgeID != edgeID {
		return nil, &SecretError{kubeconfigField, location.Namespace, location.Spec.ControlPlane.External.KubeconfigSecretRef.Name,
			fmt.Sprintf("is of the cluster %q, but the location is peered with %q", edgeID, p.EdgeID)}
	}
	p.Edge, p.EdgeID = cluster.Client, edgeID
	return p, nil
}

func (d *Direct) secret(ctx context.Context, location *v1beta1.EdgeLocation, field, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := d.Main.Get(ctx, client.ObjectKey{Namespace: location.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, &SecretError{field, location.Namespace, name, "does not exist in the main cluster: create it"}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", field, err)
	}
	return secret, nil
}
