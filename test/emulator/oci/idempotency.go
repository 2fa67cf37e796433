// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto/sha256"
	"time"
)

// maxRetryToken is the length of an opc-retry-token, in characters.
const maxRetryToken = 64

// retryTokenLife is how long OCI remembers an opc-retry-token.
const retryTokenLife = 24 * time.Hour

// retryTokens makes creations idempotent by opc-retry-token. Only success is
// remembered. The caller holds the cloud's lock.
type retryTokens map[string]creation

// creation is what a token has made.
type creation struct {
	body    [sha256.Size]byte
	id      string
	expires time.Time
}

// made returns the ID of what a token has made, empty when it is new. Another body
// under the same token is refused.
func (t retryTokens) made(token string, body []byte, now time.Time) (string, *Error) {
	c, ok := t[token]
	if !ok || !now.Before(c.expires) {
		return "", nil
	}
	if c.body != sha256.Sum256(body) {
		return "", spentToken()
	}
	return c.id, nil
}

func (t retryTokens) remember(token string, body []byte, id string, now time.Time) {
	t[token] = creation{body: sha256.Sum256(body), id: id, expires: now.Add(retryTokenLife)}
}

func spentToken() *Error {
	return refuse("InvalidatedRetryToken",
		"The provided retry token was used in an earlier request that resulted in a system update, but a subsequent operation invalidated the token.")
}
