// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package connection reaches what an edge location is made of: its cloud, its edge
// cluster and the peering with it.
package connection

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/aws"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/peering"
)

// Connector reaches what an edge location is made of. Nothing it does changes the
// location; errors say which field or Secret to mend.
type Connector interface {
	// Provider signs in to the cloud of a location.
	Provider(ctx context.Context, location *v1alpha1.EdgeLocation) (cloud.Provider, error)
	// EdgeCluster reaches the edge cluster of a location.
	EdgeCluster(ctx context.Context, location *v1alpha1.EdgeLocation) (*edgecluster.Cluster, error)
	// Peering relates the main cluster with the edge cluster.
	Peering(ctx context.Context, location *v1alpha1.EdgeLocation, cluster *edgecluster.Cluster) (*peering.Peering, error)
}

// SecretError says that a Secret a location refers to cannot be used.
type SecretError struct {
	// Field of the EdgeLocation that names the Secret.
	Field, Namespace, Name, Problem string
}

// Error names the field, the Secret and the problem.
func (e *SecretError) Error() string {
	return fmt.Sprintf("%s: Secret %s/%s %s", e.Field, e.Namespace, e.Name, e.Problem)
}

// Direct is the Connector of the running controller. It keeps what it has made
// for as long as what it was made of does not change.
type Direct struct {
	// Main reads Secrets and writes Liqo's objects in the main cluster. It must
	// not cache Secrets.
	Main client.Client
	// ClusterID is the value of the tag on all cloud resources.
	ClusterID string
	// IdentityToken is how the controller proves who it is, without a key.
	IdentityToken stscreds.IdentityTokenRetriever

	mu        sync.Mutex
	providers map[types.UID]cached[cloud.Provider]
	clusters  map[types.UID]cached[*edgecluster.Cluster]
}

var _ Connector = (*Direct)(nil)

type cached[T any] struct {
	madeOf string
	value  T
}

// reuse returns what was made for a location, or makes it anew when what it is
// made of has changed.
func reuse[T any](d *Direct, all *map[types.UID]cached[T], uid types.UID, madeOf string, create func() (T, error)) (T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c, ok := (*all)[uid]; ok && c.madeOf == madeOf {
		return c.value, nil
	}
	value, err := create()
	if err != nil {
		return value, err
	}
	if *all == nil {
		*all = map[types.UID]cached[T]{}
	}
	(*all)[uid] = cached[T]{madeOf, value}
	return value, nil
}

// Provider implements Connector.
func (d *Direct) Provider(ctx context.Context, location *v1alpha1.EdgeLocation) (cloud.Provider, error) {
	spec := location.Spec.AWS
	if spec == nil {
		return nil, &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf("spec.aws is not set: run the onboarding script")}
	}
	config := aws.Location{
		ClusterID: d.ClusterID, Namespace: location.Namespace, Name: location.Name, Region: location.Spec.Region, AccountID: spec.AccountID,
		SubnetIDs: spec.SubnetIDs, SecurityGroupID: spec.SecurityGroupID, InstanceProfile: spec.InstanceProfile,
		RoleARN: spec.RoleARN, IdentityToken: d.IdentityToken,
	}
	madeOf := fmt.Sprintf("%d", location.Generation)
	if c := location.Spec.Credentials; c != nil && c.SecretRef != nil {
		const field = "spec.credentials.secretRef"
		secret, err := d.secret(ctx, location, field, c.SecretRef.Name)
		if err != nil {
			return nil, err
		}
		config.AccessKeyID, config.SecretAccessKey = string(secret.Data["aws_access_key_id"]), string(secret.Data["aws_secret_access_key"])
		if config.AccessKeyID == "" || config.SecretAccessKey == "" {
			return nil, &SecretError{field, secret.Namespace, secret.Name, "needs the keys aws_access_key_id and aws_secret_access_key"}
		}
		madeOf += "/" + secret.ResourceVersion
	}
	return reuse(d, &d.providers, location.UID, madeOf, func() (cloud.Provider, error) { return aws.New(ctx, config) })
}

// EdgeCluster implements Connector.
func (d *Direct) EdgeCluster(ctx context.Context, location *v1alpha1.EdgeLocation) (*edgecluster.Cluster, error) {
	const field = "spec.controlPlane.external.kubeconfigSecretRef"
	external := location.Spec.ControlPlane.External
	if external == nil {
		return nil, fmt.Errorf("spec.controlPlane.external is not set")
	}
	secret, err := d.secret(ctx, location, field, external.KubeconfigSecretRef.Name)
	if err != nil {
		return nil, err
	}
	return reuse(d, &d.clusters, location.UID, string(secret.UID)+"/"+secret.ResourceVersion, func() (*edgecluster.Cluster, error) {
		cluster, err := edgecluster.Connect(secret.Data[edgecluster.KubeconfigKey], d.Main.Scheme())
		if err != nil {
			return nil, &SecretError{field, secret.Namespace, secret.Name, fmt.Sprintf("has no usable key %q: %v", edgecluster.KubeconfigKey, err)}
		}
		return cluster, nil
	})
}

// Peering implements Connector.
func (d *Direct) Peering(ctx context.Context, location *v1alpha1.EdgeLocation, cluster *edgecluster.Cluster) (*peering.Peering, error) {
	mainID, err := edgecluster.LiqoClusterID(ctx, d.Main)
	if err != nil {
		return nil, fmt.Errorf("main cluster: %w", err)
	}
	edgeID, err := edgecluster.LiqoClusterID(ctx, cluster.Client)
	if err != nil {
		return nil, fmt.Errorf("edge cluster: %w", err)
	}
	return &peering.Peering{
		Main: d.Main, Edge: cluster.Client, MainID: mainID, EdgeID: edgeID,
		Owner: location.Namespace + "/" + location.Name + "/" + string(location.UID),
	}, nil
}

func (d *Direct) secret(ctx context.Context, location *v1alpha1.EdgeLocation, field, name string) (*corev1.Secret, error) {
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
