// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package karpenter reads decisions that Karpenter 1.15 took in its own scheduling
// specs, and makes of their inputs problems for our solver. They were recorded by
// running those specs with a recorder in Scheduler.Solve.
package karpenter

import (
	"bufio"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Case is one call of Karpenter's solver: what it was asked and what it decided.
type Case struct {
	// Test is the name of the spec. Some call the solver more than once.
	Test      string
	NodePools []NodePool
	// Pools are the keys of the catalogs of instance types, by NodePool.
	Pools         map[string]string
	ExistingNodes []ExistingNode
	ClusterPods   []*corev1.Pod
	ClusterNodes  []*corev1.Node
	Namespaces    []struct {
		Name   string
		Labels map[string]string
	}
	PVCs    []*corev1.PersistentVolumeClaim
	PVs     []*corev1.PersistentVolume
	Pending []*corev1.Pod
	Expect  Expectation
}

// NodePool is what bears on scheduling of a karpenter.sh/v1 NodePool. The limits
// of the recorded ones, 2,000 CPUs, bind nowhere.
type NodePool struct {
	Metadata struct{ Name string }
	Spec     struct {
		Weight   int32
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Requirements []Requirement
				Taints       []corev1.Taint
			}
		}
	}
}

// Requirement is one demand on the value of a label.
type Requirement struct {
	Key, Operator string
	Values        []string
}

// ExistingNode is a node as Karpenter's solver sees it.
type ExistingNode struct {
	Name   string
	Labels map[string]string
	Taints []corev1.Taint
	// Available is what its pods, and the DaemonSets that are yet to come, leave.
	Available corev1.ResourceList
}

// Expectation is Karpenter's decision. Pods are named namespace/name.
type Expectation struct {
	NewNodes    []NewNode
	OnExisting  map[string][]string
	Unscheduled map[string]string
}

// NewNode is a node that Karpenter would launch: the cheapest offering that meets
// the requirements, of the types that are left.
type NewNode struct {
	NodePool string
	Reqs     []Requirement
	Types    TypeNames
	Pods     []string
	Requests corev1.ResourceList
}

// TypeNames are the names of instance types; nil, when there are too many to name.
type TypeNames []string

// UnmarshalJSON reads names or, for many, their number.
func (n *TypeNames) UnmarshalJSON(data []byte) error {
	var number int
	if err := json.Unmarshal(data, &number); err == nil {
		return nil
	}
	return json.Unmarshal(data, (*[]string)(n))
}

func (n TypeNames) has(name string) bool { return n == nil || slices.Contains(n, name) }

// InstanceType is one of a catalog.
type InstanceType struct {
	Name        string
	Reqs        []Requirement
	Allocatable corev1.ResourceList
	Offerings   []Offering
}

// Offering is a way to buy an instance type, at a price in US dollars per hour.
type Offering struct {
	Reqs      []Requirement
	Price     float64
	Available bool
	// ResCap is how many a reservation has left.
	ResCap int
}

// full says whether it is of a reservation that has none left.
func (o *Offering) full() bool {
	return o.ResCap == 0 && slices.ContainsFunc(o.Reqs, func(r Requirement) bool {
		return r.Key == labelCapacityType && slices.Contains(r.Values, "reserved")
	})
}

//go:embed testdata
var testdata embed.FS

// Cases returns the recorded cases in their order, and the catalogs by key.
func Cases() ([]Case, map[string][]InstanceType, error) {
	var catalogs map[string][]InstanceType
	if err := decode("testdata/catalogs.json.gz", func(d *json.Decoder) error { return d.Decode(&catalogs) }); err != nil {
		return nil, nil, err
	}
	var cases []Case
	err := decode("testdata/cases.jsonl.gz", func(d *json.Decoder) error {
		for d.More() {
			var c Case
			if err := d.Decode(&c); err != nil {
				return fmt.Errorf("case %d: %w", len(cases), err)
			}
			cases = append(cases, c)
		}
		return nil
	})
	return cases, catalogs, err
}

func decode(name string, read func(*json.Decoder) error) error {
	file, err := testdata.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := read(json.NewDecoder(bufio.NewReader(unzipped))); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
