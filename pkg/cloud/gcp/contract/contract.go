// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package contract is what the provider of Google Cloud and the scripts that
// prepare a project for it agree on: the permissions that it is given, and the
// labels by which its machines are found. It is pure.
package contract

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// permissions are all that the provider needs. The onboarding script's role gives
// these and no others.
var permissions = []string{
	"compute.disks.create",
	"compute.disks.setLabels",
	"compute.instances.create",
	"compute.instances.delete",
	"compute.instances.get",
	"compute.instances.getSerialPortOutput",
	"compute.instances.list",
	"compute.instances.setLabels",
	"compute.instances.setMetadata",
	"compute.instances.setTags",
	"compute.machineTypes.list",
	"compute.subnetworks.use",
	"compute.zoneOperations.get",
}

// Permissions returns the IAM permissions that the provider needs on the project,
// in order.
func Permissions() []string { return slices.Clone(permissions) }

// TagPrefix begins the keys of OMNI's tags.
const TagPrefix = "omni.cast.ai/"

// LabelPattern is what a label's value may be; a key must begin with a letter besides.
// https://cloud.google.com/compute/docs/labeling-resources#requirements
var LabelPattern = regexp.MustCompile(`^[a-z0-9_-]{0,63}$`)

// LabelKey is the label of a tag: omni-edge-id for omni.cast.ai/edge-id.
func LabelKey(tag string) string {
	if rest, ok := strings.CutPrefix(tag, TagPrefix); ok {
		return "omni-" + rest
	}
	key := LabelValue(tag)
	if key == "" || key[0] < 'a' || key[0] > 'z' {
		return LabelValue("tag-" + tag)
	}
	return key
}

// unfitting are the characters that no label may have.
var unfitting = regexp.MustCompile(`[^a-z0-9_-]`)

// LabelValue returns a value that is fit for a label. One that is not is made so
// and told apart from others by its digest; metadata has it as it was.
func LabelValue(value string) string {
	if LabelPattern.MatchString(value) {
		return value
	}
	fit := unfitting.ReplaceAllString(strings.ToLower(value), "-")
	return fit[:min(len(fit), 46)] + "-" + Digest(value, 16)
}

// Digest returns the first hexadecimal digits of the SHA-256 of a text.
func Digest(text string, digits int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:digits]
}
