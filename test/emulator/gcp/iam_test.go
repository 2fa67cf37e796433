// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

const (
	iamProject = "/v1/projects/" + gcptest.Project
	pools      = iamProject + "/locations/global/workloadIdentityPools"
	day        = 24 * time.Hour
)

func role(id string) object {
	return object{"roleId": id, "role": object{"title": "t", "includedPermissions": []string{"compute.instances.get"}}}
}

// listed counts the things in a list.
func listed(t *testing.T, url, list string) int {
	t.Helper()
	items, _ := gcptest.Do(t, http.MethodGet, url, nil)[list].([]any)
	return len(items)
}

// TestDeletedRole follows a role from its deletion to when its name is free again.
func TestDeletedRole(t *testing.T) {
	url, clk := start(t)
	roles := url + iamProject + "/roles"
	gcptest.Do(t, http.MethodPost, roles, role("omni"))
	gcptest.Do(t, http.MethodDelete, roles+"/omni", nil)
	want(t, http.MethodPost, roles, role("omni"), 400, "in a deleted state")
	want(t, http.MethodPatch, roles+"/omni", object{"title": "u"}, 400, "it is deleted")
	want(t, http.MethodDelete, roles+"/omni", nil, 400, "already deleted")
	if here, with := listed(t, roles, "roles"), listed(t, roles+"?showDeleted=true", "roles"); here != 0 || with != 1 {
		t.Errorf("%d roles, %d with the deleted ones", here, with)
	}
	gcptest.Do(t, http.MethodPost, roles+"/omni:undelete", object{})
	want(t, http.MethodPost, roles, role("omni"), 409, "already exists")
	gcptest.Do(t, http.MethodDelete, roles+"/omni", nil)

	clk.Step(8 * day)
	want(t, http.MethodPost, roles+"/omni:undelete", object{}, 404, "not found")
	want(t, http.MethodPost, roles, role("omni"), 400, "marked for deletion")
	clk.Step(30 * day)
	gcptest.Do(t, http.MethodPost, roles, role("omni"))
}

// TestDeletedPool: the name of a pool is taken until it is gone for good.
func TestDeletedPool(t *testing.T) {
	url, clk := start(t)
	create := url + pools + "?workloadIdentityPoolId=omni"
	gcptest.Do(t, http.MethodPost, create, object{})
	gcptest.Do(t, http.MethodDelete, url+pools+"/omni", nil)
	want(t, http.MethodPost, create, object{}, 409, "already exists")
	if state := gcptest.Do(t, http.MethodGet, url+pools+"/omni", nil)["state"]; state != "DELETED" {
		t.Errorf("state = %v", state)
	}
	gcptest.Do(t, http.MethodPost, url+pools+"/omni:undelete", object{})
	gcptest.Do(t, http.MethodDelete, url+pools+"/omni", nil)
	clk.Step(31 * day)
	gcptest.Do(t, http.MethodPost, create, object{})
}

func TestIdentityRules(t *testing.T) {
	url, _ := start(t)
	provider := func(condition string) object {
		return object{"oidc": object{"issuerUri": gcptest.Issuer}, "attributeMapping": object{"google.subject": "assertion.sub"}, "attributeCondition": condition}
	}
	gcptest.Do(t, http.MethodPost, url+pools+"?workloadIdentityPoolId=omni", object{})
	account := gcptest.ServiceAccount(t, url, "omni-edges", []string{"compute.instances.get"})
	for name, test := range map[string]struct {
		path  string
		body  object
		words string
	}{
		"short account":        {iamProject + "/serviceAccounts", object{"accountId": "omni"}, "account ID"},
		"role ID":              {iamProject + "/roles", role("omni-edges"), "role ID"},
		"permission":           {iamProject + "/roles", object{"roleId": "omni", "role": object{"includedPermissions": []string{"compute.*"}}}, "Permission compute.*"},
		"long title":           {iamProject + "/roles", object{"roleId": "omni", "role": object{"title": strings.Repeat("x", 101)}}, "title"},
		"pool of Google's":     {pools + "?workloadIdentityPoolId=gcp-omni", object{}, "malformed"},
		"long description":     {pools + "?workloadIdentityPoolId=omni2", object{"description": strings.Repeat("x", 257)}, "description"},
		"issuer without TLS":   {pools + "/omni/providers?workloadIdentityPoolProviderId=main", object{"oidc": object{"issuerUri": "http://main.example.test"}}, "HTTPS"},
		"no subject":           {pools + "/omni/providers?workloadIdentityPoolProviderId=main", object{"oidc": object{"issuerUri": gcptest.Issuer}}, "google.subject"},
		"unknown condition":    {pools + "/omni/providers?workloadIdentityPoolProviderId=main", provider("true || assertion.sub == 'x'"), "attribute condition"},
		"unknown account":      {iamProject + ":setIamPolicy", binding("roles/owner", "serviceAccount:x@omni-test.iam.gserviceaccount.com"), "does not exist"},
		"unknown role":         {iamProject + ":setIamPolicy", binding("projects/omni-test/roles/gone", "serviceAccount:"+account), "Role (projects/omni-test/roles/gone)"},
		"member without type":  {iamProject + ":setIamPolicy", binding("roles/owner", "everybody"), "no type"},
		"pool by project's ID": {iamProject + ":setIamPolicy", binding("roles/owner", "principal://iam.googleapis.com/projects/omni-test/locations/global/workloadIdentityPools/omni/subject/x"), "number"},
	} {
		t.Run(name, func(t *testing.T) { want(t, http.MethodPost, url+test.path, test.body, 400, test.words) })
	}
	stale := binding("roles/compute.viewer", "serviceAccount:"+account)
	stale["policy"].(object)["etag"] = "b2xk"
	want(t, http.MethodPost, url+iamProject+":setIamPolicy", stale, 409, "concurrent policy changes")

	// Another account of the same name is another member.
	gcptest.Do(t, http.MethodDelete, url+iamProject+"/serviceAccounts/"+account, nil)
	gcptest.Do(t, http.MethodPost, url+iamProject+"/serviceAccounts", object{"accountId": "omni-edges"})
	policy := gcptest.Do(t, http.MethodPost, url+iamProject+":getIamPolicy", object{})
	first := policy["bindings"].([]any)[0].(object)["members"].([]any)[0].(string)
	if !strings.HasPrefix(first, "deleted:serviceAccount:"+account+"?uid=") {
		t.Errorf("the member is %s", first)
	}
}

