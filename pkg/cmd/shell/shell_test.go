// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package shell_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/castai/omni/pkg/cmd/shell"
)

func TestDescription(t *testing.T) {
	for script, want := range map[string]string{
		"#!/usr/bin/env bash\n# Makes a network\n#\n# and a role.\nset -e\n# not this\n": "Makes a network\n\nand a role.",
		"#!/bin/sh\n": "",
		"":            "",
	} {
		if got := shell.Description(script); got != want {
			t.Errorf("Description(%q) = %q, want %q", script, got, want)
		}
	}
}

func TestConfirm(t *testing.T) {
	for answer, ok := range map[string]bool{"yes\n": true, " yes \n": true, "yes": true, "y\n": false, "\n": false, "": false, "yes please\n": false} {
		out := &bytes.Buffer{}
		err := shell.Confirm(genericiooptions.IOStreams{In: strings.NewReader(answer), ErrOut: out}, "Go on?", "yes")
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "--yes") || out.String() != "Go on? " {
			t.Errorf("Confirm(%q) = %v after %q", answer, err, out)
		}
	}
}

// config has all that a kubeconfig can say of a cluster and a user.
func config() *rest.Config {
	return &rest.Config{
		Host: "https://127.0.0.1:6443", DisableCompression: true,
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte("ca"), CertData: []byte("cert"), KeyData: []byte("key"), ServerName: "main"},
		BearerToken:     "token", Username: "u", Password: "p",
		Impersonate:  rest.ImpersonationConfig{UserName: "jane", UID: "7", Groups: []string{"team-a"}, Extra: map[string][]string{"scopes": {"view"}}},
		ExecProvider: &clientcmdapi.ExecConfig{APIVersion: "client.authentication.k8s.io/v1", Command: "login", Args: []string{"x"}, InteractiveMode: "Never"},
	}
}

// TestKubeconfig: what is read back leads to the same cluster as the same user.
func TestKubeconfig(t *testing.T) {
	token, password := config(), config()
	token.ExecProvider, token.Username, token.Password = nil, "", ""
	password.ExecProvider, password.BearerToken = nil, ""
	exec := config()
	exec.BearerToken, exec.Username, exec.Password = "", "", ""
	exec.CertData, exec.KeyData = nil, nil
	for name, want := range map[string]*rest.Config{"token": token, "password": password, "exec": exec} {
		kubeconfig, err := shell.Kubeconfig(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := clientcmd.NewDefaultClientConfig(*kubeconfig, nil).ClientConfig()
		if err != nil {
			t.Fatal(err)
		}
		if got.ExecProvider != nil {
			got.ExecProvider.StdinUnavailable, got.ExecProvider.InstallHint = false, ""
			got.ExecProvider.Config, got.ExecProvider.ProvideClusterInfo = nil, false
		}
		got.UserAgent = ""
		if !apiequality.Semantic.DeepEqual(got, want) {
			t.Errorf("%s: read back\n%#v, want\n%#v", name, got, want)
		}
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	out := &bytes.Buffer{}
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &bytes.Buffer{}, ErrOut: out}
	err := shell.Run(t.Context(), `grep -c 127.0.0.1:6443 "$KUBECONFIG"; stat -c %a "$KUBECONFIG" "$0"`, config(), streams)
	if err != nil || out.String() != "1\n600\n600\n" {
		t.Errorf("Run = %v, %q", err, out)
	}
	if err := shell.Run(t.Context(), "exit 3", config(), streams); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Run of a script that fails = %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left %q, %v", left, err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := shell.Run(t.Context(), "true", config(), streams); err == nil || !strings.Contains(err.Error(), "bash 4.4") {
		t.Errorf("Run without bash = %v", err)
	}
}

// TestInterrupt: a script hears of an interrupt and says how it ended.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	go func() {
		// The script has begun when it says so.
		if _, err := reader.Read(make([]byte, 5)); err == nil {
			cancel()
		}
	}()
	err = shell.Run(ctx, "sleep infinity & trap \"kill $!; exit 7\" INT\necho begun\nwait", config(),
		genericiooptions.IOStreams{In: strings.NewReader(""), ErrOut: writer})
	writer.Close()
	if err == nil || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("Run = %v, want the script's own end", err)
	}
}
