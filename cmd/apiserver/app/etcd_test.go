// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
)

// run runs `omni-apiserver etcd` with the arguments.
func run(t *testing.T, arguments ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := newEtcdCommand()
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(arguments)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), errs.String(), err
}

func TestEtcdCommand(t *testing.T) {
	dir := etcdtest.DataDir(t)
	member, err := etcd.Start(dir, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()

	stdout, _, err := run(t, "status", "--data-dir", dir, "-o", "json")
	var status etcd.Status
	if err != nil || json.Unmarshal([]byte(stdout), &status) != nil || len(status.Members) != 1 || status.Members[0].Quota != 1<<30 {
		t.Errorf("status prints %s %v, want a member with its quota", stdout, err)
	}
	if stdout, _, err := run(t, "status", "--data-dir", dir); err != nil || !strings.HasPrefix(stdout, "ENDPOINT") {
		t.Errorf("status prints %s %v, want a table", stdout, err)
	}
	file, target := filepath.Join(t.TempDir(), "omni.db"), filepath.Join(dir, "r")
	if _, stderr, err := run(t, "snapshot", file, "--data-dir", dir); err != nil || !strings.Contains(stderr, "saved "+file) {
		t.Errorf("snapshot: %s %v", stderr, err)
	}
	if _, stderr, err := run(t, "restore", file, "--data-dir", target); err != nil || !strings.Contains(stderr, "--data-dir="+target) {
		t.Errorf("restore: %s %v", stderr, err)
	}
	if _, stderr, err := run(t, "defrag", "--data-dir", target); err != nil || !strings.Contains(stderr, "before") {
		t.Errorf("defrag: %s %v", stderr, err)
	}
}

func TestEtcdCommandRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		want      string
	}{
		"no etcd":                {[]string{"status"}, "set --data-dir"},
		"unknown format":         {[]string{"status", "--data-dir=d", "-o", "xml"}, "want json or table"},
		"no file":                {[]string{"snapshot", "--data-dir=d"}, "accepts 1 arg"},
		"restore into a cluster": {[]string{"restore", "f", "--etcd-servers=https://e:2379"}, "etcdutl"},
		"restore nowhere":        {[]string{"restore", "f"}, "--data-dir"},
		"two etcds":              {[]string{"defrag", "--data-dir=d", "--etcd-servers=https://e:2379"}, "exclude each other"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := run(t, test.arguments...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
	if help, _, err := run(t, "restore", "--help"); err != nil || !strings.Contains(help, "--encryption-provider-config=/vault") {
		t.Errorf("help of restore: %s %v, want an example", help, err)
	}
}
