// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package aws runs the cloud of a lab: moto, the strict proxy in front of it, and
// what boots the machines bought there.
package aws

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"

	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// Region is the one that the lab's edge location is in.
const Region = "us-west-2"

// Credentials are any: the emulator checks that requests are signed, not by whom.
const (
	AccessKeyID     = "lab"
	SecretAccessKey = "lab"
)

// Endpoint is what AWS clients are pointed at.
func Endpoint(lab layout.Lab) string { return "http://" + lab.Address(layout.AWSEmulator) }

// Start brings the cloud up, from the bottom.
func Start(ctx context.Context, lab layout.Lab, print *progress.Printer) error {
	moto, err := exec.LookPath("moto_server")
	if err != nil {
		return fmt.Errorf("moto_server is not on PATH: install it by  pip install 'moto[server]'")
	}
	upstream := "http://" + lab.Address(layout.Moto)
	for _, spec := range []process.Spec{
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
		{
			Name: "aws-emulator", Tier: process.TierAPI, Path: lab.Binary("aws-emulator"),
			Args:      []string{"--listen=" + lab.Address(layout.AWSEmulator), "--upstream=" + upstream},
			HealthURL: Endpoint(lab) + "/_emulator/healthz",
		},
		{
			Name: "machine-simulator", Tier: process.TierExtension, Path: lab.Binary("machine-simulator"),
			Args: []string{
				"--aws-endpoint=" + Endpoint(lab), "--region=" + Region,
				"--health-listen=" + lab.Address(layout.MachineSimulatorHealth),
				"--state-dir=" + lab.Path("machines"),
				// Their pods' logs are asked of kwok, which plays them.
				"--node-address=127.0.0.1", "--kubelet-port=" + strconv.Itoa(controlplane.EdgeKubeletPort(lab)),
			},
			HealthURL: "http://" + lab.Address(layout.MachineSimulatorHealth) + "/healthz",
		},
	} {
		err := print.Step(ctx, spec.Name, func(ctx context.Context) error { return lab.Table().Run(ctx, spec) })
		if err != nil {
			return err
		}
	}
	return nil
}
