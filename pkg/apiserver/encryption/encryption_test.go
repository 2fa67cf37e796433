// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package encryption

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"
)

const plaintext = `{"kind":"EdgeLocation"}`

func objects(values ...string) iter.Seq2[Stored, error] {
	return func(yield func(Stored, error) bool) {
		for _, value := range values {
			if !yield(Stored{Path: "/registry/omni.cast.ai/edgelocations/team-a/x", Resource: "edgelocations", Value: []byte(value)}, nil) {
				return
			}
		}
	}
}

func broken(yield func(Stored, error) bool) { yield(Stored{}, errors.New("etcd is down")) }

// encrypt stores the plaintext as a server with the configuration would.
func encrypt(t *testing.T, file string) string {
	t.Helper()
	config, err := encryptionconfig.LoadEncryptionConfig(t.Context(), file, false, "")
	if err != nil {
		t.Fatal(err)
	}
	transformer := encryptionconfig.StaticTransformers(config.Transformers).TransformerForResource(schema.GroupResource{Group: "omni.cast.ai", Resource: "edgelocations"})
	for object := range objects(plaintext) {
		encrypted, err := transformer.TransformToStorage(context.Background(), object.Value, value.DefaultContext(object.Path))
		if err != nil {
			t.Fatal(err)
		}
		return string(encrypted)
	}
	return ""
}

// newKey makes a configuration whose key consists of the byte.
func newKey(t *testing.T, b byte) (file string) {
	t.Helper()
	dir := t.TempDir()
	if err := Ensure(dir, objects(), bytes.NewReader(bytes.Repeat([]byte{b}, keyBytes))); err != nil {
		t.Fatal(err)
	}
	return File(dir)
}

func TestEnsure(t *testing.T) {
	encrypted := encrypt(t, newKey(t, 1))
	if strings.Contains(encrypted, "EdgeLocation") || !strings.HasPrefix(encrypted, "k8s:enc:secretbox:v1:key1:") {
		t.Fatalf("the default configuration stores %q", encrypted)
	}
	for name, test := range map[string]struct {
		existing string
		stored   iter.Seq2[Stored, error]
		want     string // part of the error; empty: a key is there afterwards
	}{
		"empty store":              {stored: objects()},
		"store of an older server": {stored: objects(plaintext)},
		"key that is there":        {existing: "mine", stored: objects(encrypted)},
		"lost key":                 {stored: objects(plaintext, encrypted), want: "encryption.yaml is missing, but the objects in --data-dir are encrypted (/registry/omni.cast.ai/edgelocations/team-a/x, key secretbox/key1): put back the copy"},
		"unreadable store":         {stored: broken, want: "etcd is down"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.existing != "" {
				if err := os.WriteFile(File(dir), []byte(test.existing), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := Ensure(dir, test.stored, bytes.NewReader(make([]byte, keyBytes)))
			info, statErr := os.Stat(File(dir))
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || statErr == nil {
					t.Errorf("%v, file %v; want no file and an error with %q", err, info, test.want)
				}
				return
			}
			if err != nil || statErr != nil || info.Mode().Perm() != 0o600 {
				t.Fatalf("%v %v; want a file of mode 0600", err, statErr)
			}
			if content, _ := os.ReadFile(File(dir)); test.existing != "" && string(content) != test.existing {
				t.Error("the key that was there is replaced")
			}
		})
	}
	if err := Ensure(t.TempDir(), objects(), strings.NewReader("too short")); err == nil {
		t.Error("a key was made without randomness")
	}
}

func TestCheck(t *testing.T) {
	first, second := newKey(t, 1), newKey(t, 2)
	content, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	strict := filepath.Join(t.TempDir(), "strict.yaml")
	if err := os.WriteFile(strict, bytes.ReplaceAll(content, []byte("- identity: {}"), nil), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		file   string
		stored iter.Seq2[Stored, error]
		want   string // part of the error; empty: all can be read
	}{
		"its own objects":      {file: first, stored: objects(encrypt(t, first))},
		"older objects":        {file: first, stored: objects(plaintext, encrypt(t, first))},
		"another key":          {file: second, stored: objects(plaintext, encrypt(t, first)), want: "does not decrypt /registry/omni.cast.ai/edgelocations/team-a/x, which is encrypted with secretbox/key1: add the key"},
		"no identity":          {file: strict, stored: objects(plaintext), want: "add `- identity: {}`"},
		"no encryption":        {stored: objects(plaintext)},
		"encryption was on":    {stored: objects(encrypt(t, first)), want: "drop --encryption-at-rest=false"},
		"missing file":         {file: "none.yaml", stored: objects(), want: "none.yaml"},
		"etcd does not answer": {file: first, stored: broken, want: "etcd is down"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(t.Context(), test.file, test.stored)
			if test.want == "" && err != nil {
				t.Errorf("%v, want all readable", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want an error with %q", err, test.want)
			}
		})
	}
}
