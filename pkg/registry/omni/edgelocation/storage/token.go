// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/castai/omni/pkg/apis/omni"
)

// tokenPrefix makes a leaked token recognisable to secret scanners.
const tokenPrefix = "omni1."

// mintToken returns a registration token with 256 bits of randomness.
func mintToken(random io.Reader) (string, error) {
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("mint a registration token: %w", err)
	}
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(secret), nil
}

// hashToken is what is stored of a token. The token has 256 bits of randomness,
// so a plain hash is enough: there is nothing to guess.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func tokenMatches(token string, registration *omni.Registration) bool {
	return registration != nil &&
		subtle.ConstantTimeCompare([]byte(hashToken(token)), []byte(registration.TokenHash)) == 1
}
