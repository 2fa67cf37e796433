// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// buildHandlerChain is the chain of the generic server around our own filters,
// which see requests that are authenticated, authorised and understood.
func buildHandlerChain(handler http.Handler, config *genericapiserver.Config) http.Handler {
	return genericapiserver.DefaultBuildHandlerChain(withSubresources(handler), config)
}

// withSubresources gives texts what HTTP has for them, and keeps tokens out of
// every cache.
func withSubresources(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		info, ok := genericapirequest.RequestInfoFrom(req.Context())
		if !ok || !info.IsResourceRequest || info.APIGroup != v1beta1.GroupName {
			next.ServeHTTP(w, req)
			return
		}
		s := subresources[info.Resource+"/"+info.Subresource]
		if s.secret && info.Verb == "create" {
			w.Header().Set("Cache-Control", "no-store")
		}
		if s.text != "" && info.Verb == "get" {
			serveText(w, acceptingText(req, s.text), next)
			return
		}
		next.ServeHTTP(w, req)
	})
}

// acceptingText lets clients ask for a text by its media type. The handler of GET
// negotiates among the serializers of objects before it calls the storage that
// streams the text, and would answer 406 (kubernetes/kubernetes#61450).
func acceptingText(req *http.Request, mediaType string) *http.Request {
	accept := req.Header.Get("Accept")
	for mediaRange := range strings.SplitSeq(accept, ",") {
		asked, _, _ := strings.Cut(mediaRange, ";")
		switch strings.ToLower(strings.TrimSpace(asked)) {
		case mediaType, "text/plain", "text/*":
			req = req.Clone(req.Context())
			req.Header.Set("Accept", accept+", */*;q=0.1")
			return req
		}
	}
	return req
}

// serveText adds a strong ETag, RFC 9110 section 8.8.3, to a text, and answers
// conditional requests.
func serveText(w http.ResponseWriter, req *http.Request, next http.Handler) {
	answer := &held{ResponseWriter: w, code: http.StatusOK}
	next.ServeHTTP(answer, req)
	if answer.code != http.StatusOK {
		w.WriteHeader(answer.code)
		_, _ = w.Write(answer.body.Bytes()) // the caller may be gone
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(answer.body.Bytes())))
	http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(answer.body.Bytes()))
}

// held keeps an answer back until all of it is known. Texts are small: a script
// has 20 KiB, a console v1beta1.MaxConsoleOutputBytes at most.
type held struct {
	http.ResponseWriter
	code int
	body bytes.Buffer
}

func (h *held) WriteHeader(code int)           { h.code = code }
func (h *held) Write(part []byte) (int, error) { return h.body.Write(part) }
