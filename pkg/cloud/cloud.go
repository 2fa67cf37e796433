// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package cloud is the one interface to the clouds. Implementations live beside
// it and import no Kubernetes client; the contract they all pass is in cloudtest.
package cloud

import (
	"context"
	"time"
)

// Provider buys and returns machines of one edge location. All calls are safe to
// repeat. Errors are *Error where the cloud said why.
type Provider interface {
	// CheckCredentials asks the cloud who we are.
	CheckCredentials(ctx context.Context) error

	// DefaultImage returns the newest image of Ubuntu 24.04 for machines of a
	// kind; for those with GPUs one that has the driver, if the cloud has one.
	DefaultImage(ctx context.Context, kind MachineKind) (string, error)

	// Launch buys a machine. Repeating it with the same ClientToken and the
	// same request returns the same machine.
	Launch(ctx context.Context, request LaunchRequest) (*Instance, error)

	// Get returns a machine, or nil when the cloud says that it does not
	// exist (any more).
	Get(ctx context.Context, id string) (*Instance, error)

	// FindByEdge returns the machine of an Edge by its tag, or nil when the
	// cloud knows none that is alive.
	FindByEdge(ctx context.Context, edgeUID string) (*Instance, error)

	// List returns the living machines of the location by tag.
	List(ctx context.Context) ([]Instance, error)

	// Terminate ends a machine; ending one that is gone is no error. The
	// machine is gone when Get says so, not when Terminate returns.
	Terminate(ctx context.Context, id string) error

	// ConsoleOutput returns what the machine wrote to its console.
	ConsoleOutput(ctx context.Context, id string) (string, error)
}

// MachineKind is what an image has to be made for.
type MachineKind struct {
	// Architecture as in the label kubernetes.io/arch.
	Architecture string
	// GPU: the machine has NVIDIA GPUs.
	GPU bool
}

// LaunchRequest says which machine to buy.
type LaunchRequest struct {
	// ClientToken makes the call idempotent, at most 64 characters.
	ClientToken string
	// EdgeUID is put on the machine as a tag, Name as its name.
	EdgeUID, Name string
	// InstanceType, Zone and Image as the cloud names them.
	InstanceType, Zone, Image string
	// CapacityType is spot or on-demand.
	CapacityType string
	// DiskGiB is the size of the root disk.
	DiskGiB int32
	// Tags are added besides OMNI's own.
	Tags map[string]string
	// UserData is cloud-init's input, not encoded.
	UserData []byte
}

// InstanceState is the state of a machine.
type InstanceState string

// The states of a machine.
const (
	StatePending InstanceState = "Pending"
	StateRunning InstanceState = "Running"
	// StateStopped machines cost less, but not nothing.
	StateStopped     InstanceState = "Stopped"
	StateTerminating InstanceState = "Terminating"
	StateTerminated  InstanceState = "Terminated"
)

// Instance is a machine.
type Instance struct {
	// ID is the cloud's identifier.
	ID string
	// EdgeUID is the tag that says whose it is.
	EdgeUID string
	// InstanceType and Zone as the cloud names them.
	InstanceType, Zone string
	State              InstanceState
	LaunchTime         time.Time
}

// Gone says that the machine costs nothing any more and will not come back. A
// nil instance is one the cloud does not know.
func (i *Instance) Gone() bool { return i == nil || i.State == StateTerminated }
