// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package clouds

import (
	"context"

	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

// ociCompartment is where the lab's edge locations of Oracle Cloud are.
const ociCompartment = "ocid1.compartment.oc1..aaaaaaaaomniemulatedcompartment"

func ociEmulator(_ context.Context, lab layout.Lab) ([]process.Spec, error) {
	return []process.Spec{emulator(lab, "oci-emulator", layout.OCIEmulator,
		"--config-dir="+lab.Path("oci"), "--compartment="+ociCompartment)}, nil
}

func ociMachines(lab layout.Lab) []string {
	return []string{
		"--oci-endpoint=" + url(lab, layout.OCIEmulator), "--oci-config-file=" + ociConfig(lab), "--oci-compartment=" + ociCompartment,
	}
}

// ociConfig is what the emulator writes for its administrator.
func ociConfig(lab layout.Lab) string { return lab.Path("oci", "config") }

// ociClient is read by the CLI (OCI_CLI_…) and by the SDK for Go. The endpoint of
// all services is the CLI's own variable; kubectl omni reads it too.
func ociClient(lab layout.Lab) [][2]string {
	return [][2]string{
		{"OCI_CLI_CONFIG_FILE", ociConfig(lab)},
		{"OCI_CONFIG_FILE", ociConfig(lab)},
		{"OCI_CLI_ENDPOINT", url(lab, layout.OCIEmulator)},
		{"OCI_COMPARTMENT_ID", ociCompartment},
	}
}
