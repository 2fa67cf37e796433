// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard_test

import (
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/gcp"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
	"github.com/castai/omni/test/tool"
)

// personRoles are what docs/onboarding.md says that a person needs to run the
// scripts. The tests have no others.
var personRoles = []string{
	"roles/compute.networkAdmin", "roles/compute.securityAdmin", "roles/iam.roleAdmin", "roles/iam.serviceAccountAdmin",
	"roles/iam.workloadIdentityPoolAdmin", "roles/resourcemanager.projectIamAdmin", "roles/serviceusage.serviceUsageAdmin",
}

// googleCloud is an emulated project, and a shell whose gcloud asks for it.
type googleCloud struct {
	shell
	r *registry
}

func startGoogleCloud(t *testing.T) *googleCloud {
	t.Helper()
	tool.Path(t, "gcloud")
	endpoint, config, r := gcptest.Start(t), t.TempDir(), startRegistry(t, "gcp-iowa")
	if err := os.WriteFile(filepath.Join(config, "token"), []byte(gcptest.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	g := &googleCloud{r: r, shell: shell{endpoint, []string{
		"CLOUDSDK_CONFIG=" + config, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=" + filepath.Join(config, "token"), "CLOUDSDK_CORE_PROJECT=" + gcptest.Project,
		"CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=true", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=true", "CLOUDSDK_SURVEY_DISABLE_PROMPTS=true",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE=" + endpoint + "/compute/v1/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM=" + endpoint + "/",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER=" + endpoint + "/", "CLOUDSDK_API_ENDPOINT_OVERRIDES_SERVICEUSAGE=" + endpoint + "/",
		"KUBECONFIG=" + kubeconfig(t, r),
	}}}
	g.person(t)
	return g
}

// person gives the caller the documented roles, less some permissions.
func (g *googleCloud) person(t *testing.T, denied ...string) {
	t.Helper()
	gcptest.Do(t, http.MethodPut, g.endpoint+"/_emulator/callers/"+gcptest.Token, map[string]any{"roles": personRoles, "denied": denied})
}

func (g *googleCloud) fault(t *testing.T, rule fault.Rule) {
	t.Helper()
	rule.Count = 1
	faulttest.Inject(t, g.endpoint, rule)
}

// objects are all that the cloud has.
func (g *googleCloud) objects(t *testing.T) map[string]any {
	t.Helper()
	return gcptest.Do(t, http.MethodGet, g.endpoint+"/_emulator/objects", nil)
}

// lasting are the paths of what is there and not deleted, without operations and
// the policy on the project, which has no bindings then.
func (g *googleCloud) lasting(t *testing.T) []string {
	t.Helper()
	var paths []string
	for path, value := range g.objects(t) {
		o, _ := value.(map[string]any)
		bindings, _ := o["bindings"].([]any)
		isPolicy := strings.HasPrefix(path, "policy/")
		if o["deleted"] == true || o["state"] == "DELETED" || strings.Contains(path, "/operations/") || isPolicy && len(bindings) == 0 {
			continue
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func iowa() onboard.Place {
	return onboard.Place{
		Provider: v1beta1.ProviderGCP, ClusterID: "main", Namespace: "team-a", Location: "gcp-iowa", Region: gcptest.Region, Issuer: gcptest.Issuer,
	}
}

// onboarding renders the script; with an empty network, one that makes the network.
func (g *googleCloud) onboarding(t *testing.T, token, network string) string {
	t.Helper()
	p := onboard.Parameters{
		Place: iowa(), Zones: []string{gcptest.Zone, "us-central1-c"}, Subject: gcptest.Subject, Token: token, CABundle: g.r.ca(),
		Network: network, Subnetwork: network,
		OnboardingURL: g.r.URL + group + "/namespaces/team-a/edgelocations/gcp-iowa/onboarding",
	}
	script, err := onboard.Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// breaks wants a script to end with these words, and with what to do.
func (g *googleCloud) breaks(t *testing.T, script, want string, env ...string) {
	t.Helper()
	stdout, stderr, err := g.run(t, script, env...)
	if err == nil || !strings.Contains(stderr, want) || strings.Contains(stdout, "board:") {
		t.Fatalf("%v, stderr is %q, want %q", err, stderr, want)
	}
}

// TestGCPScript runs the real scripts with the real gcloud against the emulated
// Google Cloud, from refusals over a location on board to an empty project.
func TestGCPScript(t *testing.T) {
	g := startGoogleCloud(t)
	before := g.lasting(t)
	t.Run("refusals", func(t *testing.T) { testGCPRefusals(t, g) })
	if after := g.lasting(t); !slices.Equal(after, before) {
		t.Fatalf("a refusal made something: %v, before %v", after, before)
	}
	service := g.endpoint + "/v1/projects/" + gcptest.Project + "/services/compute.googleapis.com:disable"
	gcptest.Do(t, http.MethodPost, service, map[string]any{})

	script := g.onboarding(t, "one", "")
	t.Run("breaks off, and goes on", func(t *testing.T) {
		g.person(t, "serviceusage.services.enable")
		g.breaks(t, script, "serviceusage.services.enable")
		g.person(t, "compute.routers.create")
		g.breaks(t, script, "compute.routers.create")
		g.person(t)
		g.fault(t, fault.Rule{Action: "iam.projects.roles.create", Code: "failedPrecondition", Message: "You can't create a role_id (x) which has been marked for deletion."})
		g.fault(t, fault.Rule{Action: "cloudresourcemanager.projects.setIamPolicy", Code: "invalid", Message: "Service account x does not exist."})
		g.fault(t, fault.Rule{Action: "iam.projects.locations.workloadIdentityPools.providers.create", Code: "invalid"})
		g.breaks(t, script, "run this again")
		mustRun(t, g.shell, script, "registered")
	})
	first := g.r.last(t)
	t.Run("run again", func(t *testing.T) {
		there := g.objects(t)
		mustRun(t, g.shell, script, "already registered")
		if now := g.objects(t); !reflect.DeepEqual(now, there) {
			t.Error("the second run changed something")
		}
		if again := g.r.last(t); !reflect.DeepEqual(again, first) || again.Token != "one" {
			t.Errorf("run again: %+v, before %+v", again, first)
		}
	})
	if t.Failed() {
		return
	}
	checkGCPNetwork(t, g, first.GCP)
	t.Run("least privilege", func(t *testing.T) { testLeastPrivilege(t, g, first.GCP) })
	t.Run("off-boarding", func(t *testing.T) { testGCPOffboard(t, g, first.GCP, before) })
	t.Run("network brought along", func(t *testing.T) { testGCPBroughtAlong(t, g, first.GCP) })
}

func testGCPRefusals(t *testing.T, g *googleCloud) {
	script := g.onboarding(t, "one", "")
	g.breaks(t, script, "gcloud is not installed", "PATH="+t.TempDir())
	g.breaks(t, script, "run gcloud config set project PROJECT_ID", "CLOUDSDK_CORE_PROJECT=")
	g.breaks(t, script, "gcloud auth login", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE=")
	g.breaks(t, script, "the project omni-other cannot be read", "CLOUDSDK_CORE_PROJECT=omni-other")
	gcptest.Do(t, http.MethodPut, g.endpoint+"/_emulator/callers/"+gcptest.Token, map[string]any{"invalid": true})
	g.breaks(t, script, "cannot be read with your credentials")
	g.person(t)
	g.breaks(t, strings.ReplaceAll(script, "us-central1-c", "us-central1-x"), "the zone us-central1-x is not there or not up")
}

// checkGCPNetwork looks at what the script made: a subnetwork that goes out by Cloud
// NAT, and one rule of the firewall, which lets in only what has the tag.
func checkGCPNetwork(t *testing.T, g *googleCloud, got *v1beta1.GCPLocation) {
	t.Helper()
	if got.ProjectID != gcptest.Project || !slices.Equal(got.Zones, []string{"us-central1-a", "us-central1-c"}) || got.Network != got.Subnetwork ||
		got.ServiceAccount != onboard.ServiceAccountID("main", "team-a", "gcp-iowa")+"@"+gcptest.Project+".iam.gserviceaccount.com" {
		t.Errorf("registered %+v", got)
	}
	compute := g.endpoint + "/compute/v1/projects/" + gcptest.Project
	router := gcptest.Do(t, http.MethodGet, compute+"/regions/us-central1/routers/"+got.Network, nil)
	if nats, _ := router["nats"].([]any); len(nats) != 1 || !strings.HasSuffix(router["network"].(string), "/"+got.Network) {
		t.Errorf("router = %v", router)
	}
	rules, _ := gcptest.Do(t, http.MethodGet, compute+"/global/firewalls", nil)["items"].([]any)
	rule, _ := rules[0].(map[string]any)
	if tags := []any{got.NetworkTags[0]}; len(rules) != 1 || rule["sourceRanges"] != nil || !reflect.DeepEqual(rule["sourceTags"], tags) || !reflect.DeepEqual(rule["targetTags"], tags) {
		t.Errorf("the firewall lets in %v", rules)
	}
}

func newProvider(t *testing.T, g *googleCloud, name string, at *v1beta1.GCPLocation, identity gcp.IdentityTokenRetriever) *gcp.Provider {
	t.Helper()
	p, err := gcp.New(t.Context(), gcp.Location{
		ClusterID: "main", Namespace: "team-a", Name: name, Region: gcptest.Region, ProjectID: at.ProjectID, Subnetwork: at.Subnetwork,
		NetworkTags: at.NetworkTags, ServiceAccount: at.ServiceAccount, WorkloadIdentityProvider: at.WorkloadIdentityProvider,
		IdentityToken: identity, Endpoint: g.endpoint,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testLeastPrivilege: the identity that the script made can do all that the
// provider does, by way of the token exchange, and nothing else.
func testLeastPrivilege(t *testing.T, g *googleCloud, at *v1beta1.GCPLocation) {
	identity := gcptest.IdentityToken(t, at.WorkloadIdentityProvider)
	p := newProvider(t, g, "gcp-iowa", at, identity)
	t.Run("contract", func(t *testing.T) {
		cloudtest.Run(t, cloudtest.Setup{
			Provider: p, Elsewhere: newProvider(t, g, "gcp-ohio", at, identity), InstanceType: "e2-standard-2", Zone: gcptest.Zone, UnknownID: gcptest.Zone + "/cast-unknown",
			UnknownImage: "projects/ubuntu-os-cloud/global/images/no-such-image", Settle: time.Minute,
		})
	})
	token := gcptest.AccessToken(t, g.endpoint, at.WorkloadIdentityProvider, at.ServiceAccount, identity)
	compute, project := g.endpoint+"/compute/v1/projects/"+at.ProjectID, g.endpoint+"/v1/projects/"+at.ProjectID
	for permission, request := range map[string]struct{ method, url string }{
		"compute.networks.create":               {http.MethodPost, compute + "/global/networks"},
		"compute.firewalls.create":              {http.MethodPost, compute + "/global/firewalls"},
		"compute.routers.delete":                {http.MethodDelete, compute + "/regions/us-central1/routers/" + at.Network},
		"compute.instances.start":               {http.MethodPost, compute + "/zones/us-central1-a/instances/m/start"},
		"resourcemanager.projects.get":          {http.MethodGet, project},
		"resourcemanager.projects.getIamPolicy": {http.MethodPost, project + ":getIamPolicy"},
		"iam.serviceAccounts.create":            {http.MethodPost, project + "/serviceAccounts"},
		"iam.serviceAccountKeys.create":         {http.MethodPost, project + "/serviceAccounts/" + at.ServiceAccount + "/keys"},
		"iam.roles.list":                        {http.MethodGet, project + "/roles"},
		"iam.workloadIdentityPools.list":        {http.MethodGet, project + "/locations/global/workloadIdentityPools"},
	} {
		body := map[string]any{"name": "x"}
		if request.method == http.MethodGet || !strings.Contains(request.url, "/compute/") {
			body = nil
		}
		status, answer := gcptest.TryAs(t, token, request.method, request.url, body)
		failure, _ := answer["error"].(map[string]any)
		if message, _ := failure["message"].(string); status != http.StatusForbidden || !strings.Contains(message, permission) {
			t.Errorf("%s %s: %d %v, want a refusal that names %s", request.method, request.url, status, answer, permission)
		}
	}
	thief := gcptest.SignedToken(t, jwt.RegisteredClaims{
		Issuer: gcptest.Issuer, Subject: "system:serviceaccount:default:thief", ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Hour)),
		Audience: jwt.ClaimStrings{"https://iam.googleapis.com/" + at.WorkloadIdentityProvider},
	})
	if err := newProvider(t, g, "gcp-iowa", at, thief).CheckCredentials(t.Context()); cloud.ClassOf(err) != cloud.ClassAuth || !strings.Contains(err.Error(), "attribute condition") {
		t.Errorf("another service account of the main cluster: %v", err)
	}
}
