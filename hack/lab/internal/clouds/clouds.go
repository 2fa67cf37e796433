// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package clouds runs the clouds of a lab: an emulator of each, and what boots the
// machines bought there.
package clouds

import (
	"context"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/layout"
	"github.com/castai/omni/hack/lab/internal/process"
	"github.com/castai/omni/hack/lab/internal/progress"
)

// cloud is one that is emulated.
type cloud struct {
	// emulator returns what to run, from the bottom.
	emulator func(context.Context, layout.Lab) ([]process.Spec, error)
	// machines are the flags of the machine simulator.
	machines func(layout.Lab) []string
	// client is the environment of the cloud's own clients: CLI and SDK.
	client func(layout.Lab) [][2]string
}

// all is every cloud, in the order in which they are told of.
var all = []cloud{
	{awsEmulator, awsMachines, awsClient},
	{gcpEmulator, gcpMachines, gcpClient},
	{ociEmulator, ociMachines, ociClient},
}

// Start brings the clouds up, and then their machines.
func Start(ctx context.Context, lab layout.Lab, print *progress.Printer) error {
	group, groupCtx := errgroup.WithContext(ctx)
	for _, c := range all {
		group.Go(func() error {
			specs, err := c.emulator(groupCtx, lab)
			if err != nil {
				return err
			}
			return run(groupCtx, lab, print, specs...)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return run(ctx, lab, print, machineSimulator(lab))
}

func run(ctx context.Context, lab layout.Lab, print *progress.Printer, specs ...process.Spec) error {
	for _, spec := range specs {
		err := print.Step(ctx, spec.Name, func(ctx context.Context) error { return lab.Table().Run(ctx, spec) })
		if err != nil {
			return err
		}
	}
	return nil
}

// emulator is an emulator of this repository.
func emulator(lab layout.Lab, name string, port layout.Port, args ...string) process.Spec {
	return process.Spec{
		Name: name, Tier: process.TierAPI, Path: lab.Binary(name), Args: append([]string{"--listen=" + lab.Address(port)}, args...),
		HealthURL: url(lab, port) + "/_emulator/healthz",
	}
}

// machineSimulator plays the machines of all clouds.
func machineSimulator(lab layout.Lab) process.Spec {
	args := []string{
		"--health-listen=" + lab.Address(layout.MachineSimulatorHealth),
		"--state-dir=" + lab.Path("machines"),
		// Their pods' logs are asked of kwok, which plays them.
		"--node-address=127.0.0.1", "--kubelet-port=" + strconv.Itoa(controlplane.EdgeKubeletPort(lab)),
	}
	for _, c := range all {
		args = append(args, c.machines(lab)...)
	}
	return process.Spec{
		Name: "machine-simulator", Tier: process.TierExtension, Path: lab.Binary("machine-simulator"), Args: args,
		HealthURL: url(lab, layout.MachineSimulatorHealth) + "/healthz",
	}
}

// Client is the environment with which the real clients of the clouds, CLIs and
// SDKs, reach the emulators.
func Client(lab layout.Lab) [][2]string {
	var env [][2]string
	for _, c := range all {
		env = append(env, c.client(lab)...)
	}
	return env
}

// ControllerFlags point omni-controller at the emulators, ControllerEnv the SDK of
// AWS in it.
func ControllerFlags(lab layout.Lab) []string {
	return []string{"--gcp-endpoint=" + url(lab, layout.GCPEmulator), "--oci-endpoint=" + url(lab, layout.OCIEmulator)}
}

// ControllerEnv has no keys: the controller gets credentials by web identity, as in
// the cloud. And no metadata service is asked for any, wherever the lab runs.
func ControllerEnv(lab layout.Lab) []string {
	return []string{"AWS_ENDPOINT_URL=" + url(lab, layout.AWSEmulator), "AWS_EC2_METADATA_DISABLED=true"}
}

func url(lab layout.Lab, port layout.Port) string { return "http://" + lab.Address(port) }
