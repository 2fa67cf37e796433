// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
)

// The layouts of times and days in what people read, in UTC.
const (
	dateTime = "2006-01-02T15:04:05Z"
	date     = "2006-01-02"
)

// Basis is what a price rests on.
type Basis string

// The bases of prices.
const (
	// BasisLive: the cloud's API said so at run time.
	BasisLive Basis = "live"
	// BasisSnapshot: the cloud's public price list, embedded in the binary.
	BasisSnapshot Basis = "snapshot"
	// BasisEstimate: embedded too, but derived from a list price by a rule:
	// snapshot/SOURCES.md names it.
	BasisEstimate Basis = "estimate"
)

// Source says where a price is from and of when it is.
type Source struct {
	Basis Basis
	Time  metav1.Time
}

// String tells the source with its time, the same whenever it is asked:
// "live 2026-11-23T02:49:41Z", "snapshot 2026-07-20".
func (s Source) String() string {
	if s.Basis == BasisLive {
		return "live " + s.Time.UTC().Format(dateTime)
	}
	return s.snapshot()
}

// Since tells the source with the age it has now: "live 12m". The snapshot is
// told by its day.
func (s Source) Since(now metav1.Time) string {
	if s.Basis == BasisLive {
		return "live " + duration.HumanDuration(max(0, now.Sub(s.Time.Time)))
	}
	return s.snapshot()
}

func (s Source) snapshot() string {
	text := "snapshot " + s.Time.UTC().Format(date)
	if s.Basis == BasisEstimate {
		text += " (estimate)"
	}
	return text
}
