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
	// tokenSeconds is the life of a token; it is exchanged at once.
	tokenSeconds = 600
	// tokenTimeout bounds the request for one: the SDK's interface has no context.
	tokenTimeout = 10 * time.Second
)

// serviceAccountToken proves who the controller is with a token of the main
// cluster, so that no cloud key is stored anywhere.
type serviceAccountToken struct {
	accounts corev1client.ServiceAccountInterface
	name     string
}

// NewServiceAccountToken returns tokens of a ServiceAccount of the main cluster
// that AWS can exchange for credentials.
func NewServiceAccountToken(core corev1client.CoreV1Interface, namespace, name string) stscreds.IdentityTokenRetriever {
	return &serviceAccountToken{core.ServiceAccounts(namespace), name}
}

// GetIdentityToken implements stscreds.IdentityTokenRetriever.
func (t *serviceAccountToken) GetIdentityToken() ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), tokenTimeout)
	defer cancel()
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		Audiences: []string{awsAudience}, ExpirationSeconds: ptr.To[int64](tokenSeconds),
	}}
	response, err := t.accounts.CreateToken(ctx, t.name, request, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("request a token of ServiceAccount %s: %w", t.name, err)
	}
	return []byte(response.Status.Token), nil
}
