// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// testLivePrices: what the cloud says reaches omni-apiserver, which asks no cloud.
func testLivePrices(t *testing.T) {
	eventually(t.Context(), t, "all prices are live", func(ctx context.Context) error {
		body, err := subresource(lab.teamA, http.MethodGet, "nodetemplates", templateName, "instances").DoRaw(ctx)
		if err != nil {
			return err
		}
		var list v1beta1.InstanceList
		if err := json.Unmarshal(body, &list); err != nil {
			return err
		}
		if len(list.Items) == 0 {
			return errors.New("the template can buy nothing")
		}
		for i := range list.Items {
			if source := list.Items[i].PriceSource; !strings.HasPrefix(source, "live ") {
				return fmt.Errorf("the price of %s is from the %s", list.Items[i].Name, source)
			}
		}
		return nil
	})
}
