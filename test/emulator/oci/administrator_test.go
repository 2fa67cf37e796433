// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/oracle/oci-go-sdk/v65/core"

	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestAdministrator: the SDK signs with the configuration that was written, also
// after a restart.
func TestAdministrator(t *testing.T) {
	dir := t.TempDir()
	for _, run := range []string{"first", "again"} {
		w := newWorld(t)
		if err := w.Emulator.Administrator(dir); err != nil {
			t.Fatal(err)
		}
		signer, err := common.ConfigurationProviderFromFile(filepath.Join(dir, "config"), "")
		if err != nil {
			t.Fatal(err)
		}
		client, err := core.NewComputeClientWithConfigurationProvider(signer)
		if err != nil {
			t.Fatal(err)
		}
		w.Use(&client.BaseClient)
		if _, err := client.ListShapes(t.Context(), core.ListShapesRequest{CompartmentId: common.String(ocitest.CompartmentID)}); err != nil {
			t.Errorf("%s: %v", run, err)
		}
	}
	for _, name := range []string{"config", "key.pem"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
