// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package labtest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/castai/omni/test/lab"
)

func TestLeaveTime(t *testing.T) {
	for name, test := range map[string]struct{ timeout, want time.Duration }{
		"a bound of a day":      {24 * time.Hour, 24*time.Hour - lab.DownBound},
		"little more than down": {lab.DownBound + time.Second, time.Second},
		"no time left":          {lab.DownBound, 0},
		"no timeout":            {0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := leaveTime(t.Context(), test.timeout)
				defer cancel()
				if test.want == 0 {
					if deadline, ok := ctx.Deadline(); ok {
						t.Errorf("it ends at %v, want never", deadline)
					}
					return
				}
				start := time.Now()
				<-ctx.Done()
				if after := time.Since(start); after != test.want || context.Cause(ctx).Error() != "out of time" {
					t.Errorf("it ended after %v by %v, want %v", after, context.Cause(ctx), test.want)
				}
			})
		})
	}
}
