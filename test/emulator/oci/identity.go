// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/md5" //nolint:gosec // OCI's fingerprints are MD5
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// apiKeys are the public keys that requests are verified with. The zero value is
// empty and ready.
type apiKeys struct {
	mu   sync.Mutex
	keys map[string]*rsa.PublicKey
}

func (k *apiKeys) get(id string) *rsa.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[id]
}

func (k *apiKeys) set(id string, key *rsa.PublicKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[string]*rsa.PublicKey{}
	}
	k.keys[id] = key
}

func (k *apiKeys) remove(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, id)
}

// AddKey makes an administrator, who signs with the key, and returns the fingerprint
// of the key.
func (e *Emulator) AddKey(userID string, key *rsa.PublicKey) (fingerprint string, err error) {
	if fingerprint, err = Fingerprint(key); err == nil {
		e.cloud.mu.Lock()
		defer e.cloud.mu.Unlock()
		e.cloud.administrators[userID] = true
		e.keys.set(keyID(e.cloud.TenancyID, userID, fingerprint), key)
	}
	return fingerprint, err
}

// Fingerprint is the MD5 of a public key in DER, as OCI shows it: 12:34:...
func Fingerprint(key *rsa.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	sum := md5.Sum(der) //nolint:gosec // OCI's fingerprints are MD5
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = fmt.Sprintf("%02x", b)
	}
	return strings.Join(parts, ":"), nil
}

func keyID(tenancy, user, fingerprint string) string {
	return tenancy + "/" + user + "/" + fingerprint
}

func (c *cloud) uploadKey(r *call, keys *apiKeys) (*answer, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	user, err := c.find("users", r.vars["userId"])
	if err != nil {
		return nil, err
	}
	text, _ := r.details["key"].(string)
	key, fingerprint := parseKey(text)
	if key == nil {
		return nil, refuse("InvalidParameter", "key is no RSA public key of 2048 bits or more in PEM")
	}
	id := keyID(c.TenancyID, user.id(), fingerprint)
	if c.things[id] != nil {
		return nil, refuse("NotAuthorizedOrResourceAlreadyExists", "The key %s was uploaded already", fingerprint)
	}
	if len(c.keysOf(user.id())) >= maxKeys {
		return nil, refuse("LimitExceeded", "A user may have %d API keys", maxKeys)
	}
	t := &thing{collection: "apiKeys", fields: object{
		"keyId": id, "keyValue": text, "fingerprint": fingerprint, "userId": user.id(), "lifecycleState": "ACTIVE",
		"timeCreated": c.Clock.Now().UTC().Format(time.RFC3339Nano),
	}, owner: user.id()}
	c.things[id] = t
	keys.set(id, key)
	return project(r.op, t)
}

// parseKey returns nil when text is no key OCI takes.
func parseKey(text string) (*rsa.PublicKey, string) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, ""
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, isRSA := parsed.(*rsa.PublicKey)
	if err != nil || !isRSA || key.N.BitLen() < 2048 {
		return nil, ""
	}
	fingerprint, err := Fingerprint(key)
	if err != nil {
		return nil, ""
	}
	return key, fingerprint
}

func (c *cloud) deleteKey(r *call, keys *apiKeys) (*answer, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := keyID(c.TenancyID, r.vars["userId"], r.vars["fingerprint"])
	if c.things[id] == nil {
		return nil, notFound()
	}
	delete(c.things, id)
	keys.remove(id)
	return &answer{}, nil
}

func listKeys(c *cloud, r *call) (*answer, *Error) {
	if _, err := c.find("users", r.vars["userId"]); err != nil {
		return nil, err
	}
	item, _ := r.op.body()
	out := []object{}
	for _, t := range c.keysOf(r.vars["userId"]) {
		o, err := projectInto(item, t)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return &answer{body: out}, nil
}

// maxKeys of a user:
// https://docs.oracle.com/iaas/Content/Identity/access/managing-user-credentials.htm
const maxKeys = 3

func (c *cloud) keysOf(user string) (keys []*thing) {
	for _, t := range c.things {
		if t.collection == "apiKeys" && t.text("userId") == user {
			keys = append(keys, t)
		}
	}
	return keys
}

func createUser(_ *cloud, _ *call, t *thing) *Error {
	t.fields["isMfaActivated"] = false
	return nil
}

func createMembership(c *cloud, _ *call, t *thing) *Error {
	if _, err := c.find("users", t.text("userId")); err != nil {
		return err
	}
	if _, err := c.find("groups", t.text("groupId")); err != nil {
		return err
	}
	t.fields["compartmentId"] = c.TenancyID
	return nil
}

// statement is the beginning of what OCI's policy language allows.
var statement = regexp.MustCompile(`(?i)^(allow|define|endorse|admit)\s+\S+.*\s(to|as)\s+\S+`)

// rootByID is not in it: the root compartment is "tenancy".
var rootByID = regexp.MustCompile(`(?i)compartment id ocid1\.tenancy\.`)

func createPolicy(_ *cloud, _ *call, t *thing) *Error {
	statements, _ := t.fields["statements"].([]any)
	bad := slices.IndexFunc(statements, func(s any) bool {
		text, _ := s.(string)
		return !statement.MatchString(text) || rootByID.MatchString(text)
	})
	if bad >= 0 {
		return refuse("InvalidParameter", "Unable to parse policy statement %d: %v", bad, statements[bad])
	}
	return nil
}
