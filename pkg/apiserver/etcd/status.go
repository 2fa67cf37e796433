// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Status is what an operator wants to know about the store.
type Status struct {
	Members []MemberStatus `json:"members"`
	// Objects stored, by the key they are encrypted with (such as
	// secretbox/key1; identity: not encrypted).
	Objects map[string]int `json:"objects"`
}

// MemberStatus is what one member says of itself. Sizes are in bytes.
type MemberStatus struct {
	Endpoint string `json:"endpoint"`
	Version  string `json:"version"`
	Leader   bool   `json:"leader"`
	Revision int64  `json:"revision"`
	// Size of the database file; it refuses writes when it reaches Quota.
	Size int64 `json:"sizeBytes"`
	// InUse is what is left of Size after a defragmentation.
	InUse int64 `json:"inUseBytes"`
	Quota int64 `json:"quotaBytes"`
	// Errors are alarms, such as NOSPACE, and the lack of a leader.
	Errors []string `json:"errors"`
}

// Status asks every member.
func (m *Maintenance) Status(ctx context.Context) (*Status, error) {
	status := &Status{Members: []MemberStatus{}, Objects: map[string]int{}}
	err := m.connected(ctx, func(client *clientv3.Client) error {
		for _, endpoint := range client.Endpoints() {
			member, err := memberStatus(ctx, client, endpoint)
			if err != nil {
				return fmt.Errorf("status of %s: %w", endpoint, err)
			}
			status.Members = append(status.Members, *member)
		}
		return m.step("reading the objects", func() error {
			for object, err := range Values(ctx, client, m.Prefix) {
				if err != nil {
					return err
				}
				status.Objects[object.Key()]++
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return status, nil
}

func memberStatus(ctx context.Context, client *clientv3.Client, endpoint string) (*MemberStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	answer, err := client.Status(ctx, endpoint)
	if err != nil {
		return nil, err
	}
	return &MemberStatus{
		Endpoint: endpoint,
		Version:  answer.Version,
		Leader:   answer.Leader == answer.Header.MemberId,
		Revision: answer.Header.Revision,
		Size:     answer.DbSize,
		InUse:    answer.DbSizeInUse,
		Quota:    answer.DbSizeQuota,
		Errors:   append([]string{}, answer.Errors...),
	}, nil
}

// Print writes the status as two tables.
func (s *Status) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	fmt.Fprintln(table, "ENDPOINT\tVERSION\tLEADER\tREVISION\tSIZE\tIN USE\tQUOTA\tERRORS")
	for _, m := range s.Members {
		errs := strings.Join(m.Errors, ", ")
		if errs == "" {
			errs = "-"
		}
		fmt.Fprintf(table, "%s\t%s\t%t\t%d\t%s\t%s\t%s\t%s\n", m.Endpoint, m.Version, m.Leader, m.Revision, size(m.Size), size(m.InUse), size(m.Quota), errs)
	}
	fmt.Fprintln(table, "\nENCRYPTED WITH\tOBJECTS")
	for _, key := range slices.Sorted(maps.Keys(s.Objects)) {
		fmt.Fprintf(table, "%s\t%d\n", key, s.Objects[key])
	}
	return table.Flush()
}

// size as kubectl prints it: 2Gi, 20Ki.
func size(bytes int64) string { return resource.NewQuantity(bytes, resource.BinarySI).String() }
