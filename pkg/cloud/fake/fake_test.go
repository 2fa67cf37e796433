// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package fake_test

import (
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/cloud/cloudtest"
	"github.com/castai/omni/pkg/cloud/fake"
)

func TestContract(t *testing.T) {
	cloudtest.Run(t, cloudtest.Setup{
		// Each fake is a location of its own.
		Provider: fake.New(clock.RealClock{}), Elsewhere: fake.New(clock.RealClock{}), InstanceType: "m5.large", Zone: "zone-a", Settle: time.Minute,
	})
}
