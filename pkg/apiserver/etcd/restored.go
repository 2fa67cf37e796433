// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"

	"github.com/castai/omni/pkg/apiserver/encryption"
)

// keyBucket is where etcd's database holds every revision of every key.
var keyBucket = []byte("key")

// restored returns the objects, in all their revisions, of a member's directory
// that no member runs on.
func restored(dir, prefix string) iter.Seq2[encryption.Stored, error] {
	prefix = strings.TrimSuffix(prefix, "/") + "/"
	return func(yield func(encryption.Stored, error) bool) {
		db, err := bbolt.Open(filepath.Join(dir, "member", "snap", "db"), 0o600, &bbolt.Options{ReadOnly: true})
		if err != nil {
			yield(encryption.Stored{}, fmt.Errorf("open the restored store: %w", err))
			return
		}
		defer db.Close()
		err = db.View(func(tx *bbolt.Tx) error {
			cursor := tx.Bucket(keyBucket).Cursor()
			for _, value := cursor.First(); value != nil; _, value = cursor.Next() {
				var kv mvccpb.KeyValue
				if err := proto.Unmarshal(value, &kv); err != nil {
					return fmt.Errorf("read the restored store: %w", err)
				}
				// A deletion has no value.
				if len(kv.Value) > 0 && strings.HasPrefix(string(kv.Key), prefix) && !yield(stored(prefix, kv.Key, kv.Value), nil) {
					return nil
				}
			}
			return nil
		})
		if err != nil {
			yield(encryption.Stored{}, err)
		}
	}
}
