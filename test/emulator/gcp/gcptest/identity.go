// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcptest

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What the emulated main cluster says of itself.
const (
	Issuer  = "https://main.example.test"
	Subject = "system:serviceaccount:omni-system:omni-controller"
)

// ServiceAccount makes a service account with a role of just these permissions and
// returns its e-mail address.
func ServiceAccount(t testing.TB, url, name string, permissions []string) string {
	t.Helper()
	project := url + "/v1/projects/" + Project
	Do(t, http.MethodPost, project+"/serviceAccounts", map[string]any{"accountId": name})
	Do(t, http.MethodPost, project+"/roles", map[string]any{
		"roleId": "omniEdges", "role": map[string]any{"title": "OMNI edges", "includedPermissions": permissions},
	})
	email := name + "@" + Project + ".iam.gserviceaccount.com"
	Do(t, http.MethodPost, project+":setIamPolicy", policy("projects/"+Project+"/roles/omniEdges", "serviceAccount:"+email))
	return email
}

// WorkloadIdentity makes a pool that trusts the main cluster and lets its
// controller impersonate a service account. It returns the name of the provider.
func WorkloadIdentity(t testing.TB, url, account string) string {
	t.Helper()
	pools := "projects/" + ProjectNumber + "/locations/global/workloadIdentityPools"
	Do(t, http.MethodPost, url+"/v1/"+pools+"?workloadIdentityPoolId=omni", map[string]any{"displayName": "OMNI"})
	Do(t, http.MethodPost, url+"/v1/"+pools+"/omni/providers?workloadIdentityPoolProviderId=main", map[string]any{
		"oidc": map[string]any{"issuerUri": Issuer}, "attributeMapping": map[string]any{"google.subject": "assertion.sub"},
	})
	Do(t, http.MethodPost, url+"/v1/projects/-/serviceAccounts/"+account+":setIamPolicy",
		policy("roles/iam.workloadIdentityUser", "principal://iam.googleapis.com/"+pools+"/omni/subject/"+Subject))
	return pools + "/omni/providers/main"
}

// AccessToken returns an access token of a service account for who has a token of the
// main cluster, as the provider of a workload identity gives it.
func AccessToken(t testing.TB, url, provider, account string, identity WebIdentity) string {
	t.Helper()
	const scope = "https://www.googleapis.com/auth/cloud-platform"
	exchanged := Do(t, http.MethodPost, url+"/v1/token", map[string]any{
		"grantType": "urn:ietf:params:oauth:grant-type:token-exchange", "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
		"scope": scope, "audience": "//iam.googleapis.com/" + provider, "subjectToken": string(identity),
	})
	federated, _ := exchanged["access_token"].(string)
	_, answer := TryAs(t, federated, http.MethodPost, url+"/v1/projects/-/serviceAccounts/"+account+":generateAccessToken", map[string]any{"scope": []string{scope}})
	token, _ := answer["accessToken"].(string)
	if token == "" {
		t.Fatalf("no access token of %s: %v", account, answer)
	}
	return token
}

func policy(role, member string) map[string]any {
	return map[string]any{"policy": map[string]any{"version": 1, "bindings": []any{map[string]any{"role": role, "members": []any{member}}}}}
}

// Key makes a key file of a service account.
func Key(t testing.TB, url, account string) []byte {
	t.Helper()
	out := Do(t, http.MethodPost, url+"/v1/projects/"+Project+"/serviceAccounts/"+account+"/keys", map[string]any{})
	data, _ := out["privateKeyData"].(string)
	key, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// WebIdentity is a token that is always the same.
type WebIdentity []byte

// GetIdentityToken returns the token.
func (w WebIdentity) GetIdentityToken() ([]byte, error) { return w, nil }

// IdentityToken returns the token of the main cluster's controller for a workload
// identity provider.
func IdentityToken(t testing.TB, provider string) WebIdentity {
	t.Helper()
	return SignedToken(t, jwt.RegisteredClaims{
		Issuer: Issuer, Subject: Subject, Audience: jwt.ClaimStrings{"https://iam.googleapis.com/" + provider},
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
	})
}

// SignedToken returns a token of these claims.
func SignedToken(t testing.TB, claims jwt.RegisteredClaims) WebIdentity {
	t.Helper()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("the emulator does not verify it"))
	if err != nil {
		t.Fatal(err)
	}
	return WebIdentity(token)
}
