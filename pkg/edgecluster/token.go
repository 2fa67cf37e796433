// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

const (
	// tokenLifetime is how long a machine has to boot and join.
	tokenLifetime = time.Hour
	// tokenGroup is the group whose CSRs kubeadm's own role bindings approve.
	tokenGroup = "system:bootstrappers:kubeadm:default-node-token"
)

// BootstrapToken lets one machine join until ExpirationTime.
type BootstrapToken struct {
	Value          string
	ExpirationTime time.Time
}

// EnsureBootstrapToken returns the bootstrap token of an Edge. It is made once
// and kept in the edge cluster, so that a launch that is repeated carries the same
// user data; an expired token is replaced.
func (c *Cluster) EnsureBootstrapToken(ctx context.Context, edgeUID string, now time.Time) (BootstrapToken, error) {
	var none BootstrapToken
	secret := tokenSecret(edgeUID)
	err := c.Client.Get(ctx, client.ObjectKeyFromObject(secret), secret)
	switch {
	case err == nil && secret.Labels[v1beta1.LabelEdgeID] != edgeUID:
		return none, fmt.Errorf("bootstrap token %s belongs to another edge: delete this Edge and create it again", tokenID(edgeUID))
	case err == nil:
		if token, ok := livingToken(secret, now); ok {
			return token, nil
		}
		if err := client.IgnoreNotFound(c.Client.Delete(ctx, secret)); err != nil {
			return none, fmt.Errorf("delete the expired bootstrap token: %w", err)
		}
		secret = tokenSecret(edgeUID)
	case !apierrors.IsNotFound(err):
		return none, fmt.Errorf("read the bootstrap token: %w", err)
	}
	random, err := bootstraputil.GenerateBootstrapToken()
	if err != nil {
		return none, fmt.Errorf("make a bootstrap token: %w", err)
	}
	_, random, _ = strings.Cut(random, ".")
	// RFC 3339 in the Secret has whole seconds; the answer says the same.
	expiration := now.Add(tokenLifetime).UTC().Truncate(time.Second)
	secret.Data = map[string][]byte{
		bootstrapapi.BootstrapTokenIDKey:               []byte(tokenID(edgeUID)),
		bootstrapapi.BootstrapTokenSecretKey:           []byte(random),
		bootstrapapi.BootstrapTokenExpirationKey:       []byte(expiration.Format(time.RFC3339)),
		bootstrapapi.BootstrapTokenDescriptionKey:      []byte("joins the machine of one OMNI edge"),
		bootstrapapi.BootstrapTokenExtraGroupsKey:      []byte(tokenGroup),
		bootstrapapi.BootstrapTokenUsageAuthentication: []byte("true"),
	}
	if err := c.Client.Create(ctx, secret); err != nil {
		return none, fmt.Errorf("create the bootstrap token: %w", err)
	}
	return BootstrapToken{bootstraputil.TokenFromIDAndSecret(tokenID(edgeUID), random), expiration}, nil
}

// DeleteBootstrapToken ends the life of the token of an Edge; it is no error when
// there is none.
func (c *Cluster) DeleteBootstrapToken(ctx context.Context, edgeUID string) error {
	if err := client.IgnoreNotFound(c.Client.Delete(ctx, tokenSecret(edgeUID))); err != nil {
		return fmt.Errorf("delete the bootstrap token: %w", err)
	}
	return nil
}

// livingToken returns the token of a Secret that will live for a while yet: long
// enough for a machine that is launched now to boot.
func livingToken(secret *corev1.Secret, now time.Time) (BootstrapToken, bool) {
	expiration, err := time.Parse(time.RFC3339, string(secret.Data[bootstrapapi.BootstrapTokenExpirationKey]))
	if err != nil || expiration.Before(now.Add(tokenLifetime/2)) {
		return BootstrapToken{}, false
	}
	return BootstrapToken{bootstraputil.TokenFromIDAndSecret(
		string(secret.Data[bootstrapapi.BootstrapTokenIDKey]), string(secret.Data[bootstrapapi.BootstrapTokenSecretKey])), expiration}, true
}

// tokenID derives the public half of the token, six characters of [a-z0-9], from
// the UID, so that a repeated call finds it again.
func tokenID(edgeUID string) string {
	sum := sha256.Sum256([]byte(edgeUID))
	return hex.EncodeToString(sum[:3])
}

func tokenSecret(edgeUID string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: metav1.NamespaceSystem,
			Name:      bootstraputil.BootstrapTokenSecretName(tokenID(edgeUID)),
			Labels:    map[string]string{v1beta1.LabelEdgeID: edgeUID},
		},
		Type: bootstrapapi.SecretTypeBootstrapToken,
	}
}
