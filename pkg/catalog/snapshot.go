// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// snapshotFiles are written by hack/catalog; snapshot/SOURCES.md says where each
// figure is from.
//
//go:embed snapshot/*.csv
var snapshotFiles embed.FS

// snapshotDate is the day of the prices in snapshot/, as SOURCES.md says:
// 2026-07-20.
var snapshotDate = metav1.Unix(1784505600, 0)

// Snapshot returns a catalog that knows what is embedded.
func Snapshot() (*Catalog, error) {
	c := &Catalog{snapshot: map[Region][]Offering{}, listings: map[Region]*Listing{}, live: map[Region][]Offering{}}
	for provider, name := range map[string]string{"AWS": "aws", "GCP": "gcp", "OCI": "oci"} {
		path := "snapshot/" + name + ".csv"
		data, err := snapshotFiles.ReadFile(path)
		if err != nil {
			return nil, err
		}
		offerings, err := parseSnapshot(provider, data)
		if err != nil {
			return nil, fmt.Errorf("embedded catalog %s: %w", path, err)
		}
		for _, o := range offerings {
			region := Region{Provider: provider, Name: o.Region}
			c.snapshot[region] = append(c.snapshot[region], o)
		}
	}
	for _, offerings := range c.snapshot {
		slices.SortFunc(offerings, Cheaper)
	}
	return c, nil
}

// Cheaper orders offerings by price, then by every name, so that the order is
// the same wherever it is computed.
func Cheaper(a, b Offering) int {
	return cmp.Or(
		cmp.Compare(a.HourlyPrice, b.HourlyPrice),
		cmp.Compare(a.InstanceType, b.InstanceType),
		cmp.Compare(a.CapacityType, b.CapacityType),
		cmp.Compare(a.Region, b.Region),
		cmp.Compare(a.Zone, b.Zone),
	)
}

// SnapshotColumns is the header of the files in snapshot/. Memory is in MiB, that of
// a GPU too; prices are US dollars per hour; a basis is snapshot or estimate; a
// type without spot machines has an empty spot price.
var SnapshotColumns = []string{
	"region", "instanceType", "architecture", "vcpu", "memoryMiB", "gpus", "gpuName", "gpuMemoryMiB",
	"onDemand", "onDemandBasis", "spot", "spotBasis",
}

func parseSnapshot(provider string, data []byte) ([]Offering, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = len(SnapshotColumns)
	header, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("no header line: %w", err)
	}
	if !slices.Equal(header, SnapshotColumns) {
		return nil, fmt.Errorf("the header is %q, want %q", header, SnapshotColumns)
	}
	var offerings []Offering
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return offerings, nil
		}
		if err != nil {
			return nil, err
		}
		row, err := parseRow(provider, record)
		if err != nil {
			line, _ := reader.FieldPos(0)
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		offerings = append(offerings, row...)
	}
}

// parseRow returns the offerings of a type: on-demand and, if there is one, spot.
func parseRow(provider string, record []string) ([]Offering, error) {
	r := &row{fields: record}
	o := Offering{
		Provider: provider, Region: r.text("region"),
		Type: Type{
			InstanceType: r.text("instanceType"), Family: Family(provider, r.text("instanceType")), Architecture: r.text("architecture"),
			VCPU: r.integer("vcpu"), MemoryBytes: r.integer("memoryMiB") * mebibyte,
			GPUs: r.integer("gpus"), GPUName: r.text("gpuName"), GPUMemoryBytes: r.integer("gpuMemoryMiB") * mebibyte,
		},
	}
	o.Allocatable = Allocatable(&o.Type)
	list := r.price("onDemand")
	ways := []Offering{o.at(onDemand, list)}
	if r.text("spot") != "" {
		cheap := r.price("spot")
		if cheap.hourly > list.hourly {
			r.fail("spot", "is above the on-demand price")
		}
		ways = append(ways, o.at(spot, cheap))
	}
	if o.VCPU <= 0 || o.MemoryBytes <= 0 || o.InstanceType == "" || o.Region == "" {
		r.fail("instanceType", "is no machine in a region, with CPUs and memory")
	}
	return ways, r.err
}

// row reads the fields of a record and keeps the first error.
type row struct {
	fields []string
	err    error
}

func (r *row) text(column string) string { return r.fields[slices.Index(SnapshotColumns, column)] }

func (r *row) fail(column, problem string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: %q %s", column, r.text(column), problem)
	}
}

func (r *row) integer(column string) int64 {
	n, err := strconv.ParseInt(r.text(column), 10, 64)
	if err != nil || n < 0 {
		r.fail(column, "is no number of them")
	}
	return n
}

func (r *row) price(column string) price {
	hourly, err := strconv.ParseFloat(r.text(column), 64)
	if err != nil || !(hourly > 0) {
		r.fail(column, "is no price above zero")
	}
	basis := Basis(r.text(column + "Basis"))
	if basis != BasisSnapshot && basis != BasisEstimate {
		r.fail(column+"Basis", "is neither snapshot nor estimate")
	}
	return price{hourly, Source{basis, snapshotDate}}
}
