// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package unavailable

import (
	"testing"
	"time"

	testingclock "k8s.io/utils/clock/testing"
)

func TestOfferings(t *testing.T) {
	clock := testingclock.NewFakeClock(time.Now())
	o := New(clock)
	offering := Offering{Location: "team-a/oregon", InstanceType: "m5.large"}
	expect := func(want bool) {
		t.Helper()
		if got := o.Has(offering); got != want {
			t.Fatalf("Has = %v, want %v", got, want)
		}
	}
	expect(false)
	o.Refuse(offering)
	expect(true)
	clock.Step(firstTTL + time.Second)
	expect(false)
	o.Refuse(offering) // the second refusal counts double
	clock.Step(firstTTL + time.Second)
	expect(true)
	clock.Step(firstTTL)
	expect(false)
	clock.Step(longestTTL)
	expect(false) // forgotten
	o.Refuse(offering)
	clock.Step(firstTTL + time.Second)
	expect(false)
}
