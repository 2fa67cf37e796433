// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package workload reads machines and pods from files and makes a problem for the
// solver of them: what `kubectl omni simulate` and the benchmark have in common.
package workload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/edgenode"
	"github.com/castai/omni/pkg/scheduling"
)

// MainLocation is what files and flags call the main cluster. In a Candidate its
// machines have no location.
const MainLocation = "main"

// labelCapacityType is the label by which pods written for Karpenter choose
// between spot and on-demand. https://karpenter.sh/docs/concepts/nodepools/
const labelCapacityType = "karpenter.sh/capacity-type"

// gpuResource is the extended resource of the GPUs in a file.
const gpuResource corev1.ResourceName = "nvidia.com/gpu"

// Catalog is a file of machines that can be bought.
type Catalog struct {
	Name  string `json:"name"`
	Note  string `json:"note,omitempty"`
	Types []Type `json:"types"`
}

// Type is a machine type in one location.
type Type struct {
	// Name identifies the type together with its location; InstanceType is the
	// cloud's name.
	Name         string `json:"name"`
	InstanceType string `json:"instanceType"`
	Family       string `json:"family"`
	// Provider is the cloud in lower case.
	Provider string `json:"provider"`
	Region   string `json:"region"`
	// Location is the name of the edge location, or MainLocation.
	Location string `json:"location"`
	// Edge says that pods need the toleration of edges.
	Edge         bool        `json:"edge"`
	Architecture string      `json:"arch"`
	GPUName      string      `json:"gpuName,omitempty"`
	VCPU         int64       `json:"vcpu"`
	MemoryMiB    int64       `json:"memMi"`
	Allocatable  Allocatable `json:"allocatable"`
	Offerings    []Offering  `json:"offerings"`
}

// Allocatable is what pods can use of a machine.
type Allocatable struct {
	MilliCPU  int64 `json:"cpuMilli"`
	MemoryMiB int64 `json:"memoryMi"`
	Pods      int64 `json:"pods"`
	GPUs      int64 `json:"gpus"`
}

// Offering is a way to buy a Type.
type Offering struct {
	Zone         string `json:"zone"`
	CapacityType string `json:"capacityType"`
	// Price is in US dollars per hour.
	Price float64 `json:"price"`
	// Interruption is the part of such machines that the cloud takes back in a
	// month, from 0 to 1.
	Interruption float64 `json:"interruption,omitempty"`
}

// ReadCatalog reads a catalog and checks it.
func ReadCatalog(r io.Reader) (*Catalog, error) {
	var c Catalog
	if err := json.NewDecoder(r).Decode(&c); err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	if len(c.Types) == 0 {
		return nil, errors.New("types: the catalog has none")
	}
	for i := range c.Types {
		if err := c.Types[i].validate(); err != nil {
			return nil, fmt.Errorf("types[%d]%w", i, err)
		}
	}
	return &c, nil
}

// validate returns an error that begins with the path of the field in the type.
func (t *Type) validate() error {
	switch {
	case t.InstanceType == "":
		return errors.New(".instanceType: must not be empty")
	case t.Location == "":
		return fmt.Errorf(".location: must be %q or the name of an edge location", MainLocation)
	case t.Edge == (t.Location == MainLocation):
		return fmt.Errorf(".edge: must be true in every location but %q", MainLocation)
	case t.Allocatable.MilliCPU <= 0 || t.Allocatable.MemoryMiB <= 0 || t.Allocatable.Pods <= 0:
		return errors.New(".allocatable: cpuMilli, memoryMi and pods must be above zero")
	}
	for i, o := range t.Offerings {
		if !(o.Price > 0) {
			return fmt.Errorf(".offerings[%d].price: is %v, must be above zero", i, o.Price)
		}
	}
	return nil
}

// Locations returns the names of the locations in the order of the file.
func (c *Catalog) Locations() (names []string) {
	seen := map[string]bool{}
	for i := range c.Types {
		if name := c.Types[i].Location; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// Candidates returns every offering in the locations that keep accepts as a
// machine that may be bought, each for overhead US dollars per hour besides its
// price.
func (c *Catalog) Candidates(keep func(location string) bool, overhead float64) []scheduling.Candidate {
	var candidates []scheduling.Candidate
	for i := range c.Types {
		t := &c.Types[i]
		if !keep(t.Location) {
			continue
		}
		allocatable := t.Allocatable.list()
		for _, o := range t.Offerings {
			candidates = append(candidates, t.candidate(o, allocatable, overhead))
		}
	}
	return candidates
}

func (t *Type) candidate(o Offering, allocatable corev1.ResourceList, overhead float64) scheduling.Candidate {
	c := scheduling.Candidate{
		Offering: catalog.Offering{
			Type: catalog.Type{
				InstanceType: t.InstanceType, Family: t.Family, Architecture: t.Architecture,
				VCPU: t.VCPU, MemoryBytes: t.MemoryMiB << 20, GPUs: t.Allocatable.GPUs, GPUName: t.GPUName,
			},
			Provider: t.Provider, Region: t.Region, Zone: o.Zone, CapacityType: o.CapacityType,
			Allocatable: allocatable, HourlyPrice: o.Price,
		},
		Cost: scheduling.Cost{Price: o.Price, Overhead: overhead},
		Labels: map[string]string{
			corev1.LabelTopologyRegion:     t.Region,
			corev1.LabelTopologyZone:       o.Zone,
			corev1.LabelInstanceTypeStable: t.InstanceType,
			corev1.LabelArchStable:         t.Architecture,
			corev1.LabelOSStable:           "linux",
			labelCapacityType:              o.CapacityType,
			v1beta1.LabelCapacityType:      o.CapacityType,
		},
	}
	if t.Edge {
		c.Location = t.Location
		c.Labels[v1beta1.LabelEdgeNode] = "true"
		c.Labels[v1beta1.LabelEdgeLocationName] = t.Location
		c.Labels[v1beta1.LabelCSP] = t.Provider
		c.Taints = []corev1.Taint{edgenode.EdgeTaint()}
	}
	return c
}

func (a Allocatable) list() corev1.ResourceList {
	list := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(a.MilliCPU, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(a.MemoryMiB<<20, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(a.Pods, resource.DecimalSI),
	}
	if a.GPUs > 0 {
		list[gpuResource] = *resource.NewQuantity(a.GPUs, resource.DecimalSI)
	}
	return list
}
