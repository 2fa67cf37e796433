// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestPriceList: nobody signs in, and what is not known is refused.
func TestPriceList(t *testing.T) {
	c := ocitest.Start(t, clock.RealClock{}, time.Millisecond, 0)
	list := c.Endpoint + "/pls/apex/cetools/api/v1/products/"
	for query, want := range map[string]struct{ status, items int }{
		"":                                    {http.StatusOK, 13},
		"?currencyCode=USD":                   {http.StatusOK, 13},
		"?currencyCode=USD&partNumber=B93297": {http.StatusOK, 1},
		"?partNumber=B0":                      {http.StatusOK, 0},
		"?currencyCode=EUR":                   {http.StatusBadRequest, 0},
		"?shape=VM.Standard.E4.Flex":          {http.StatusBadRequest, 0},
	} {
		answer, err := http.Get(list + query)
		if err != nil {
			t.Fatal(err)
		}
		var body struct{ Items []any }
		if answer.StatusCode == http.StatusOK {
			err = json.NewDecoder(answer.Body).Decode(&body)
		}
		answer.Body.Close()
		if err != nil || answer.StatusCode != want.status || len(body.Items) != want.items {
			t.Errorf("%q: %s, %d products, %v, want %+v", query, answer.Status, len(body.Items), err, want)
		}
	}
	for _, body := range []string{`{}`, `{"partNumber": "B0", "price": 1}`, `{"partNumber": "B93297", "price": -1}`, `{"part": "B93297"}`} {
		answer, err := http.Post(c.Endpoint+"/_emulator/prices", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", body, answer.Status)
		}
	}
}
