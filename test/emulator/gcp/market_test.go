// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/castai/omni/test/emulator/gcp/gcptest"
)

const skusPath = "/v1/services/6F81-5844-456A/skus"

func TestPriceList(t *testing.T) {
	endpoint := gcptest.Start(t)
	seen, token := map[string]bool{}, ""
	for pages := 1; ; pages++ {
		page := gcptest.Do(t, http.MethodGet, endpoint+skusPath+"?pageSize=50&pageToken="+token, nil)
		skus, _ := page["skus"].([]any)
		for _, sku := range skus {
			seen[sku.(map[string]any)["description"].(string)] = true
		}
		if token, _ = page["nextPageToken"].(string); token == "" {
			if pages < 3 || !seen["G2 Instance Core running in Americas"] || !seen["Nvidia L4 GPU running in Netherlands"] {
				t.Errorf("%d SKUs on %d pages: %v", len(seen), pages, seen)
			}
			break
		}
	}
	only := gcptest.Do(t, http.MethodGet, endpoint+skusPath+"?pageSize=1&fields=nextPageToken,skus(description,category/usageType)", nil)
	sku := only["skus"].([]any)[0].(map[string]any)
	if len(only) != 2 || len(sku) != 2 || len(sku["category"].(map[string]any)) != 1 {
		t.Errorf("more than asked for: %v", only)
	}
}

func TestPriceListRefuses(t *testing.T) {
	endpoint := gcptest.Start(t)
	for path, want := range map[string]int{
		skusPath + "?region=us-central1":   http.StatusBadRequest,
		skusPath + "?pageSize=many":        http.StatusBadRequest,
		skusPath + "?pageToken=0":          http.StatusBadRequest,
		skusPath + "?pageToken=x":          http.StatusBadRequest,
		skusPath + "?fields=skus(category": http.StatusBadRequest,
		skusPath + "?fields=skus(,a)":      http.StatusBadRequest,
		skusPath + "?currencyCode=EUR":     http.StatusNotImplemented,
		"/v1/services/0000-0000-0000/skus": http.StatusNotFound,
		"/v1/services":                     http.StatusNotImplemented,
	} {
		if got, body := gcptest.Try(t, http.MethodGet, endpoint+path, nil); got != want {
			t.Errorf("%s: %d %v, want %d", path, got, body, want)
		}
	}
	answer, err := http.Get(endpoint + skusPath)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token: %s", answer.Status)
	}
	for _, body := range []string{`{}`, `{"description": "E3 Instance Core running in Americas", "price": 1}`, `{"description": "E2 Instance Core running in Americas", "price": -1}`, `{"name": "x"}`} {
		answer, err := http.Post(endpoint+"/_emulator/prices", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", body, answer.Status)
		}
	}
}
