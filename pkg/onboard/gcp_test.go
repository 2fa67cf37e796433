// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// iowa is the location in Google Cloud.
func iowa() Place {
	p := location()
	p.Provider, p.Location, p.Region = v1beta1.ProviderGCP, "gcp-iowa", "us-central1"
	return p
}

func gcpParameters() Parameters {
	p := parameters()
	p.Place = iowa()
	p.OnboardingURL = strings.Replace(p.OnboardingURL, "aws-oregon", "gcp-iowa", 1)
	return p
}

// gcpBrought is a network of one's own, in a project that is registered.
func gcpBrought() Parameters {
	p := gcpParameters()
	p.Zones = []string{"us-central1-a", "us-central1-f"}
	p.Network, p.Subnetwork = "edges", "edges-iowa"
	p.Place.Issuer = withToken().Place.Issuer
	p.CABundle, p.Token = withToken().CABundle, withToken().Token
	p.GCP.ProjectID = "my-project-123456"
	return p
}

func gcpOffboardParameters() OffboardParameters {
	return OffboardParameters{Place: iowa(), GCP: GCPRegistered{
		ProjectID: "my-project-123456", Network: "omni-gcp-iowa-47c0f0ab",
		ServiceAccount: "omni-47c0f0ab47c0f0ab47c0@my-project-123456.iam.gserviceaccount.com",
	}}
}

func TestInvalidGCP(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Parameters)
		want   string
	}{
		"region":              {func(p *Parameters) { p.Place.Region = "us-central1-a" }, "Region"},
		"zone elsewhere":      {func(p *Parameters) { p.Zones = []string{"us-east1-b"} }, "Zones[0]"},
		"zone of a longer":    {func(p *Parameters) { p.Zones = []string{"us-central1-a", "us-central10-b"} }, "Zones[1]"},
		"network":             {func(p *Parameters) { p.Network, p.Subnetwork = "a'b", "edges" }, "Network"},
		"subnetwork":          {func(p *Parameters) { p.Network, p.Subnetwork = "edges", "$(id)" }, "Subnetwork"},
		"half a network":      {func(p *Parameters) { p.Network = "edges" }, "go together"},
		"other half":          {func(p *Parameters) { p.Subnetwork = "edges" }, "go together"},
		"host in the range":   {func(p *Parameters) { p.VPCCIDR = "10.0.0.1/16" }, "VPCCIDR"},
		"registered project":  {func(p *Parameters) { p.GCP.ProjectID = "p; rm" }, "GCP.ProjectID"},
		"issuer without TLS":  {func(p *Parameters) { p.Place.Issuer = "http://oidc.example.com" }, "Issuer"},
		"quote in CEL":        {func(p *Parameters) { p.Subject = "x' || 'a' == 'a" }, "Subject"},
		"URL of another kind": {func(p *Parameters) { p.OnboardingURL = "https://x/y" }, "OnboardingURL"},
	} {
		t.Run(name, func(t *testing.T) {
			p := gcpParameters()
			tc.change(&p)
			if _, err := Render(p); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error about %s", err, tc.want)
			}
		})
	}
	for name, registered := range map[string]GCPRegistered{
		"ProjectID": {ProjectID: "$(id)"}, "Network": {Network: "a b"}, "ServiceAccount": {ServiceAccount: "a@b'"},
	} {
		if _, err := RenderOffboard(OffboardParameters{Place: iowa(), GCP: registered}); err == nil || !strings.Contains(err.Error(), "GCP."+name) {
			t.Errorf("off-boarding: got %v, want an error about %s", err, name)
		}
	}
}

// TestGCPNames fit Google's limits, for the longest names that there can be.
func TestGCPNames(t *testing.T) {
	p := iowa()
	p.ClusterID, p.Namespace, p.Location = strings.Repeat("c", 128), strings.Repeat("n", 63), strings.Repeat("l", maxLocation)
	v, err := newGCPPlace(p, GCPRegistered{})
	if err != nil {
		t.Fatal(err)
	}
	description := len("OMNI edge location / of cluster ") + len(p.ClusterID) + len(p.Namespace) + len(p.Location)
	if len(v.Name) > 63 || len(v.AccountID) > 30 || len(v.RoleID+"_2") > 64 || description > 256 {
		t.Errorf("%+v, and a description of %d characters", v, description)
	}
	dots := iowa()
	dots.Location = "1.iowa"
	if v, err := newGCPPlace(dots, GCPRegistered{}); err != nil || !gcpName.MatchString(v.Name) {
		t.Errorf("%s is no name in Google Cloud, %v", v.Name, err)
	}
}

// FuzzRenderGCP puts any text in the fields of both scripts: either it is refused,
// or bash reads what was meant.
func FuzzRenderGCP(f *testing.F) {
	hostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		for name, change := range map[string]func(*Parameters){
			"LOCATION":           func(p *Parameters) { p.Place.Location = s },
			"NAMESPACE":          func(p *Parameters) { p.Place.Namespace = s },
			"CLUSTER_ID":         func(p *Parameters) { p.Place.ClusterID = s },
			"REGION":             func(p *Parameters) { p.Place.Region = s },
			"ISSUER":             func(p *Parameters) { p.Place.Issuer = "https://" + s },
			"SUBJECT":            func(p *Parameters) { p.Subject = s },
			"NETWORK":            func(p *Parameters) { p.Network, p.Subnetwork = s, "edges" },
			"SUBNETWORK":         func(p *Parameters) { p.Network, p.Subnetwork = "edges", s },
			"REGISTERED_PROJECT": func(p *Parameters) { p.GCP.ProjectID = s },
		} {
			p := gcpParameters()
			change(&p)
			want := s
			if name == "ISSUER" {
				want = "https://" + s
			}
			if script, err := Render(p); err == nil {
				assigned(t, script, map[string]string{name: want})
			}
		}
		for name, registered := range map[string]GCPRegistered{
			"REGISTERED_NETWORK": {Network: s}, "REGISTERED_ACCOUNT": {ServiceAccount: s},
		} {
			if script, err := RenderOffboard(OffboardParameters{Place: iowa(), GCP: registered}); err == nil {
				assigned(t, script, map[string]string{name: s})
			}
		}
	})
}
