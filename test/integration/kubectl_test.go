// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cmd"
	"github.com/castai/omni/pkg/cmd/offboard"
	"github.com/castai/omni/pkg/cmd/onboard"
	"github.com/castai/omni/pkg/cmd/oracle"
	"github.com/castai/omni/pkg/cmd/shell"
	"github.com/castai/omni/pkg/cmd/target"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// person is at a terminal with kubectl omni.
type person struct {
	t       *testing.T
	server  *testServer
	user    string
	secrets corev1client.SecretInterface
	out     *bytes.Buffer
	told    *bytes.Buffer
}

func newPerson(t *testing.T, s *testServer, user string) *person {
	t.Helper()
	return &person{t: t, server: s, user: user, secrets: fake.NewClientset().CoreV1().Secrets(namespace), out: &bytes.Buffer{}, told: &bytes.Buffer{}}
}

func (p *person) target(name string) *target.Target {
	p.t.Helper()
	it, err := target.For(p.server.as(p.user), namespace, name)
	if err != nil {
		p.t.Fatal(err)
	}
	// This server has no Secrets: they are the main cluster's.
	it.Secrets = p.secrets
	return it
}

func (p *person) streams(answer string) genericiooptions.IOStreams {
	return genericiooptions.IOStreams{In: strings.NewReader(answer), Out: p.out, ErrOut: p.told}
}

func (p *person) onboard(name string, o onboard.Options, answer string) (*v1beta1.EdgeLocation, error) {
	o.Target, o.Streams = p.target(name), p.streams(answer)
	return o.Run(p.t.Context())
}

func (p *person) offboard(name string, o offboard.Options, answer string) error {
	o.Target, o.Streams = p.target(name), p.streams(answer)
	o.Timeout = time.Minute
	return o.Run(p.t.Context())
}

// kubectl runs kubectl omni with a kubeconfig, as a person does.
func (p *person) kubectl(args ...string) error {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "kubeconfig")
	kubeconfig, err := shell.Kubeconfig(p.server.as(p.user))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := clientcmd.WriteToFile(*kubeconfig, file); err != nil {
		p.t.Fatal(err)
	}
	command := cmd.New(p.streams(""))
	command.SetArgs(append(args, "--kubeconfig", file, "--namespace", namespace))
	return command.ExecuteContext(p.t.Context())
}

func newOCI(name string) *v1beta1.EdgeLocation {
	location := newLocation(name)
	location.Spec.Provider, location.Spec.Region = v1beta1.ProviderOCI, ocitest.Region
	return location
}

// startOCI starts an emulated Oracle Cloud and returns the flags that lead to it.
func startOCI(t *testing.T) (*ocitest.Cloud, oracle.Flags) {
	t.Helper()
	c, dir := ocitest.Start(t, clock.RealClock{}, 0, 0), t.TempDir()
	if err := c.Emulator.Administrator(dir); err != nil {
		t.Fatal(err)
	}
	return c, oracle.Flags{ConfigFile: filepath.Join(dir, "config"), Endpoint: c.Endpoint, CompartmentID: ocitest.CompartmentID}
}

