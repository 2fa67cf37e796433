// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/test/tool"
)

var update = flag.Bool("update", false, "write the golden files")

func location() Place {
	return Place{
		Provider:  v1beta1.ProviderAWS,
		ClusterID: "8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d",
		Namespace: "team-a",
		Location:  "aws-oregon",
		Region:    "us-west-2",
		Issuer:    "https://oidc.example.com/id/MAIN",
	}
}

func parameters() Parameters {
	return Parameters{
		Place:         location(),
		Subject:       "system:serviceaccount:omni-system:omni-controller",
		OnboardingURL: "https://omni.example.com/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/aws-oregon/onboarding",
	}
}

func withToken() Parameters {
	p := parameters()
	p.Zones = []string{"us-west-2a", "us-west-2b"}
	p.VPCCIDR = "10.9.0.0/20"
	p.Place.Issuer = "https://kubernetes.default.svc.cluster.local"
	p.CABundle = []byte("# our own\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")
	p.Token = "registration-token"
	return p
}

func offboardParameters() OffboardParameters {
	return OffboardParameters{
		Place: location(), AWS: AWSRegistered{
			AccountID: "123456789012", VPCID: "vpc-0a1b2c3d4e5f60718", RoleARN: "arn:aws:iam::123456789012:role/omni-aws-oregon-d4a06b0e",
		},
	}
}

func TestGolden(t *testing.T) {
	for name, render := range map[string]func() (string, error){
		"aws.golden.sh":          func() (string, error) { return Render(parameters()) },
		"aws-token.golden.sh":    func() (string, error) { return Render(withToken()) },
		"aws-offboard.golden.sh": func() (string, error) { return RenderOffboard(offboardParameters()) },
		"gcp.golden.sh":          func() (string, error) { return Render(gcpParameters()) },
		"gcp-token.golden.sh":    func() (string, error) { return Render(gcpBrought()) },
		"gcp-offboard.golden.sh": func() (string, error) { return RenderOffboard(gcpOffboardParameters()) },
		"oci.golden.sh": func() (string, error) {
			return Render(Parameters{Place: phoenix(), OnboardingURL: parameters().OnboardingURL, Subject: "s"})
		},
		"oci-offboard.golden.sh": func() (string, error) { return RenderOffboard(OffboardParameters{Place: phoenix(), OCI: inPhoenix}) },
	} {
		t.Run(name, func(t *testing.T) {
			got, err := render()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the script is not %s; look at the difference after go test ./pkg/onboard -update", file)
			}
			shellcheck(t, file)
		})
	}
}

func shellcheck(t *testing.T, file string) {
	t.Helper()
	if out, err := exec.Command(tool.Path(t, "shellcheck"), "--enable=quote-safe-variables", file).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

func TestSecretsAndVariants(t *testing.T) {
	with, err := Render(withToken())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(with, "registration-token"); n != 1 {
		t.Errorf("the token stands %d times in the script", n)
	}
	if !strings.Contains(with, "warning: AWS must be able to read") {
		t.Error("no warning about a private issuer")
	}
	without, err := Render(parameters())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"TOKEN", "| curl", "warning"} {
		if strings.Contains(without, word) {
			t.Errorf("%s in the script without a token", word)
		}
	}
}

func TestInvalid(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Parameters)
		want   string
	}{
		"no such cloud":      {func(p *Parameters) { p.Place.Provider = "IBM" }, "Provider"},
		"no cluster":         {func(p *Parameters) { p.Place.ClusterID = "" }, "ClusterID"},
		"quote in namespace": {func(p *Parameters) { p.Place.Namespace = "a'b" }, "Namespace"},
		"newline":            {func(p *Parameters) { p.Place.Location = "a\nb" }, "Location"},
		"long location":      {func(p *Parameters) { p.Place.Location = strings.Repeat("a", 31) }, "Location"},
		"region":             {func(p *Parameters) { p.Place.Region = "us-west-2; rm" }, "Region"},
		"zone elsewhere":     {func(p *Parameters) { p.Zones = []string{"us-east-1a"} }, "Zones[0]"},
		"zone without part":  {func(p *Parameters) { p.Zones = []string{"us-west-2a", "us-west-2p"} }, "Zones[1]"},
		"small VPC":          {func(p *Parameters) { p.VPCCIDR = "10.0.0.0/25" }, "VPCCIDR"},
		"large VPC":          {func(p *Parameters) { p.VPCCIDR = "10.0.0.0/8" }, "VPCCIDR"},
		"host in VPC":        {func(p *Parameters) { p.VPCCIDR = "10.0.0.1/16" }, "VPCCIDR"},
		"IPv6":               {func(p *Parameters) { p.VPCCIDR = "fd00::/16" }, "VPCCIDR"},
		"http issuer":        {func(p *Parameters) { p.Place.Issuer = "http://oidc.example.com" }, "Issuer"},
		"subject":            {func(p *Parameters) { p.Subject = "system serviceaccount" }, "Subject"},
		"http URL":           {func(p *Parameters) { p.OnboardingURL = "http://x/onboarding" }, "OnboardingURL"},
		"URL with password":  {func(p *Parameters) { p.OnboardingURL = "https://u:secret@x/onboarding" }, "OnboardingURL"},
		"other URL":          {func(p *Parameters) { p.OnboardingURL = "https://x/y" }, "OnboardingURL"},
		"no PEM":             {func(p *Parameters) { p.CABundle = []byte("CERTIFICATE") }, "CABundle"},
		"token":              {func(p *Parameters) { p.Token = `secret"` }, "Token"},
	} {
		t.Run(name, func(t *testing.T) {
			p := parameters()
			tc.change(&p)
			_, err := Render(p)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error about %s", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func TestInvalidOffboard(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*OffboardParameters)
		want   string
	}{
		"namespace": {func(p *OffboardParameters) { p.Place.Namespace = "a;b" }, "Namespace"},
		"account":   {func(p *OffboardParameters) { p.AWS.AccountID = "$(id)" }, "AccountID"},
		"VPC":       {func(p *OffboardParameters) { p.AWS.VPCID = "vpc-0a1b2c3d'" }, "VPCID"},
		"role":      {func(p *OffboardParameters) { p.AWS.RoleARN = "arn:aws:iam::123456789012:role/a b" }, "RoleARN"},
	} {
		p := offboardParameters()
		tc.change(&p)
		if _, err := RenderOffboard(p); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error about %s", name, err, tc.want)
		}
	}
}

