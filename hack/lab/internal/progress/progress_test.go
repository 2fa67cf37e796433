// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"
)

func TestLongStepSaysThatItIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		p := New(&out, false, clock.RealClock{})
		err := p.LongStep(t.Context(), "build", func(context.Context) error {
			time.Sleep(40 * time.Second) // of the bubble's clock
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		for line := range strings.SplitSeq(strings.TrimSpace(out.String()), "\n") {
			fields = append(fields, strings.Join(strings.Fields(line), " "))
		}
		want := "... build 15 s|... build 30 s|ok build 40.0 s"
		if got := strings.Join(fields, "|"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestFailureNamesTheStep(t *testing.T) {
	var out strings.Builder
	p := New(&out, false, clock.RealClock{})
	broken := errors.New("no")
	err := p.Step(context.Background(), "main: etcd", func(context.Context) error { return broken })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "main: etcd: ") || !strings.Contains(out.String(), "FAIL") {
		t.Errorf("error %v, printed %q", err, out.String())
	}
}