// TestKubectlInOracleCloud on-boards a location and off-boards it again.
func TestKubectlInOracleCloud(t *testing.T) {
	s := newServer(t)
	c, flags := startOCI(t)
	first := c.Emulator.Count()
	p := newPerson(t, s, "admin")
	if _, err := s.client().OmniV1beta1().EdgeLocations(namespace).Create(t.Context(), newOCI("oci"), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.onboard("oci", onboard.Options{Oracle: flags}, "no\n"); err == nil || c.Emulator.Count()["vcns"] != first["vcns"] {
		t.Errorf("who says no: %v, %v", err, c.Emulator.Count())
	}
	if location, err := p.onboard("oci", onboard.Options{Oracle: flags, DryRun: true}, ""); err != nil || location != nil || !strings.Contains(p.told.String(), "NAT gateway") {
		t.Errorf("dry run = %v, %v: %s", location, err, p.told)
	}
	location, err := p.onboard("oci", onboard.Options{Oracle: flags}, "yes\n")
	if err != nil {
		t.Fatalf("%v: %s", err, p.told)
	}
	if location.Spec.OCI == nil || location.Spec.OCI.CompartmentID != ocitest.CompartmentID || location.Spec.Credentials.SecretRef.Name != "oci-oci" ||
		!meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionOnboarded) {
		t.Errorf("on board: %+v, %+v", location.Spec, location.Status.Conditions)
	}
	secret, err := p.secrets.Get(t.Context(), "oci-oci", metav1.GetOptions{})
	if err != nil || !strings.Contains(string(secret.Data["privateKey"]), "PRIVATE KEY") || len(secret.Data["fingerprint"]) != 47 || len(secret.Data["user"]) == 0 {
		t.Errorf("Secret: %v", err)
	}
	if strings.Contains(p.told.String()+p.out.String(), "PRIVATE KEY") {
		t.Error("the private key was shown")
	}
	vcn, err := c.Network(t).GetVcn(t.Context(), getVCN(location.Spec.OCI.VCNID))
	if err != nil || vcn.FreeformTags["omni-cast-ai/cluster-id"] != "test" {
		t.Errorf("VCN %+v, %v, want the server's name of the cluster on it", vcn.FreeformTags, err)
	}
	flags.CompartmentID = "" // it is registered
	if again, err := p.onboard("oci", onboard.Options{Oracle: flags, Yes: true}, ""); err != nil || again.ResourceVersion != location.ResourceVersion {
		t.Errorf("again: %v, %v", again, err)
	}

	wantError(t, p.offboard("oci", offboard.Options{Oracle: flags}, "yes\n"), "nothing was done", "--yes")
	broken := flags
	broken.ConfigFile = "/nowhere"
	t.Setenv("TMPDIR", t.TempDir())
	err = p.offboard("oci", offboard.Options{Oracle: broken}, "oci\n")
	wantError(t, err, "oci setup config", "bash "+os.TempDir())
	if _, err := p.target("oci").Get(t.Context()); !apierrors.IsNotFound(err) {
		t.Errorf("the location: %v, want it gone", err)
	}
	// What the saved script runs.
	gone := offboard.Options{Oracle: flags, ClusterID: "test", Region: ocitest.Region, VCNID: location.Spec.OCI.VCNID, Secret: "oci-oci"}
	gone.Oracle.CompartmentID = ocitest.CompartmentID
	saved, err := filepath.Glob(filepath.Join(os.TempDir(), "omni-offboard-oci-*.sh"))
	if err != nil || len(saved) != 1 {
		t.Fatalf("saved scripts: %q, %v", saved, err)
	}
	script, err := os.ReadFile(saved[0])
	for _, want := range []string{"--cluster-id 'test'", "--region '" + gone.Region, "--vcn '" + gone.VCNID, "--secret 'oci-oci'", "--compartment '" + gone.Oracle.CompartmentID} {
		if err != nil || !strings.Contains(string(script), want) {
			t.Errorf("the saved script has no %s: %v", want, err)
		}
	}
	wantError(t, p.offboard("oci", gone, "no\n"), "nothing was done")
	for range 2 {
		if err := p.offboard("oci", gone, "oci\n"); err != nil {
			t.Fatalf("%v: %s", err, p.told)
		}
	}
	for collection, n := range c.Emulator.Count() {
		if n != first[collection] {
			t.Errorf("%d %s are left, there were %d", n, collection, first[collection])
		}
	}
	if _, err := p.secrets.Get(t.Context(), "oci-oci", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the Secret: %v, want it gone", err)
	}
	wantError(t, p.offboard("oci", offboard.Options{Oracle: flags}, ""), "not found", "--cluster-id")
}