func TestNetwork(t *testing.T) {
	for cidr, want := range map[string][3]string{ // public, zone a, zone o
		"10.77.0.0/16":   {"10.77.0.0/28", "10.77.16.0/20", "10.77.240.0/20"},
		"10.9.64.0/20":   {"10.9.64.0/28", "10.9.65.0/24", "10.9.79.0/24"},
		"192.168.5.0/24": {"192.168.5.0/28", "192.168.5.16/28", "192.168.5.240/28"},
	} {
		p := parameters()
		p.VPCCIDR = cidr
		view, err := newAWSOnboarding(p, registration{})
		if err != nil {
			t.Fatal(err)
		}
		v := view.(*awsOnboarding)
		if got := [3]string{v.PublicCIDR, v.PrivateCIDRs[0], v.PrivateCIDRs[14]}; got != want {
			t.Errorf("%s: got %v, want %v", cidr, got, want)
		}
	}
}

// FuzzQuote sends any text through bash: it comes out as it went in, as one word,
// and nothing else happens.
func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a b", "it's", `'; exit 7; '`, "$(exit 7)", "`exit 7`", "\\", `\'`, "-n", "!!", "*", "a\nb", "é", "\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted, err := quote(s)
		if err != nil {
			if printable(s) == nil {
				t.Errorf("%q is refused: %v", s, err)
			}
			return
		}
		out, err := exec.Command("bash", "-c", "set -- "+quoted+`; printf '%s|%s' "$#" "$1"`).Output()
		if err != nil || string(out) != "1|"+s {
			t.Errorf("%q became %q, %v", s, out, err)
		}
	})
}

// FuzzRender puts any text in a field that is free: either it is refused, or the
// script is still the one that bash parses into the same commands.
func FuzzRender(f *testing.F) {
	hostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		p := parameters()
		p.OnboardingURL = "https://omni.example.com/" + s + "/onboarding"
		script, err := Render(p)
		if err != nil {
			return
		}
		r, _ := newRegistration(p)
		assigned(t, script, map[string]string{"ONBOARDING_PATH": r.OnboardingPath})
	})
}

// FuzzRenderOffboard puts any texts in the fields of the offboarding script.
func FuzzRenderOffboard(f *testing.F) {
	hostile(f)
	f.Fuzz(func(t *testing.T, s string) {
		for name, p := range map[string]OffboardParameters{
			"LOCATION":           {Place: Place{v1beta1.ProviderAWS, "main", "team-a", s, "us-west-2", "https://oidc.example.com"}},
			"NAMESPACE":          {Place: Place{v1beta1.ProviderAWS, "main", s, "aws", "us-west-2", "https://oidc.example.com"}},
			"CLUSTER_ID":         {Place: Place{v1beta1.ProviderAWS, s, "team-a", "aws", "us-west-2", "https://oidc.example.com"}},
			"REGION":             {Place: Place{v1beta1.ProviderAWS, "main", "team-a", "aws", s, "https://oidc.example.com"}},
			"ISSUER_HOST":        {Place: Place{v1beta1.ProviderAWS, "main", "team-a", "aws", "us-west-2", "https://" + s}},
			"REGISTERED_ACCOUNT": {Place: location(), AWS: AWSRegistered{AccountID: s}},
			"REGISTERED_VPC":     {Place: location(), AWS: AWSRegistered{VPCID: s}},
			"REGISTERED_ROLE":    {Place: location(), AWS: AWSRegistered{RoleARN: s}},
		} {
			if script, err := RenderOffboard(p); err == nil {
				assigned(t, script, map[string]string{name: s})
			}
		}
	})
}

// hostile seeds a fuzz target.
func hostile(f *testing.F) {
	for _, s := range []string{
		"x", "'", "'; touch /tmp/x; '", "$(id)", "\n", "a/b?c#d", "%27", "us-east-1", "123456789012", "vpc-0a1b2c3d",
		"arn:aws:iam::123456789012:role/a'b", "issuer.example.com/id/A", "a-\x00", "a`id`", "${HOME}", "-x", "é",
	} {
		f.Add(s)
	}
}

// assigned checks with bash what the script assigns to its constants. Up to the
// functions there are assignments only, and the rest is parsed but not run.
func assigned(t *testing.T, script string, want map[string]string) {
	t.Helper()
	if out, err := exec.Command("bash", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("bash does not parse the script: %v\n%s", err, out)
	}
	head, _, _ := strings.Cut(script, "\nexport ")
	for name, value := range want {
		out, err := exec.Command("bash", "-c", head+"\n"+`printf '%s' "$`+name+`"`).CombinedOutput()
		if err != nil || string(out) != value {
			t.Errorf("%s: %q became %q, %v", name, value, out, err)
		}
	}
}
