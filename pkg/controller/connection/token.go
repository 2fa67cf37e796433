// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"
)

const (
	// awsAudience is what AWS wants in the token it exchanges for credentials.
	awsAudience = "sts.amazonaws.com"
	// gcpAudience begins what Google Cloud wants, unless its provider says
	// otherwise; the name of the provider follows.
	gcpAudience = "https://iam.googleapis.com/"
	// tokenSeconds is the life of a token; it is exchanged at once.
	tokenSeconds = 600
	// tokenTimeout bounds the request for one: the SDK's interface has no context.
	tokenTimeout = 10 * time.Second
)

// serviceAccountToken proves who the controller is with a token of the main
// cluster, so that no cloud key is stored anywhere.
type serviceAccountToken struct {
	accounts       corev1client.ServiceAccountInterface
	name, audience string
}

// IdentityTokens makes tokens for an audience: the one that a cloud exchanges them
// at, so that no other can use them.
type IdentityTokens func(audience string) stscreds.IdentityTokenRetriever

// ServiceAccountTokens are those of a ServiceAccount of the main cluster.
func ServiceAccountTokens(core corev1client.CoreV1Interface, namespace, name string) IdentityTokens {
	return func(audience string) stscreds.IdentityTokenRetriever {
		return &serviceAccountToken{core.ServiceAccounts(namespace), name, audience}
	}
}

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t *serviceAccountToken) GetIdentityToken() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{t.audience}, ExpirationSeconds: ptr.To[int64](tokenSeconds),
	}}
	response, err := t.accounts.CreateToken(ctx, t.name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("request a token of ServiceAccount %s: %w", t.name, err)
	}
	return []byte(response.Status.Token), nil
}