func binding(role, member string) object {
	return object{"policy": object{"bindings": []any{object{"role": role, "members": []any{member}}}}}
}

// TestAttributeCondition lets one subject in, while pool and provider are there.
func TestAttributeCondition(t *testing.T) {
	url, clk := start(t)
	gcptest.Do(t, http.MethodPost, url+pools+"?workloadIdentityPoolId=omni", object{})
	provider := "projects/" + gcptest.ProjectNumber + "/locations/global/workloadIdentityPools/omni/providers/main"
	gcptest.Do(t, http.MethodPost, url+pools+"/omni/providers?workloadIdentityPoolProviderId=main", object{
		"oidc": object{"issuerUri": gcptest.Issuer}, "attributeMapping": object{"google.subject": "assertion.sub"},
		"attributeCondition": "assertion.sub == '" + gcptest.Subject + "'",
	})
	exchange := func(subject string) int {
		status, _ := gcptest.Try(t, http.MethodPost, url+"/v1/token", object{
			"grantType": "urn:ietf:params:oauth:grant-type:token-exchange", "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
			"scope": "https://www.googleapis.com/auth/cloud-platform", "audience": "//iam.googleapis.com/" + provider,
			"subjectToken": string(gcptest.SignedToken(t, jwt.RegisteredClaims{
				Issuer: gcptest.Issuer, Subject: subject, Audience: jwt.ClaimStrings{"https://iam.googleapis.com/" + provider},
				ExpiresAt: jwt.NewNumericDate(clk.Now().Add(time.Hour)),
			})),
		})
		return status
	}
	if in, out := exchange(gcptest.Subject), exchange("system:serviceaccount:default:thief"); in != 200 || out != 400 {
		t.Errorf("the subject: %d, another one: %d", in, out)
	}
	for _, thing := range []string{"/omni/providers/main", "/omni"} {
		gcptest.Do(t, http.MethodDelete, url+pools+thing, nil)
		if status := exchange(gcptest.Subject); status != 400 {
			t.Errorf("without %s: %d", thing, status)
		}
		gcptest.Do(t, http.MethodPost, url+pools+thing+":undelete", object{})
	}
	if status := exchange(gcptest.Subject); status != 200 {
		t.Errorf("brought back: %d", status)
	}
}

func TestServices(t *testing.T) {
	url, _ := start(t)
	gcptest.Do(t, http.MethodPost, url+iamProject+"/services/compute.googleapis.com:disable", object{})
	want(t, http.MethodGet, url+instances, nil, 403, "compute.googleapis.com has not been used in project "+gcptest.ProjectNumber)
	gcptest.Do(t, http.MethodPost, url+iamProject+"/services:batchEnable", object{"serviceIds": []string{"compute.googleapis.com"}})
	gcptest.Do(t, http.MethodGet, url+instances, nil)
}

// TestRoles gives a caller two of Google's roles instead of the owner's.
func TestRoles(t *testing.T) {
	url, _ := start(t)
	gcptest.Do(t, http.MethodPut, url+"/_emulator/callers/"+gcptest.Token, object{"roles": []string{"roles/compute.networkAdmin", "roles/iam.roleAdmin"}})
	gcptest.Do(t, http.MethodPost, url+project+"/global/networks", object{"name": "other"})
	want(t, http.MethodPost, url+project+"/global/firewalls", object{"name": "f", "network": "global/networks/other"}, 403, "compute.firewalls.create")
	gcptest.Do(t, http.MethodPost, url+iamProject+"/roles", role("omni"))
	want(t, http.MethodPost, url+iamProject+"/serviceAccounts", object{"accountId": "omni-edges"}, 403, "iam.serviceAccounts.create")
}
