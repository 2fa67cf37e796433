// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	mimemultipart "mime/multipart"
	"net/textproto"
	"strings"
	"unicode"

	"github.com/castai/omni/pkg/cloud"
)

// mergeType has cloud-init add the lists of one configuration to those of another
// instead of replacing them.
// https://docs.cloud-init.io/en/latest/reference/merging.html
const mergeType = "list(append)+dict(no_replace,recurse_list)+str()"

// multipart puts the user's part before OMNI's: what it runs has run when the
// machine joins. https://docs.cloud-init.io/en/latest/explanation/format.html
func multipart(own string, ours []byte) ([]byte, error) {
	kind, err := contentType(own)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := mimemultipart.NewWriter(&out)
	// A repeated launch has the same boundary. No part can hold it: it would have
	// to hold its own digest.
	sum := sha256.Sum256(append([]byte(own), ours...))
	if err := writer.SetBoundary("omni-" + hex.EncodeToString(sum[:])); err != nil {
		return nil, fmt.Errorf("join the user data: %w", err)
	}
	fmt.Fprintf(&out, "Content-Type: multipart/mixed; boundary=%q\nMIME-Version: 1.0\n\n", writer.Boundary())
	for _, part := range []struct{ kind, name, body string }{
		{kind, ownName, own}, {cloudConfigType, "omni", string(ours)},
	} {
		if err := addPart(writer, part.kind, part.name, part.body); err != nil {
			return nil, fmt.Errorf("join the user data: %w", err)
		}
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("join the user data: %w", err)
	}
	return out.Bytes(), nil
}

// The types of parts.
const (
	cloudConfigType = "text/cloud-config"
	scriptType      = "text/x-shellscript"
)

// ownName of the user's part. cloud-init runs scripts in the order of their names,
// and the commands of configurations as one called runcmd.
const ownName = "00-user"

// contentType tells the type of the user's part by its first line.
func contentType(own string) (string, error) {
	line, _, _ := strings.Cut(own, "\n")
	switch {
	case strings.TrimSpace(line) == "#cloud-config":
		return cloudConfigType, nil
	case strings.HasPrefix(line, "#!"):
		return scriptType, nil
	}
	return "", &cloud.Error{Class: cloud.ClassConfig, Err: fmt.Errorf(
		"spec.nodeDefaults.userData: the first line must be #cloud-config, or the #! line of a script")}
}

func addPart(writer *mimemultipart.Writer, kind, name, body string) error {
	header := textproto.MIMEHeader{
		"Content-Type":        {kind + `; charset="utf-8"`},
		"Mime-Version":        {"1.0"},
		"Content-Disposition": {fmt.Sprintf("attachment; filename=%q", name)},
	}
	if kind == cloudConfigType {
		header.Set("Merge-Type", mergeType)
	}
	// Python reads eight bits as Latin-1.
	ascii := strings.IndexFunc(body, func(r rune) bool { return r > unicode.MaxASCII }) < 0
	if !ascii {
		header.Set("Content-Transfer-Encoding", "base64")
		body = base64.StdEncoding.EncodeToString([]byte(body))
	}
	part, err := writer.CreatePart(header)
	if err != nil {
		return err
	}
	_, err = io.WriteString(part, body)
	return err
}
