// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// fromFiles makes a problem of --catalog and --workload.
func (o *options) fromFiles() (*scheduling.Problem, error) {
	machines, err := read("--catalog", o.catalog, workload.ReadCatalog)
	if err != nil {
		return nil, err
	}
	pods, err := read("--workload", o.workload, workload.Read)
	if err != nil {
		return nil, err
	}
	if err := o.checkLocations(machines.Locations()); err != nil {
		return nil, err
	}
	problem := &scheduling.Problem{
		Pods: pods.Pods(), Candidates: machines.Candidates(o.selected, o.overhead), Namespaces: map[string]map[string]string{},
	}
	for _, pod := range problem.Pods {
		// The one label that every namespace has.
		problem.Namespaces[pod.Namespace] = map[string]string{corev1.LabelMetadataName: pod.Namespace}
	}
	return problem, nil
}

// selected says whether machines may be bought in a location.
func (o *options) selected(location string) bool {
	return len(o.locations) == 0 || slices.Contains(o.locations, location)
}

func (o *options) checkLocations(known []string) error {
	for _, location := range o.locations {
		if !slices.Contains(known, location) {
			return fmt.Errorf("--locations: %q is not known: there are %s", location, strings.Join(known, ", "))
		}
	}
	return nil
}

// read reads a file; its errors name the flag, the file and, where JSON tells it,
// the line.
func read[T any](flag, name string, parse func(io.Reader) (*T, error)) (*T, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	value, err := parse(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %s%s: %w", flag, name, position(data, err), err)
	}
	return value, nil
}

// position of a JSON error, as :line:column; empty when it has none.
func position(data []byte, err error) string {
	var offset int64
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	} else if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = mismatch.Offset
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		offset = int64(len(data))
	} else {
		return ""
	}
	before := data[:min(max(0, offset), int64(len(data)))]
	return fmt.Sprintf(":%d:%d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n')-1)
}