// TestKubectlRights: an onboarder, who may not write locations, is told what to set.
func TestKubectlRights(t *testing.T) {
	s := newServer(t)
	_, flags := startOCI(t)
	p := newPerson(t, s, "onboarder")
	bare, named := newOCI("bare"), newOCI("named")
	named.Spec.Credentials = &v1beta1.Credentials{SecretRef: &v1beta1.LocalSecretReference{Name: "keys"}}
	for _, location := range []*v1beta1.EdgeLocation{bare, named} {
		if _, err := s.client().OmniV1beta1().EdgeLocations(namespace).Create(t.Context(), location, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := p.onboard("bare", onboard.Options{Oracle: flags, Yes: true}, "")
	wantError(t, err, "spec.credentials.secretRef.name", "bare-oci", "goes on from there")
	if location, err := p.onboard("named", onboard.Options{Oracle: flags, Yes: true}, ""); err != nil || location.Spec.OCI == nil {
		t.Errorf("with a Secret named: %+v, %v", location, err)
	}
	register := func(spec v1beta1.OnboardingSpec) error { return p.target("named").Register(t.Context(), spec) }
	wantError(t, register(v1beta1.OnboardingSpec{AWS: newAWS()}), "spec.oci")
	registered := s.location(t, "named").Spec.OCI
	wantError(t, register(v1beta1.OnboardingSpec{AWS: newAWS(), OCI: registered}), "spec.aws", "OCI")
	elsewhere := *registered
	elsewhere.VCNID = "ocid1.vcn.oc1.iad.aaaa"
	wantError(t, register(v1beta1.OnboardingSpec{OCI: &elsewhere}), "spec.oci.vcnID")
	_, err = newPerson(t, s, "viewer").onboard("named", onboard.Options{Oracle: flags, Yes: true}, "")
	wantError(t, err, "omni-onboarder")
	_, err = p.onboard("named", onboard.Options{WithToken: true, Print: true, Expiration: time.Hour}, "")
	wantError(t, err, "without a token", "kubectl omni onboard named")
	_, err = p.onboard("missing", onboard.Options{}, "")
	wantError(t, err, "not found")
}

// TestKubectlScripts: in AWS the server's script is shown, handed out or run.
func TestKubectlScripts(t *testing.T) {
	s := newServer(t)
	p := newPerson(t, s, "admin")
	s.createLocation(t, "aws")
	script := v1beta1.OnboardScriptOptions{VPCCIDR: "10.9.0.0/16"}
	if _, err := p.onboard("aws", onboard.Options{Print: true, Script: script}, ""); err != nil || !strings.HasPrefix(p.out.String(), "#!/usr/bin/env bash") || !strings.Contains(p.out.String(), "10.9.0.0/16") {
		t.Errorf("--print: %v: %.80s", err, p.out)
	}
	printed := p.out.String()
	p.out.Reset()
	if err := p.kubectl("onboard", "aws", "--print", "--vpc-cidr", "10.9.0.0/16"); err != nil || p.out.String() != printed {
		t.Errorf("kubectl omni onboard --print: %v: %.80s", err, p.out)
	}
	wantError(t, p.kubectl("onboard", "aws", "--print", "--dry-run"), "print", "dry-run")
	wantError(t, p.kubectl("offboard", "aws", "--cluster-id", "c"), "region")
	wantError(t, p.kubectl("offboard", "nowhere"), "not found")
	file := filepath.Join(t.TempDir(), "onboard.sh")
	handOut := onboard.Options{WithToken: true, OutputFile: file, Expiration: 10 * time.Minute, Script: script}
	if _, err := p.onboard("aws", handOut, ""); err != nil || !strings.Contains(p.told.String(), "holds a secret") {
		t.Errorf("--with-token: %v: %s", err, p.told)
	}
	info, err := os.Stat(file)
	content, readErr := os.ReadFile(file)
	if err != nil || readErr != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(content), "omni1.") {
		t.Errorf("file: %v, %v, %v", info, err, readErr)
	}
	if strings.Contains(p.out.String()+p.told.String(), "omni1.") {
		t.Error("the token was shown")
	}
	_, err = p.onboard("aws", handOut, "")
	wantError(t, err, "--output-file", "exists")
	_, err = p.onboard("aws", onboard.Options{WithToken: true}, "")
	wantError(t, err, "--print")
	_, err = p.onboard("aws", onboard.Options{SubnetIDs: []string{"s"}}, "")
	wantError(t, err, "--subnet is for locations in OCI")

	// The script is run: it misses the AWS CLI.
	tools := t.TempDir()
	for _, tool := range []string{"bash", "kubectl"} {
		if err := os.Symlink("/usr/bin/"+tool, filepath.Join(tools, tool)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", tools)
	_, err = p.onboard("aws", onboard.Options{Yes: true}, "")
	wantError(t, err, "exit status 1", "goes on from there")
	if !strings.Contains(p.told.String(), "aws is not installed") {
		t.Errorf("progress: %s", p.told)
	}
	p.out.Reset()
	if err := p.offboard("aws", offboard.Options{Print: true}, ""); err != nil || !strings.HasPrefix(p.out.String(), "#!/usr/bin/env bash") {
		t.Errorf("offboard --print: %v", err)
	}
	template := newTemplate("uses-aws", "aws")
	if _, err := s.client().OmniV1beta1().NodeTemplates(namespace).Create(t.Context(), template, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	err = p.offboard("aws", offboard.Options{Yes: true}, "")
	saved, globErr := filepath.Glob(filepath.Join(os.TempDir(), "*"))
	wantError(t, err, "uses-aws")
	if globErr != nil || len(saved) > 0 {
		t.Errorf("left %q, %v", saved, globErr)
	}
}

func getVCN(id string) core.GetVcnRequest { return core.GetVcnRequest{VcnId: &id} }
