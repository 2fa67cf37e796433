// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/gcp"
	"github.com/castai/omni/pkg/cloud/gcp/contract"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

func TestKeyless(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	good := jwt.RegisteredClaims{
		Issuer: gcptest.Issuer, Subject: gcptest.Subject, ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		Audience: jwt.ClaimStrings{"https://iam.googleapis.com/" + l.WorkloadIdentityProvider},
	}
	if err := provider(t, l).CheckCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*jwt.RegisteredClaims, *gcp.Location){
		"another issuer":          func(c *jwt.RegisteredClaims, _ *gcp.Location) { c.Issuer = "https://other.example.test" },
		"another audience":        func(c *jwt.RegisteredClaims, _ *gcp.Location) { c.Audience = jwt.ClaimStrings{"sts.amazonaws.com"} },
		"expired":                 func(c *jwt.RegisteredClaims, _ *gcp.Location) { c.ExpiresAt = jwt.NewNumericDate(time.Unix(1, 0)) },
		"another subject":         func(c *jwt.RegisteredClaims, _ *gcp.Location) { c.Subject = "system:serviceaccount:default:thief" },
		"another provider":        func(_ *jwt.RegisteredClaims, l *gcp.Location) { l.WorkloadIdentityProvider += "-2" },
		"another service account": func(_ *jwt.RegisteredClaims, l *gcp.Location) { l.ServiceAccount = "x" + l.ServiceAccount },
	} {
		t.Run(name, func(t *testing.T) {
			claims, other := good, l
			change(&claims, &other)
			other.IdentityToken = gcptest.SignedToken(t, claims)
			err := provider(t, other).CheckCredentials(t.Context())
			if cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), "refused to give an access token") {
				t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
			}
		})
	}
	t.Run("the token endpoint is away", func(t *testing.T) {
		faulttest.Inject(t, endpoint, fault.Rule{Action: "iamcredentials.projects.serviceAccounts.generateAccessToken", Code: "backendError"})
		if err := provider(t, l).CheckCredentials(t.Context()); cloud.ClassOf(err) != cloud.ClassTransient || err == nil {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassTransient)
		}
	})
}

func TestServiceAccountKey(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	l.ServiceAccountKey = gcptest.Key(t, endpoint, l.ServiceAccount)
	l.ServiceAccount = ""
	if err := provider(t, l).CheckCredentials(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("of another account", func(t *testing.T) {
		other := l
		other.ServiceAccountKey = []byte(strings.Replace(string(l.ServiceAccountKey), "omni-edge-buyer@", "omni-somebody@", 1))
		if err := provider(t, other).CheckCredentials(t.Context()); cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), "Invalid JWT Signature") {
			t.Errorf("err = %v, want the class %s and what Google says", err, cloud.ClassAuth)
		}
	})
	for name, key := range map[string]string{
		"no JSON":      "secret",
		"another type": `{"type":"external_account","client_email":"a","private_key":"secret","credential_source":{"url":"http://127.0.0.1"}}`,
		"no key":       `{"type":"service_account","client_email":"a"}`,
	} {
		t.Run(name, func(t *testing.T) {
			bad := l
			bad.ServiceAccountKey = []byte(key)
			_, err := gcp.New(t.Context(), bad)
			if cloud.ClassOf(err) != cloud.ClassAuth || strings.Contains(err.Error(), "secret") {
				t.Errorf("err = %v, want the class %s and nothing of the key", err, cloud.ClassAuth)
			}
		})
	}
	t.Run("no credentials at all", func(t *testing.T) {
		none := l
		none.ServiceAccountKey = nil
		if _, err := gcp.New(t.Context(), none); cloud.ClassOf(err) != cloud.ClassAuth {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
		}
	})
}

func TestPermissions(t *testing.T) {
	endpoint := gcptest.Start(t)
	l := keyless(t, endpoint)
	p := provider(t, l)
	caller := endpoint + "/_emulator/callers/" + l.ServiceAccount
	for _, permission := range contract.Permissions() {
		t.Run(permission, func(t *testing.T) {
			gcptest.Do(t, http.MethodPut, caller, map[string]any{"denied": []string{permission}})
			err := p.CheckCredentials(t.Context())
			if cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), permission) {
				t.Errorf("err = %v, want the class %s and the permission", err, cloud.ClassAuth)
			}
		})
	}
	t.Run("a launch names it too", func(t *testing.T) {
		gcptest.Do(t, http.MethodPut, caller, map[string]any{"denied": []string{"compute.subnetworks.use"}})
		_, err := p.Launch(t.Context(), request(tokenOf("denied"), "cast-denied"))
		if cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), "compute.subnetworks.use") {
			t.Errorf("err = %v, want the class %s and the permission", err, cloud.ClassAuth)
		}
	})
	t.Run("the token is no longer valid", func(t *testing.T) {
		gcptest.Do(t, http.MethodPut, caller, map[string]any{"invalid": true})
		if _, err := p.List(t.Context()); cloud.ClassOf(err) != cloud.ClassAuth {
			t.Errorf("err = %v, want the class %s", err, cloud.ClassAuth)
		}
	})
}
