// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// awsSnapshot holds public on-demand list prices (Linux, shared tenancy). The
// prices are those of us-east-1; AWS lists the same for us-west-2. It holds no
// spot prices, because AWS publishes none that stay true.
//
//go:embed snapshot/aws.csv
var awsSnapshot []byte

// snapshotDate is the day the prices in snapshot/ are of.
const snapshotDate = "2026-07-20"

// Snapshot returns the embedded catalog.
func Snapshot() (*Catalog, error) {
	offerings, err := parseAWS(awsSnapshot)
	if err != nil {
		return nil, fmt.Errorf("embedded catalog snapshot/aws.csv: %w", err)
	}
	return newCatalog("snapshot "+snapshotDate, offerings), nil
}

func newCatalog(source string, offerings []Offering) *Catalog {
	c := &Catalog{source: source, offerings: map[regionKey][]Offering{}}
	for _, o := range offerings {
		key := regionKey{o.Provider, o.Region}
		c.offerings[key] = append(c.offerings[key], o)
	}
	for _, list := range c.offerings {
		slices.SortStableFunc(list, Cheaper)
	}
	return c
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

// The columns of snapshot/aws.csv.
const (
	columnRegion = iota
	columnInstanceType
	columnArchitecture
	columnVCPU
	columnMemoryMiB
	columnGPUs
	columnGPUName
	columnPrice
	columns
)

func parseAWS(data []byte) ([]Offering, error) {
	reader := csv.NewReader(bytes.NewReader(data))
	reader.FieldsPerRecord = columns
	records, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("no header line")
	}
	offerings := make([]Offering, 0, len(records))
	for i, record := range records[1:] {
		o, err := parseRecord(record)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		offerings = append(offerings, o)
	}
	return offerings, nil
}

func parseRecord(record []string) (Offering, error) {
	var integers [columns]int64
	for _, column := range []int{columnVCPU, columnMemoryMiB, columnGPUs} {
		n, err := strconv.ParseInt(record[column], 10, 64)
		if err != nil {
			return Offering{}, fmt.Errorf("column %d: %w", column+1, err)
		}
		integers[column] = n
	}
	price, err := strconv.ParseFloat(record[columnPrice], 64)
	if err != nil || price <= 0 {
		return Offering{}, fmt.Errorf("column %d: not a price: %q", columnPrice+1, record[columnPrice])
	}
	family, _, ok := strings.Cut(record[columnInstanceType], ".")
	if !ok {
		return Offering{}, fmt.Errorf("column %d: not an instance type: %q", columnInstanceType+1, record[columnInstanceType])
	}
	memory := integers[columnMemoryMiB] << 20
	return Offering{
		Provider: "AWS", Region: record[columnRegion],
		InstanceType: record[columnInstanceType], Family: family,
		Architecture: record[columnArchitecture], CapacityType: "on-demand",
		VCPU: integers[columnVCPU], MemoryBytes: memory,
		GPUs: integers[columnGPUs], GPUName: record[columnGPUName],
		Allocatable: Allocatable(integers[columnVCPU], memory, integers[columnGPUs]),
		HourlyPrice: price,
	}, nil
}
