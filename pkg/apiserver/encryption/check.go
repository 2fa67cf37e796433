// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package encryption

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/server/options/encryptionconfig"
	"k8s.io/apiserver/pkg/storage/value"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// Identity is the Key of objects that are not encrypted.
const Identity = "identity"

// Stored is an object as etcd holds it.
type Stored struct {
	// Path is its key in etcd.
	Path string
	// Resource is the plural it is stored under, such as edgelocations.
	Resource string
	// Value is what is stored, encrypted or not.
	Value []byte
}

// Key names what the object is encrypted with, such as secretbox/key1 or kms/name,
// or is Identity. The API server library begins values with
// k8s:enc:<provider>:<version>:<key>: and the ciphertext.
func (s Stored) Key() string {
	parts := strings.SplitN(string(s.Value[:min(len(s.Value), maxPrefix)]), ":", 6)
	if len(parts) < 6 || parts[0] != "k8s" || parts[1] != "enc" {
		return Identity
	}
	return parts[2] + "/" + parts[4]
}

// maxPrefix is more than k8s:enc:, a provider, a version and a key's name take.
const maxPrefix = 512

// Check tries the configuration on one stored object of each resource and key,
// and returns an error that names the first it does not decrypt. An empty file
// stands for no encryption at all.
func Check(ctx context.Context, file string, stored iter.Seq2[Stored, error]) error {
	ctx, cancel := context.WithCancel(ctx) // ends what a KMS provider has started
	defer cancel()
	transformers := encryptionconfig.StaticTransformers{}
	if file != "" {
		config, err := encryptionconfig.LoadEncryptionConfig(ctx, file, false, "")
		if err != nil {
			return fmt.Errorf("encryption configuration %s: %w", file, err)
		}
		transformers = config.Transformers
	}
	seen := map[[2]string]bool{}
	for object, err := range stored {
		if err != nil {
			return err
		}
		if pair := [2]string{object.Resource, object.Key()}; !seen[pair] {
			seen[pair] = true
			if err := decrypt(ctx, transformers, object); err != nil {
				return unreadable(file, object, err)
			}
		}
	}
	return nil
}

func decrypt(ctx context.Context, transformers value.ResourceTransformers, object Stored) error {
	resource := schema.GroupResource{Group: v1beta1.GroupName, Resource: object.Resource}
	_, _, err := transformers.TransformerForResource(resource).TransformFromStorage(ctx, object.Value, value.DefaultContext(object.Path))
	return err
}

func unreadable(file string, object Stored, err error) error {
	switch {
	case file == "":
		return fmt.Errorf("objects are encrypted (%s, key %s) but encryption at rest is off: drop --encryption-at-rest=false or name the key file with --encryption-provider-config", object.Path, object.Key())
	case object.Key() == Identity:
		return fmt.Errorf("%s is not encrypted, and encryption configuration %s has no identity provider to read it: add `- identity: {}` as the last provider (%w)", object.Path, file, err)
	default:
		return fmt.Errorf("encryption configuration %s does not decrypt %s, which is encrypted with %s: add the key that it was encrypted with (%w)", file, object.Path, object.Key(), err)
	}
}
