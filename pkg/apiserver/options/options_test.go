// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestValidate(t *testing.T) {
	// The delegating options read kubeconfigs only when they are applied.
	for name, test := range map[string]struct {
		flags []string
		want  string // part of the error; empty: valid
	}{
		"embedded etcd": {flags: []string{"--data-dir=d", "--cluster-id=prod"}},
		"etcd cluster":  {flags: []string{"--etcd-servers=https://e:2379", "--cluster-id=prod", "--encryption-provider-config=k"}},
		"plain text":    {flags: []string{"--etcd-servers=https://e:2379", "--cluster-id=prod", "--encryption-at-rest=false"}},
		"no key":        {flags: []string{"--etcd-servers=https://e:2379", "--cluster-id=prod"}, want: "set --encryption-provider-config, the same file for every replica, or store in plain text with --encryption-at-rest=false"},
		"key or not":    {flags: []string{"--data-dir=d", "--cluster-id=prod", "--encryption-provider-config=k", "--encryption-at-rest=false"}, want: "exclude each other"},
		"quota":         {flags: []string{"--data-dir=d", "--cluster-id=prod", "--etcd-quota-backend-bytes=-1"}, want: "--etcd-quota-backend-bytes -1"},
		"URLs":          {flags: []string{"--data-dir=d", "--cluster-id=prod", "--public-url=https://h:6443/k8s", "--service-account-issuer=https://i"}},
		"no storage":    {flags: []string{"--cluster-id=prod"}, want: "set --data-dir (embedded etcd) or --etcd-servers"},
		"two storages":  {flags: []string{"--data-dir=d", "--etcd-servers=https://e:2379", "--cluster-id=prod"}, want: "exclude each other"},
		"protobuf":      {flags: []string{"--data-dir=d", "--cluster-id=prod", "--storage-media-type=application/vnd.kubernetes.protobuf"}, want: "no protobuf encoding"},
		"no cluster ID": {flags: []string{"--data-dir=d"}, want: "--cluster-id"},
		"cluster ID":    {flags: []string{"--data-dir=d", "--cluster-id=a;b"}, want: "--cluster-id"},
		"plain HTTP":    {flags: []string{"--data-dir=d", "--cluster-id=prod", "--public-url=http://h"}, want: "--public-url"},
		"issuer":        {flags: []string{"--data-dir=d", "--cluster-id=prod", "--service-account-issuer=issuer"}, want: "--service-account-issuer"},
		"controller":    {flags: []string{"--data-dir=d", "--cluster-id=prod", "--controller-url=https://c:8443", "--controller-ca-file=ca.crt"}},
		"no HTTPS":      {flags: []string{"--data-dir=d", "--cluster-id=prod", "--controller-url=http://c:8080"}, want: "--controller-url"},
		"CA alone":      {flags: []string{"--data-dir=d", "--cluster-id=prod", "--controller-ca-file=ca.crt"}, want: "--controller-ca-file is of no use"},
		"generic ones":  {flags: []string{"--data-dir=d", "--cluster-id=prod", "--secure-port=-1"}, want: "--secure-port"},
	} {
		t.Run(name, func(t *testing.T) {
			err := parse(t, test.flags...).Validate()
			if test.want == "" && err != nil {
				t.Errorf("%v, want valid", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestStandaloneRefuses(t *testing.T) {
	for flags, want := range map[string]string{
		"--bind-address=0.0.0.0":                         "--bind-address 0.0.0.0: --standalone serves on loopback only",
		"--bind-address=10.0.0.1":                        "--bind-address 10.0.0.1",
		"--kubeconfig=k":                                 "--kubeconfig k",
		"--authentication-kubeconfig=k":                  "--authentication-kubeconfig k",
		"--authorization-kubeconfig=k":                   "--authorization-kubeconfig k",
		"--client-ca-file=ca":                            "--client-ca-file ca",
		"--tls-cert-file=c --tls-private-key-file=k":     "--tls-private-key-file k",
		"--etcd-servers=https://e:2379":                  "--etcd-servers",
		"--kubeconfig=k --bind-address=::":               "--bind-address ::",
		"--bind-address=::1":                             "",
		"--data-dir=d --cluster-id=c --secure-port=9443": "",
	} {
		o := parse(t, append(strings.Fields(flags), "--standalone")...)
		err := o.Complete()
		if err == nil {
			err = o.Validate()
		}
		if want == "" && err != nil {
			t.Errorf("%s: %v, want valid", flags, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want an error with %q", flags, err, want)
		}
	}
}

// parse returns the options that the flags make.
func parse(t *testing.T, args ...string) *Options {
	t.Helper()
	o := NewOptions()
	flags := pflag.NewFlagSet(t.Name(), pflag.ContinueOnError)
	for _, set := range o.Flags().FlagSets {
		flags.AddFlagSet(set)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestServesLoopbackByDefault(t *testing.T) {
	if address := NewOptions().Recommended.SecureServing.BindAddress; !address.IsLoopback() {
		t.Errorf("the default of --bind-address is %s, want a loopback address", address)
	}
}
