// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"net/http"
	"strings"

	genericapiserver "k8s.io/apiserver/pkg/server"

	edgelocationstorage "github.com/castai/omni/pkg/registry/omni/edgelocation/storage"
)

// buildHandlerChain is the chain of the generic server behind our own filters.
func buildHandlerChain(handler http.Handler, config *genericapiserver.Config) http.Handler {
	return withScriptAccept(genericapiserver.DefaultBuildHandlerChain(handler, config))
}

// withScriptAccept lets clients ask for a script by its media type. The handler
// of GET negotiates among the serializers of objects before it calls the storage
// that streams the script, and would answer 406 (kubernetes/kubernetes#61450).
func withScriptAccept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		accept := req.Header.Get("Accept")
		if strings.HasSuffix(req.URL.Path, "/onboard-script") && acceptsText(accept) {
			req = req.Clone(req.Context())
			req.Header.Set("Accept", accept+", */*;q=0.1")
		}
		next.ServeHTTP(w, req)
	})
}

func acceptsText(accept string) bool {
	for mediaRange := range strings.SplitSeq(accept, ",") {
		mediaType, _, _ := strings.Cut(mediaRange, ";")
		switch strings.ToLower(strings.TrimSpace(mediaType)) {
		case edgelocationstorage.ScriptMIMEType, "text/plain", "text/*":
			return true
		}
	}
	return false
}
