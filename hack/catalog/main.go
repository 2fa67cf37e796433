// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command catalog writes the embedded snapshot of machine types and prices from a
// file of offerings. The same input gives the same bytes. pkg/catalog/snapshot/
// SOURCES.md says what the input is and where each figure is from.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/castai/omni/pkg/catalog"
)

func main() {
	input := flag.String("input", "", "catalog-omni-v1.json; required")
	want := flag.String("sha256", inputHash, "SHA-256 of the input that SOURCES.md describes; empty: any input")
	output := flag.String("output", "pkg/catalog/snapshot", "directory to write aws.csv, gcp.csv and oci.csv to")
	flag.Parse()
	if err := run(*input, *want, *output); err != nil {
		fmt.Fprintln(os.Stderr, "catalog:", err)
		os.Exit(1)
	}
}

// inputHash is that of the input the committed snapshot is made of.
const inputHash = "d3d74917770b73e82f2da798ecc767286eb979bb8c9781334edc6250aced1aee"

// source is the part of the input that is used. Zones, interruption rates and
// allocatable of the input are left out, for none of them is a fact.
type source struct {
	Types []sourceType `json:"types"`
}

type sourceType struct {
	InstanceType string `json:"instanceType"`
	Provider     string `json:"provider"`
	Region       string `json:"region"`
	Architecture string `json:"arch"`
	VCPU         int64  `json:"vcpu"`
	MemoryMiB    int64  `json:"memMi"`
	GPUName      string `json:"gpuName"`
	Allocatable  struct {
		GPUs int64 `json:"gpus"`
	} `json:"allocatable"`
	Offerings []struct {
		CapacityType string  `json:"capacityType"`
		Price        float64 `json:"price"`
	} `json:"offerings"`
}

func run(input, want, output string) error {
	data, err := os.ReadFile(input)
	if err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(data)); want != "" && got != want {
		return fmt.Errorf("--input: %s has the SHA-256 %s, not %s: its figures are not those SOURCES.md describes; describe them and give --sha256=%s", input, got, want, got)
	}
	var in source
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	files, err := convert(in.Types)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(output, name+".csv"), content, 0o644); err != nil {
			return fmt.Errorf("--output: %w", err)
		}
	}
	return nil
}

// convert returns the content of the files by their names.
func convert(types []sourceType) (map[string][]byte, error) {
	rows := map[string][][]string{}
	for i := range types {
		row, err := types[i].row()
		if err != nil {
			return nil, fmt.Errorf("%s in %s: %w", types[i].InstanceType, types[i].Region, err)
		}
		rows[types[i].Provider] = append(rows[types[i].Provider], row)
	}
	files := map[string][]byte{}
	for provider, records := range rows {
		slices.SortFunc(records, func(a, b []string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		if err := w.WriteAll(append([][]string{catalog.SnapshotColumns}, records...)); err != nil {
			return nil, err
		}
		files[provider] = out.Bytes()
	}
	return files, nil
}

// listed are the regions whose on-demand prices are those of a public list. Those
// of other regions are those of the first, times a factor.
var listed = map[string][]string{
	"aws": {"us-east-1", "us-west-2"},
	"gcp": {"us-central1"},
	"oci": {"us-ashburn-1"},
}

// awsSpotEstimate is an assumption: AWS publishes no list of spot prices. It is the
// discount that OCI lists for its own.
const awsSpotEstimate = 0.5

// gpuMemoryMiB is the memory of one GPU, of the maker's data sheets. All A100 of the
// input are those of 40 GB (p4d, a2-highgpu).
var gpuMemoryMiB = map[string]int64{
	"A10": 24 << 10, "A10G": 24 << 10, "A100": 40 << 10, "H100": 80 << 10, "L4": 24 << 10, "T4": 16 << 10, "V100": 16 << 10,
}

// row is a record of catalog.SnapshotColumns.
func (t *sourceType) row() ([]string, error) {
	onDemand, spot, err := t.prices()
	if err != nil {
		return nil, err
	}
	onDemandBasis, spotBasis := catalog.BasisSnapshot, catalog.BasisEstimate
	if !slices.Contains(listed[t.Provider], t.Region) {
		onDemandBasis = catalog.BasisEstimate
	}
	switch {
	case spot == 0:
		spotBasis = ""
	case t.Provider == "aws":
		spot = onDemand * awsSpotEstimate
	case t.Provider == "oci":
		spotBasis = onDemandBasis // half the list price, as listed
	}
	if t.GPUName != "" && (gpuMemoryMiB[t.GPUName] == 0 || t.Allocatable.GPUs == 0) {
		return nil, fmt.Errorf("GPU %q: its memory or its number is not known", t.GPUName)
	}
	integer := func(n int64) string { return strconv.FormatInt(n, 10) }
	return []string{
		t.Region, t.InstanceType, t.Architecture, integer(t.VCPU), integer(t.MemoryMiB),
		integer(t.Allocatable.GPUs), t.GPUName, integer(gpuMemoryMiB[t.GPUName]),
		catalog.FormatPrice(onDemand), string(onDemandBasis), formatOptional(spot), string(spotBasis),
	}, nil
}

// prices of a type. On-demand prices have to be the same in all zones; of spot
// prices the highest is taken.
func (t *sourceType) prices() (onDemand, spot float64, err error) {
	for _, o := range t.Offerings {
		switch {
		case o.CapacityType == "spot":
			spot = max(spot, o.Price)
		case onDemand != 0 && onDemand != o.Price:
			return 0, 0, fmt.Errorf("on-demand prices differ between zones: %v and %v", onDemand, o.Price)
		default:
			onDemand = o.Price
		}
	}
	if onDemand <= 0 || spot > onDemand {
		return 0, 0, fmt.Errorf("on-demand %v, spot %v: want a price above zero, and spot not above it", onDemand, spot)
	}
	return onDemand, spot, nil
}

func formatOptional(price float64) string {
	if price == 0 {
		return ""
	}
	return catalog.FormatPrice(price)
}
