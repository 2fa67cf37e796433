// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package claim lets one data directory be the database of a main cluster. Two
// replicas with an embedded etcd each would be two databases behind one API: the
// second finds the first one's claim, a Lease in the main cluster, and ends.
package claim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver/durable"
)

const (
	// Namespace of the Lease.
	Namespace = "omni-system"
	// Name of the Lease.
	Name = "omni-apiserver-embedded-etcd"
	// hostAnnotation says on which host the holder runs.
	hostAnnotation = "omni.cast.ai/host"
	// idName is the file in the data directory with its identity.
	idName = "id"

	// renewEvery and renewTimeout: how long a second holder can stay unnoticed.
	renewEvery   = 10 * time.Second
	renewTimeout = 5 * time.Second
)

// Claim is the one of a data directory.
type Claim struct {
	// Leases of Namespace in the main cluster.
	Leases coordinationclient.LeaseInterface
	// ID is the identity of the data directory.
	ID string
	// Host tells people where to look for the holder.
	Host string
	// Clock dates the claim and times its renewals.
	Clock clock.WithTicker
}

// ID returns the identity of the data directory, making one if it has none.
func ID(dataDir string) (string, error) {
	path := filepath.Join(dataDir, idName)
	content, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the identity of the data directory: %w", err)
	}
	id := strings.ToLower(rand.Text())
	if err := durable.WriteFile(path, []byte(id+"\n")); err != nil {
		return "", fmt.Errorf("write the identity of the data directory: %w", err)
	}
	return id, nil
}

// heldError says that another data directory has the claim.
type heldError struct{ lease *coordinationv1.Lease }

func (e *heldError) Error() string {
	renewed := "at an unknown time"
	if t := e.lease.Spec.RenewTime; t != nil {
		renewed = t.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("this main cluster's objects are in another omni-apiserver's data directory: Lease %s/%s is held by %s on host %s, last renewed %s. "+
		"An embedded etcd cannot be shared: run one replica, or give all of them --etcd-servers. "+
		"If that data directory is gone for good (or was restored into this one), run `kubectl -n %s delete lease %s` and start again",
		Namespace, Name, holder(e.lease), e.lease.Annotations[hostAnnotation], renewed, Namespace, Name)
}

// Acquire makes the claim or confirms it. Any error means that the claim is not
// known to be ours. A claim does not expire with time: its holder may be down for
// a while, and an empty database in its place would look as if every object had
// been deleted.
func (c *Claim) Acquire(ctx context.Context) error {
	if err := c.renew(ctx); err != nil {
		return explain(err)
	}
	return nil
}

// Hold renews the claim until the context ends, or returns an error when another
// data directory has it. Not reaching the main cluster changes nothing.
func (c *Claim) Hold(ctx context.Context) error {
	ticker := c.Clock.NewTicker(renewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
		err := c.renew(ctx)
		if _, held := errors.AsType[*heldError](err); held {
			return err
		}
		if err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "The claim on the main cluster is not renewed; trying again", "lease", klog.KRef(Namespace, Name))
		}
	}
}

// renew writes the Lease, unless another holds it. A write that loses a race is
// an error of the API, and the next renewal sees who has won.
func (c *Claim) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	lease, err := c.Leases.Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		lease = &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: Name}}
		c.sign(lease)
		_, err = c.Leases.Create(ctx, lease, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	if other := holder(lease); other != "" && other != c.ID {
		return &heldError{lease}
	}
	c.sign(lease)
	_, err = c.Leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}

func (c *Claim) sign(lease *coordinationv1.Lease) {
	now := metav1.NewMicroTime(c.Clock.Now())
	if holder(lease) == "" {
		lease.Spec.AcquireTime = &now
	}
	lease.Spec.HolderIdentity, lease.Spec.RenewTime = &c.ID, &now
	if lease.Annotations == nil {
		lease.Annotations = map[string]string{}
	}
	lease.Annotations[hostAnnotation] = c.Host
}

func holder(lease *coordinationv1.Lease) string {
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

func explain(err error) error {
	switch _, held := errors.AsType[*heldError](err); {
	case held:
		return err
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
		return fmt.Errorf("claim the main cluster for this data directory: %w: apply artifacts/deploy/rbac/apiserver.yaml there", err)
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return fmt.Errorf("claim the main cluster for this data directory: another omni-apiserver does so at this moment: run one replica, or give all of them --etcd-servers (%w)", err)
	default:
		return fmt.Errorf("ask the main cluster which data directory has its objects: %w", err)
	}
}
