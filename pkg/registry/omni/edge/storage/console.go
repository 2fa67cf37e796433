// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/registry/text"
)

// Machines knows of the machines of edges what this server does not: it holds no
// credentials of any cloud or edge cluster.
type Machines interface {
	// Output returns all that the cloud has kept of the console of an edge's
	// machine. Errors are API statuses.
	Output(ctx context.Context, namespace, name string) (string, error)
	// JoinCommand mints a token for the machine of an edge and returns the script
	// that joins it. Errors are API statuses.
	JoinCommand(ctx context.Context, namespace, name string) (v1beta1.JoinCommandStatus, error)
}

// ConsoleOutputREST serves edges/console-output, for people: what the machine of an
// edge wrote to its console while it booted.
type ConsoleOutputREST struct {
	text.Metadata
	edges    rest.Getter
	machines Machines
}

var (
	_ rest.GetterWithOptions = &ConsoleOutputREST{}
	_ rest.StorageMetadata   = &ConsoleOutputREST{}
)

// New returns an object to describe the endpoint with; it is never served.
func (*ConsoleOutputREST) New() runtime.Object { return &omni.Edge{} }

// Destroy does nothing: the store belongs to REST.
func (*ConsoleOutputREST) Destroy() {}

// NewGetOptions returns the query parameters.
func (*ConsoleOutputREST) NewGetOptions() (runtime.Object, bool, string) {
	return &omni.ConsoleOutputOptions{}, false, ""
}

// Get asks for the console of an edge that exists.
func (r *ConsoleOutputREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	tail := options.(*omni.ConsoleOutputOptions).TailLines
	if tail < 0 {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("tailLines: %d: must be 0 (all) or more", tail))
	}
	object, err := r.edges.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if r.machines == nil {
		return nil, withoutController("console output comes")
	}
	output, err := r.machines.Output(ctx, object.(*omni.Edge).Namespace, name)
	if err != nil {
		return nil, err
	}
	return text.Text{MediaType: text.Plain, Body: lastLines(output, tail)}, nil
}

func withoutController(what string) error {
	return apierrors.NewServiceUnavailable(what + " from omni-controller: start omni-apiserver with --controller-url and --controller-ca-file")
}

// lastLines returns the last lines of a text; 0 means all.
func lastLines(output string, tail int64) string {
	if tail == 0 {
		return output
	}
	start := len(strings.TrimSuffix(output, "\n"))
	for range tail {
		if start = strings.LastIndexByte(output[:start], '\n'); start < 0 {
			return output
		}
	}
	return output[start+1:]
}
