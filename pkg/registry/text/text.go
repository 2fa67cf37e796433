// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package text is what subresources share that answer GET with a text in place of
// an object.
package text

import (
	"context"
	"io"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
)

// The media types of texts.
const (
	ShellScript = "text/x-shellscript"
	Plain       = "text/plain"
)

// Text is served as it is.
type Text struct {
	// MediaType of the body, which is UTF-8.
	MediaType, Body string
}

var _ rest.ResourceStreamer = Text{}

// GetObjectKind implements runtime.Object, which the result of a getter has to be.
func (Text) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object.
func (t Text) DeepCopyObject() runtime.Object { return t }

// InputStream implements rest.ResourceStreamer.
func (t Text) InputStream(context.Context, string, string) (io.ReadCloser, bool, string, error) {
	return io.NopCloser(strings.NewReader(t.Body)), false, t.MediaType + "; charset=utf-8", nil
}

// Metadata tells OpenAPI that GET answers with a string of the media type, and
// that other verbs answer with objects.
type Metadata string

var _ rest.StorageMetadata = Metadata("")

// ProducesMIMETypes implements rest.StorageMetadata.
func (m Metadata) ProducesMIMETypes(verb string) []string {
	if verb == http.MethodGet {
		return []string{string(m)}
	}
	return nil
}

// ProducesObject implements rest.StorageMetadata; nil means the object of New.
func (Metadata) ProducesObject(verb string) any {
	if verb == http.MethodGet {
		return ""
	}
	return nil
}
