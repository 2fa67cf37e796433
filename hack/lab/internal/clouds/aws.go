// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package clouds

import (
	"context"
	"errors"
	"os/exec"
	"strconv"

	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
)

// awsRegion is the one that the lab's edge locations of AWS are in.
const awsRegion = "us-west-2"

// awsEmulator is moto and the strict proxy in front of it.
func awsEmulator(_ context.Context, lab layout.Lab) ([]process.Spec, error) {
	moto, err := exec.LookPath("moto_server")
	if err != nil {
		return nil, errors.New("moto_server is not on PATH: install it by  pip install 'moto[server]'")
	}
	upstream := url(lab, layout.Moto)
	return []process.Spec{
		{
			Name: "moto", Tier: process.TierStorage, Path: moto,
			Args: []string{"-H", "127.0.0.1", "-p", strconv.Itoa(lab.Number(layout.Moto))},
			Env: []string{
				"MOTO_ENABLE_AMI_VALIDATION=true",
				"MOTO_EC2_ENABLE_INSTANCE_TYPE_VALIDATION=true",
				"MOTO_ENABLE_KEYPAIR_VALIDATION=true",
			},
			HealthURL: upstream + "/moto-api/data.json",
		},
		emulator(lab, "aws-emulator", layout.AWSEmulator, "--upstream="+upstream),
	}, nil
}

func awsMachines(lab layout.Lab) []string {
	return []string{"--aws-endpoint=" + url(lab, layout.AWSEmulator), "--aws-region=" + awsRegion}
}

// awsClient has any credentials: the emulator checks that requests are signed, not
// by whom.
func awsClient(lab layout.Lab) [][2]string {
	return [][2]string{
		{"AWS_ENDPOINT_URL", url(lab, layout.AWSEmulator)},
		{"AWS_ACCESS_KEY_ID", "lab"},
		{"AWS_SECRET_ACCESS_KEY", "lab"},
		{"AWS_DEFAULT_REGION", awsRegion},
	}
}
