// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far a request's date may be off:
// https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm
const maxSkew = 5 * time.Minute

// signaturePart is one key="value" of the Authorization header.
var signaturePart = regexp.MustCompile(`(\w+)="([^"]*)"`)

// verify checks a request's signature: RSA-SHA256 over the headers OCI wants
// signed, the date, and the hash of the body. It returns the OCID of the user.
func (e *Emulator) verify(r *http.Request, body []byte) (user string, err *Error) {
	scheme, parameters, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	parts := map[string]string{}
	for _, m := range signaturePart.FindAllStringSubmatch(parameters, -1) {
		parts[m[1]] = m[2]
	}
	if scheme != "Signature" || parts["algorithm"] != "rsa-sha256" {
		return "", notAuthenticated("the request is not signed")
	}
	key := e.keys.get(parts["keyId"])
	if key == nil {
		return "", notAuthenticated("the key is not known")
	}
	headers := strings.Fields(parts["headers"])
	if err := e.checkDate(r, headers); err != nil {
		return "", err
	}
	if err := checkSignedBody(r, headers, body); err != nil {
		return "", err
	}
	signature, decodeErr := base64.StdEncoding.DecodeString(parts["signature"])
	hash := sha256.Sum256([]byte(signingString(r, headers, body)))
	if decodeErr != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], signature) != nil {
		return "", notAuthenticated("the signature does not match")
	}
	return strings.Split(parts["keyId"], "/")[1], nil
}

// notAuthenticated carries a reason, which OCI keeps to itself except for the date.
func notAuthenticated(reason string) *Error {
	return refuse("NotAuthenticated", "The required information to complete authentication was not provided or was incorrect: %s.", reason)
}

func (e *Emulator) checkDate(r *http.Request, headers []string) *Error {
	name := "date"
	if slices.Contains(headers, "x-date") {
		name = "x-date"
	}
	for _, h := range []string{name, "(request-target)", "host"} {
		if !slices.Contains(headers, h) {
			return notAuthenticated(h + " is not signed")
		}
	}
	date, err := http.ParseTime(r.Header.Get(name))
	if err != nil || e.clock.Since(date).Abs() > maxSkew {
		return notAuthenticated("the date of the request is more than 5 minutes off")
	}
	return nil
}

// checkSignedBody wants the body of a POST, PUT or PATCH signed by its hash.
func checkSignedBody(r *http.Request, headers []string, body []byte) *Error {
	if r.Method != http.MethodPost && r.Method != http.MethodPut && r.Method != http.MethodPatch {
		return nil
	}
	for _, h := range []string{"x-content-sha256", "content-type", "content-length"} {
		if !slices.Contains(headers, h) {
			return notAuthenticated(h + " is not signed")
		}
	}
	hash := sha256.Sum256(body)
	if r.Header.Get("X-Content-Sha256") != base64.StdEncoding.EncodeToString(hash[:]) {
		return notAuthenticated("x-content-sha256 is not the hash of the body")
	}
	return nil
}

// signingString is what was signed, as draft-cavage-http-signatures-08 builds it.
func signingString(r *http.Request, headers []string, body []byte) string {
	lines := make([]string, 0, len(headers))
	for _, h := range headers {
		value := r.Header.Get(h)
		switch h {
		case "(request-target)":
			value = strings.ToLower(r.Method) + " " + r.URL.RequestURI()
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.Itoa(len(body))
		}
		lines = append(lines, h+": "+value)
	}
	return strings.Join(lines, "\n")
}
