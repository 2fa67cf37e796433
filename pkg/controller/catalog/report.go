// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/castai/omni/pkg/catalog"
)

// Report answers catalog.ReportPath with what the clouds have said. Who may call it
// is for the server around it to say.
func Report(c *catalog.Catalog) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+catalog.ReportPath, func(w http.ResponseWriter, req *http.Request) {
		body, err := json.Marshal(c.Report())
		if err != nil {
			http.Error(w, "encode the catalog: "+err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, sha256.Sum256(body)))
		// It knows If-None-Match.
		http.ServeContent(w, req, "", time.Time{}, bytes.NewReader(body))
	})
	return mux
}
