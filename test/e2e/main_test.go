// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package e2e tests the whole product on a lab of its own: real clusters behind a
// real aggregator, real Liqo, the AWS SDK and CLI against the emulated AWS.
//
// A lab that is up already (OMNI_E2E_LAB, see package labtest) must have no edge
// location: there is one edge cluster in a lab.
package e2e

import (
	"context"
	"testing"

	"github.com/castai/omni/test/lab/labtest"
)

// portBase leaves the ports of a developer's own lab alone.
const portBase = "28000"

// lab is the one that all tests share.
var lab *labUnderTest

func TestMain(m *testing.M) {
	labtest.Main(m, func(ctx context.Context, dir string) (err error) {
		lab, err = openLab(ctx, dir)
		return err
	}, "--port-base", portBase)
}
