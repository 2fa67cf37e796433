// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// administratorID is the user that a command's emulator starts with.
const administratorID = "ocid1.user.oc1..aaaaaaaaomniemulatedadministrator"

// keyBits is the size of the keys OCI makes.
const keyBits = 2048

// Administrator lets a user sign requests whose key is dir/key.pem, and writes
// dir/config for the SDK and the CLI. A key that is missing is made.
func (e *Emulator) Administrator(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, "key.pem")
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = makeKey(path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	fingerprint, err := e.AddKey(administratorID, &key.PublicKey)
	if err != nil {
		return err
	}
	config := fmt.Sprintf("[DEFAULT]\nuser=%s\nfingerprint=%s\ntenancy=%s\nregion=%s\nkey_file=%s\n",
		administratorID, fingerprint, e.cloud.TenancyID, e.cloud.Region, path)
	return os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600)
}

func readKey(path string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM: delete the file and a new key is made")
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

func makeKey(path string) (*rsa.PrivateKey, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return key, os.WriteFile(path, text, 0o600)
}
