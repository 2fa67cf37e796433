// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/cloud"
)

// Stale is what a cloud did not answer the last time it was asked.
type Stale struct {
	// Parts of the listing that failed alike.
	Parts []string
	// Class and Error of the last try.
	Class cloud.ErrorClass
	Error string
	// Time of the oldest that is used instead; zero: the snapshot's.
	Time metav1.Time
}

// String says what failed, why, and what is used instead.
func (s *Stale) String() string {
	instead := "of the snapshot of " + snapshotDate.UTC().Format(date)
	if !s.Time.IsZero() {
		instead = "of " + s.Time.UTC().Format(dateTime)
	}
	return fmt.Sprintf("%s: %s; those %s are used", strings.Join(s.Parts, ", "), s.Error, instead)
}

// Stale returns what was not answered the last time, in the order of the parts;
// nothing when all was.
func (l *Listing) Stale() []Stale {
	var all []Stale
	for _, part := range []struct {
		name  string
		class cloud.ErrorClass
		error string
		time  metav1.Time
	}{
		{"machine types", l.Types.Class, l.Types.Error, l.Types.Time},
		{"zones of machine types", l.Zones.Class, l.Zones.Error, l.Zones.Time},
		{"on-demand prices", l.OnDemand.Class, l.OnDemand.Error, l.OnDemand.Time},
		{"spot prices", l.Spot.Class, l.Spot.Error, l.Spot.Time},
	} {
		if part.error == "" {
			continue
		}
		i := slices.IndexFunc(all, func(s Stale) bool { return s.Error == part.error && s.Time.IsZero() == part.time.IsZero() })
		if i >= 0 {
			all[i].Parts = append(all[i].Parts, part.name)
			if part.time.Before(&all[i].Time) {
				all[i].Time = part.time
			}
			continue
		}
		all = append(all, Stale{[]string{part.name}, part.class, part.error, part.time})
	}
	return all
}

// Err joins what is stale; nil when nothing is.
func (l *Listing) Err() error {
	var words []string
	for _, stale := range l.Stale() {
		words = append(words, stale.String())
	}
	if words == nil {
		return nil
	}
	return errors.New(strings.Join(words, "; "))
}
