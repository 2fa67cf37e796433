// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"
	"google.golang.org/api/iamcredentials/v1"
	"google.golang.org/api/sts/v1"

	"github.com/castai/omni/pkg/cloud"
)

// IdentityTokenRetriever gives the web identity token of the main cluster, whose
// audience is the workload identity provider's.
type IdentityTokenRetriever interface {
	GetIdentityToken() ([]byte, error)
}

// scope is all of Google Cloud: what the token may do is said by IAM.
const scope = "https://www.googleapis.com/auth/cloud-platform"

// googleTokenURL is where keys of service accounts are exchanged for tokens.
const googleTokenURL = "https://oauth2.googleapis.com/token"

// tokenSource returns where access tokens come from. base makes the requests.
func tokenSource(ctx context.Context, base *http.Client, l *Location) (oauth2.TokenSource, error) {
	switch {
	case len(l.ServiceAccountKey) > 0:
		return keySource(ctx, base, l)
	case l.ServiceAccount != "" && l.WorkloadIdentityProvider != "" && l.IdentityToken != nil:
		return federatedSource(ctx, base, l)
	}
	return nil, &cloud.Error{Class: cloud.ClassAuth, Err: errors.New(
		"neither a service account with a workload identity provider nor spec.credentials.secretRef is set: run the onboarding script or set one of them")}
}

// keySource reads a key file. Of it only the key is believed: a file that could
// name its own token URL, or be of another type, could send us anywhere.
func keySource(ctx context.Context, base *http.Client, l *Location) (oauth2.TokenSource, error) {
	var file struct {
		Type         string `json:"type"`
		ClientEmail  string `json:"client_email"`
		PrivateKey   string `json:"private_key"`
		PrivateKeyID string `json:"private_key_id"`
	}
	err := json.Unmarshal(l.ServiceAccountKey, &file)
	if err != nil || file.Type != "service_account" || file.ClientEmail == "" || file.PrivateKey == "" {
		// The error of the decoder could quote the key.
		return nil, &cloud.Error{Class: cloud.ClassAuth, Err: errors.New(
			`the credentials Secret is no key of a service account: it must be the JSON file of "gcloud iam service-accounts keys create"`)}
	}
	url := googleTokenURL
	if l.Endpoint != "" {
		url = strings.TrimSuffix(l.Endpoint, "/") + "/token"
	}
	config := &jwt.Config{
		Email: file.ClientEmail, PrivateKey: []byte(file.PrivateKey), PrivateKeyID: file.PrivateKeyID, Scopes: []string{scope}, TokenURL: url,
	}
	return config.TokenSource(context.WithValue(ctx, oauth2.HTTPClient, base)), nil
}

// federated gets access tokens without a key: the cluster's own token is exchanged
// for a federated one, and that for one of the service account.
// https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
type federated struct {
	location *Location
	sts      *sts.V1Service
	accounts *iamcredentials.ProjectsServiceAccountsService
}

func federatedSource(ctx context.Context, base *http.Client, l *Location) (oauth2.TokenSource, error) {
	exchange, err := sts.NewService(ctx, l.options(base, "/")...)
	if err != nil {
		return nil, fmt.Errorf("configure the Security Token Service client: %w", err)
	}
	accounts, err := iamcredentials.NewService(ctx, l.options(base, "/")...)
	if err != nil {
		return nil, fmt.Errorf("configure the IAM Credentials client: %w", err)
	}
	return &federated{l, exchange.V1, accounts.Projects.ServiceAccounts}, nil
}

// Token implements oauth2.TokenSource.
func (f *federated) Token() (*oauth2.Token, error) {
	identity, err := f.location.IdentityToken.GetIdentityToken()
	if err != nil {
		return nil, fmt.Errorf("read the identity token: %w", err)
	}
	exchanged, err := f.sts.Token(&sts.GoogleIdentityStsV1ExchangeTokenRequest{
		Audience:           "//iam.googleapis.com/" + f.location.WorkloadIdentityProvider,
		GrantType:          "urn:ietf:params:oauth:grant-type:token-exchange",
		RequestedTokenType: "urn:ietf:params:oauth:token-type:access_token",
		Scope:              scope,
		SubjectToken:       string(identity),
		SubjectTokenType:   "urn:ietf:params:oauth:token-type:jwt",
	}).Do()
	if err != nil {
		return nil, refusedToken(err)
	}
	call := f.accounts.GenerateAccessToken("projects/-/serviceAccounts/"+f.location.ServiceAccount,
		&iamcredentials.GenerateAccessTokenRequest{Scope: []string{scope}})
	call.Header().Set("Authorization", "Bearer "+exchanged.AccessToken)
	out, err := call.Do()
	if err != nil {
		return nil, refusedToken(err)
	}
	expiry, err := time.Parse(time.RFC3339, out.ExpireTime)
	if err != nil {
		return nil, fmt.Errorf("the access token's expireTime: %w", err)
	}
	return &oauth2.Token{AccessToken: out.AccessToken, TokenType: "Bearer", Expiry: expiry}, nil
}
