// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestEndpoints: credentials go to none but those that can be trusted with them.
func TestEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://gateway.example.test":     "",
		"https://10.0.0.1:8443/":           "",
		"http://127.0.0.1:5560":            "",
		"http://[::1]:5560":                "",
		"http://10.0.0.1:5560":             "use https",
		"http://localhost.example.test":    "use https",
		"ftp://127.0.0.1":                  "use https",
		"127.0.0.1:5560":                   "127.0.0.1:5560",
		"https://":                         "https://HOST",
		"https://u:s3cr3t@example.test":    "https://HOST",
		"https://example.test/compute/v1/": "https://HOST",
		"https://example.test/?a=b":        "https://HOST",
	} {
		for _, flag := range []string{"--gcp-endpoint", "--oci-endpoint"} {
			o := NewOptions()
			fs := pflag.NewFlagSet("", pflag.ContinueOnError)
			o.AddFlags(fs)
			if err := fs.Parse([]string{"--cluster-id=main", flag + "=" + endpoint}); err != nil {
				t.Fatal(err)
			}
			err := o.Validate()
			if want == "" && err != nil {
				t.Errorf("%s=%s: %v", flag, endpoint, err)
			}
			if want != "" && (err == nil || !strings.HasPrefix(err.Error(), flag) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cr3t")) {
				t.Errorf("%s=%s: %v, want an error about %q", flag, endpoint, err, want)
			}
		}
	}
}
