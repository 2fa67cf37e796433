// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"crypto/tls"
	"maps"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/version"
)

// newConfig returns the configuration of a standalone server with the flags, on
// the etcd in the directory.
func newConfig(t *testing.T, dir string, flags ...string) *genericapiserver.Config {
	t.Helper()
	o := parse(t, append(flags, "--standalone", "--data-dir="+dir)...)
	var err error
	if o.Recommended.SecureServing.Listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Recommended.SecureServing.Listener.Close() })
	if err := o.Complete(); err != nil {
		t.Fatal(err)
	}
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	config, err := o.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &config.Generic.Config
}

// TestFlagsReachTheServer: an aggregated API server easily accepts flags of the
// library that have no effect.
func TestFlagsReachTheServer(t *testing.T) {
	file := func(name, content string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir := etcdtest.DataDir(t)
	member, err := etcd.Start(dir, etcd.DefaultQuotaBytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(member.Close)
	tracing := file("tracing.yaml", "apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: localhost:4317\n")
	tests := map[string]struct {
		got  func(*genericapiserver.Config) any
		want any
	}{
		"--shutdown-delay-duration=7s":                   {func(c *genericapiserver.Config) any { return c.ShutdownDelayDuration }, 7 * time.Second},
		"--shutdown-send-retry-after":                    {func(c *genericapiserver.Config) any { return c.ShutdownSendRetryAfter }, true},
		"--shutdown-watch-termination-grace-period=3s":   {func(c *genericapiserver.Config) any { return c.ShutdownWatchTerminationGracePeriod }, 3 * time.Second},
		"--goaway-chance=0.001":                          {func(c *genericapiserver.Config) any { return c.GoawayChance }, 0.001},
		"--max-requests-inflight=11":                     {func(c *genericapiserver.Config) any { return c.MaxRequestsInFlight }, 11},
		"--max-mutating-requests-inflight=12":            {func(c *genericapiserver.Config) any { return c.MaxMutatingRequestsInFlight }, 12},
		"--request-timeout=13s":                          {func(c *genericapiserver.Config) any { return c.RequestTimeout }, 13 * time.Second},
		"--min-request-timeout=14":                       {func(c *genericapiserver.Config) any { return c.MinRequestTimeout }, 14},
		"--livez-grace-period=15s":                       {func(c *genericapiserver.Config) any { return c.LivezGracePeriod }, 15 * time.Second},
		"--storage-initialization-timeout=16s":           {func(c *genericapiserver.Config) any { return c.StorageInitializationTimeout }, 16 * time.Second},
		"--external-hostname=omni.example.com":           {func(c *genericapiserver.Config) any { return c.ExternalAddress }, "omni.example.com"},
		"--advertise-address=10.1.2.3":                   {func(c *genericapiserver.Config) any { return c.PublicAddress.String() }, "10.1.2.3"},
		"--cors-allowed-origins=//a.example$":            {func(c *genericapiserver.Config) any { return c.CorsAllowedOriginList }, []string{"//a.example$"}},
		"--strict-transport-security-directives=preload": {func(c *genericapiserver.Config) any { return c.HSTSDirectives }, []string{"preload"}},
		"--profiling=false":                              {func(c *genericapiserver.Config) any { return c.EnableProfiling }, false},
		"--contention-profiling":                         {func(c *genericapiserver.Config) any { return c.EnableContentionProfiling }, true},
		"--http2-max-streams-per-connection=99":          {func(c *genericapiserver.Config) any { return c.SecureServing.HTTP2MaxStreamsPerConnection }, 99},
		"--disable-http2-serving":                        {func(c *genericapiserver.Config) any { return c.SecureServing.DisableHTTP2 }, true},
		"--tls-min-version=VersionTLS12":                 {func(c *genericapiserver.Config) any { return c.SecureServing.MinTLSVersion }, uint16(tls.VersionTLS12)},
		"--tls-cipher-suites=TLS_AES_128_GCM_SHA256":     {func(c *genericapiserver.Config) any { return c.SecureServing.CipherSuites }, []uint16{tls.TLS_AES_128_GCM_SHA256}},
		"--audit-log-path=-": {func(c *genericapiserver.Config) any {
			return c.AuditBackend != nil && c.AuditPolicyRuleEvaluator != nil
		}, true},
		"--tracing-config-file=" + tracing: {func(c *genericapiserver.Config) any {
			return strings.Contains(reflect.TypeOf(c.TracerProvider).String(), "noop")
		}, false},
	}
	config := newConfig(t, dir, slices.Collect(maps.Keys(tests))...)
	for flag, test := range tests {
		if got := test.got(config); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %v, want %v", flag, got, test.want)
		}
	}

	config = newConfig(t, dir)
	for name, test := range map[string]struct{ got, want any }{
		"TLS":           {config.SecureServing.MinTLSVersion, uint16(tls.VersionTLS13)},
		"streams":       {config.SecureServing.HTTP2MaxStreamsPerConnection, 1000}, // the aggregator has one connection
		"auditing":      {config.AuditBackend != nil, false},
		"version":       {config.EffectiveVersion.Info().GitVersion, version.Get().GitVersion},
		"OpenAPI":       {config.OpenAPIConfig.Info.Version, version.Get().GitVersion},
		"authorization": {config.Authorization.Authorizer != nil, true},
		"fairness":      {config.FlowControl != nil, false}, // there is no main cluster
	} {
		if !reflect.DeepEqual(test.got, test.want) {
			t.Errorf("the default of %s: %v, want %v", name, test.got, test.want)
		}
	}
}
