// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/generated/informers/externalversions"
	listers "github.com/castai/omni/pkg/generated/listers/omni/v1beta1"
	"github.com/castai/omni/pkg/peering"
	testlab "github.com/castai/omni/test/lab"
	"github.com/castai/omni/test/lab/labtest"
)

// labUnderTest is a lab that is up, and the clients of what is in it.
type labUnderTest struct {
	dir string
	// env is what the lab tells a shell to use.
	env map[string]string
	// main and edge are the administrators' clients of the two clusters.
	main, edge client.Client
	// teamA and teamB are clients of omni.cast.ai, by the aggregator.
	teamA, teamB *versioned.Clientset
	// locations and edges are caches of omni.cast.ai, filled by the aggregator.
	locations listers.EdgeLocationLister
	edges     listers.EdgeLister
	clouds    *cloudsOfLab
}

// openLab makes the clients of a lab that is up. Its caches live as long as ctx.
func openLab(ctx context.Context, dir string) (*labUnderTest, error) {
	l := &labUnderTest{dir: dir}
	if err := l.readEnv(ctx); err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, peering.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	for kubeconfig, c := range map[string]*client.Client{"admin": &l.main, "edge": &l.edge} {
		config, err := l.config(kubeconfig)
		if err != nil {
			return nil, err
		}
		if *c, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
			return nil, err
		}
	}
	for kubeconfig, c := range map[string]**versioned.Clientset{"team-a": &l.teamA, "team-b": &l.teamB} {
		config, err := l.config(kubeconfig)
		if err != nil {
			return nil, err
		}
		if *c, err = versioned.NewForConfig(config); err != nil {
			return nil, err
		}
	}
	var err error
	if l.clouds, err = openClouds(ctx, l.env); err != nil {
		return nil, err
	}
	return l, l.startInformers(ctx)
}

// startInformers fills the caches as team A, which may see its namespace only.
func (l *labUnderTest) startInformers(ctx context.Context) error {
	factory := externalversions.NewSharedInformerFactoryWithOptions(l.teamA, 0, externalversions.WithNamespace(teamA))
	kinds := factory.Omni().V1beta1()
	l.locations, l.edges = kinds.EdgeLocations().Lister(), kinds.Edges().Lister()
	kinds.EdgeLocations().Informer()
	if _, err := kinds.Edges().Informer().AddEventHandler(history); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("the cache of %s did not fill", kind)
		}
	}
	return nil
}

func (l *labUnderTest) config(name string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", l.kubeconfig(name))
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // tests wait for the servers, not for their own throttle
	return config, nil
}

// program runs commands on the lab.
func (l *labUnderTest) program() testlab.Lab { return testlab.Lab{Root: labtest.Root, Dir: l.dir} }

func (l *labUnderTest) kubeconfig(name string) string {
	return filepath.Join(l.dir, name+".kubeconfig")
}

// readEnv lets a shell read what is written for shells.
func (l *labUnderTest) readEnv(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "bash", "-c", `source "$1" && env -0`, "bash", filepath.Join(l.dir, "env")).Output()
	if err != nil {
		return fmt.Errorf("there is no lab in %s: %w", l.dir, err)
	}
	l.env = map[string]string{}
	for variable := range bytes.SplitSeq(out, []byte{0}) {
		if name, value, ok := strings.Cut(string(variable), "="); ok {
			l.env[name] = value
		}
	}
	return nil
}

// shell returns a command with the lab's environment, as a user has it who is
// signed in with the kubeconfig.
func (l *labUnderTest) shell(ctx context.Context, kubeconfig, name string, args ...string) *exec.Cmd {
	// The lab's PATH has the kubectl of the clusters' version.
	cmd := l.program().Run(ctx, "env", append([]string{"PATH=" + l.env["PATH"], name}, args...)...)
	cmd.Env = os.Environ()
	for name, value := range l.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, "KUBECONFIG="+l.kubeconfig(kubeconfig))
	return cmd
}

// do runs a command of the lab, for example "stop", "omni-controller".
func (l *labUnderTest) do(t *testing.T, args ...string) {
	t.Helper()
	if out, err := l.program().Command(t.Context(), args...).CombinedOutput(); err != nil {
		t.Fatalf("lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// restart starts a process of the lab at the end of a test that stopped it.
func (l *labUnderTest) restart(t *testing.T, name string) {
	t.Cleanup(func() {
		if out, err := l.program().Command(context.Background(), "start", name).CombinedOutput(); err != nil {
			t.Errorf("lab start %s: %v\n%s", name, err, out)
		}
	})
}
