// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"testing"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/test/emulator/fault"
	emulator "github.com/castai/omni/test/emulator/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

func TestFaults(t *testing.T) {
	w := newWorld(t)
	full := emulator.OutOfHostCapacity()
	full.Zone, full.Count = ocitest.Domain, 1
	w.Inject(t, full)
	_, err := w.launch(t, "elsewhere", func(d *core.LaunchInstanceDetails) { d.AvailabilityDomain = new("EMUL:US-ASHBURN-AD-2") })
	if err != nil {
		t.Errorf("another domain: %v", err)
	}
	_, err = w.launch(t, "full", nil)
	wantError(t, err, 500, "InternalError")
	if _, err := w.launch(t, "full", nil); err != nil {
		t.Errorf("after the fault is used up: %v", err)
	}

	w.Inject(t, fault.Rule{Action: "LaunchInstance", Code: "ServiceUnavailable", After: true, Count: 1})
	_, err = w.launch(t, "lost", nil)
	wantError(t, err, 503, "ServiceUnavailable")
	if n := w.count(t); n != 3 {
		t.Errorf("%d machines after the lost answer, want 3", n)
	}
	if _, err := w.launch(t, "lost", nil); err != nil || w.count(t) != 3 {
		t.Errorf("repeated: %v, %d machines", err, w.count(t))
	}

	w.Inject(t, fault.Rule{Action: "LaunchInstance", Hidden: metav1.Duration{Duration: time.Minute}, Count: 1})
	i, err := w.launch(t, "hidden", nil)
	if err != nil || w.count(t) != 3 {
		t.Errorf("hidden: %v, %d machines", err, w.count(t))
	}
	_, err = w.compute.GetInstance(t.Context(), core.GetInstanceRequest{InstanceId: i.Id})
	wantError(t, err, 404, "NotAuthorizedOrNotFound")
	w.clock.Step(time.Minute)
	if n := w.count(t); n != 4 {
		t.Errorf("%d machines a minute later, want 4", n)
	}
}
