// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package awstest starts the emulated AWS of a test: a real moto and the strict
// proxy in front of it.
package awstest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"

	emulator "github.com/castai/omni/test/emulator/aws"
	"github.com/castai/omni/test/tool"
)

// Region of the configs this package hands out.
const Region = "us-west-2"

// startTimeout is generous: moto needs 3 s alone and much more on a busy machine.
const startTimeout = 2 * time.Minute

// StartMoto starts moto_server on a free port of 127.0.0.1, with all the validation
// it has, and returns its URL. It ends with the test.
func StartMoto(t testing.TB) *url.URL {
	t.Helper()
	address := freeAddress(t)
	cmd := exec.Command(tool.Path(t, "moto_server"), "-H", "127.0.0.1", "-p", fmt.Sprint(address.Port))
	// https://docs.getmoto.org/en/latest/docs/configuration/environment_variables.html
	cmd.Env = append(os.Environ(),
		"MOTO_ENABLE_AMI_VALIDATION=true",
		"MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION=true",
		"MOTO_ENABLE_KEYPAIR_VALIDATION=true")
	log, err := os.Create(t.TempDir() + "/moto.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	// A wrapper (pyenv's shim) may sit between us and moto: end the whole group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(cmd) })
	u := &url.URL{Scheme: "http", Host: address.String()}
	if err := waitOK(t.Context(), u.String()+"/moto-api/data.json"); err != nil {
		out, _ := os.ReadFile(log.Name())
		t.Fatalf("moto_server does not answer at %s: %v\n%s", u, err, out)
	}
	return u
}

// StartEmulator starts moto and the proxy and returns the proxy's URL.
func StartEmulator(t testing.TB) string {
	t.Helper()
	return StartEmulatorWithClock(t, clock.RealClock{})
}

// StartEmulatorWithClock is StartEmulator with a clock of the test's own.
func StartEmulatorWithClock(t testing.TB, clk clock.Clock) string {
	t.Helper()
	moto := StartMoto(t)
	path, err := emulator.FindModel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	model, err := emulator.LoadModel(path)
	if err != nil {
		t.Fatal(err)
	}
	handler, err := emulator.New(moto, model, clk)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// Config returns an SDK config for the emulator, with throw-away credentials.
func Config(endpoint string) aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

func freeAddress(t testing.TB) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr)
}

func end(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) // gone already is fine
	_ = cmd.Wait()                                      // it ends by our signal
}

func waitOK(ctx context.Context, u string) error {
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, startTimeout, true, func(ctx context.Context) (bool, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
		if err != nil {
			return false, err
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return false, nil //nolint:nilerr // not listening yet
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK, nil
	})
}
