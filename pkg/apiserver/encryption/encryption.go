// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package encryption keeps the key that objects are encrypted with at rest, and
// notices when it is not the one they were encrypted with.
package encryption

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiserverv1 "k8s.io/apiserver/pkg/apis/apiserver/v1"
	"sigs.k8s.io/yaml"

	"github.com/castai/omni/pkg/apiserver/durable"
)

const (
	// FileName of the EncryptionConfiguration in a data directory.
	FileName = "encryption.yaml"
	// keyBytes is the length of a secretbox key (XSalsa20 and Poly1305).
	keyBytes = 32
	// resources: all those of our group, also the ones to come.
	resources = "*.omni.cast.ai"

	header = `# The key that OMNI's objects are encrypted with at rest, made by omni-apiserver.
# Without it they cannot be read: keep a copy with, but apart from, the snapshots.
`
)

// File returns the path of the EncryptionConfiguration in the data directory.
func File(dataDir string) string { return filepath.Join(dataDir, FileName) }

// Ensure writes an EncryptionConfiguration with a random key into the data
// directory, unless there is one. If there is none but stored objects are
// encrypted, their key is lost: that is an error, because a new key would hide it.
func Ensure(dataDir string, stored iter.Seq2[Stored, error], random io.Reader) error {
	file := File(dataDir)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err // nil: it is there
	}
	for object, err := range stored {
		if err != nil {
			return err
		}
		if object.Key() != Identity {
			return fmt.Errorf("%s is missing, but the objects in --data-dir are encrypted (%s, key %s): put back the copy that you keep with your snapshots, or name it with --encryption-provider-config; no other key can read them",
				file, object.Path, object.Key())
		}
	}
	content, err := newConfiguration(random)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(file, content); err != nil {
		return fmt.Errorf("write a new encryption key: %w", err)
	}
	return nil
}

// newConfiguration encrypts with secretbox: its nonce of 24 random bytes needs no
// count of writes, whereas AES-GCM keys wear out after some 200,000 of them, and
// status is written often. Identity reads what was stored before.
func newConfiguration(random io.Reader) ([]byte, error) {
	key := make([]byte, keyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("make an encryption key: %w", err)
	}
	content, err := yaml.Marshal(apiserverv1.EncryptionConfiguration{
		TypeMeta: metav1.TypeMeta{APIVersion: apiserverv1.SchemeGroupVersion.String(), Kind: "EncryptionConfiguration"},
		Resources: []apiserverv1.ResourceConfiguration{{
			Resources: []string{resources},
			Providers: []apiserverv1.ProviderConfiguration{
				{Secretbox: &apiserverv1.SecretboxConfiguration{Keys: []apiserverv1.Key{
					{Name: "key1", Secret: base64.StdEncoding.EncodeToString(key)},
				}}},
				{Identity: &apiserverv1.IdentityConfiguration{}},
			},
		}},
	})
	return append([]byte(header), content...), err
}
