// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"strings"
)

// part is one of the documents in user data.
type part struct {
	body []byte
	// script: it is not a configuration, and is not played.
	script bool
	// appends: its lists come after those of the parts before it, and do not take
	// their place.
	appends bool
}

// maxUserDataBytes bounds what is decompressed; no cloud takes more than 256 KiB.
const maxUserDataBytes = 4 << 20

// splitUserData undoes what may be around configurations: gzip and MIME.
// https://docs.cloud-init.io/en/latest/explanation/format.html
func splitUserData(data []byte) ([]part, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		reader, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		if data, err = io.ReadAll(io.LimitReader(reader, maxUserDataBytes)); err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
	}
	if !bytes.HasPrefix(data, []byte("Content-Type: multipart/")) {
		return []part{{body: data}}, nil
	}
	message, err := mail.ReadMessage(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("MIME: %w", err)
	}
	_, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("MIME: %w", err)
	}
	return readParts(multipart.NewReader(message.Body, parameters["boundary"]))
}

func readParts(reader *multipart.Reader) ([]part, error) {
	var parts []part
	for {
		next, err := reader.NextPart()
		if err == io.EOF { //nolint:errorlint // as documented
			return parts, nil
		}
		if err != nil {
			return nil, fmt.Errorf("MIME: %w", err)
		}
		kind, _, err := mime.ParseMediaType(next.Header.Get("Content-Type"))
		if err != nil {
			return nil, fmt.Errorf("MIME: part %s: %w", next.FileName(), err)
		}
		var body io.Reader = next
		if next.Header.Get("Content-Transfer-Encoding") == "base64" {
			body = base64.NewDecoder(base64.StdEncoding, next)
		}
		p := part{script: kind == "text/x-shellscript", appends: strings.Contains(next.Header.Get("Merge-Type"), "list(append)")}
		if !p.script && kind != "text/cloud-config" {
			return nil, fmt.Errorf("MIME: part %s: %s is not simulated", next.FileName(), kind)
		}
		if p.body, err = io.ReadAll(body); err != nil {
			return nil, fmt.Errorf("MIME: part %s: %w", next.FileName(), err)
		}
		parts = append(parts, p)
	}
}
