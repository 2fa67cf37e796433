// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package lister

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
)

const noon = 1_800_000_000

// asker asks at noon. What the cloud says is classified already.
func asker(attempts int) *Asker {
	return &Asker{
		Clock:    testingclock.NewFakePassiveClock(time.Unix(noon, 0)),
		Classify: func(err error) error { return err }, Backoff: wait.Backoff{Steps: attempts},
	}
}

var (
	busy   = &cloud.Error{Class: cloud.ClassThrottle, Err: errors.New("too many")}
	denied = &cloud.Error{Class: cloud.ClassAuth, Code: "forbidden", Err: errors.New("no prices.list")}
)

// TestAsk: what fails is kept as it was, and an empty answer is no answer.
func TestAsk(t *testing.T) {
	before, now := metav1.Unix(noon-3600, 0), metav1.NewTime(time.Unix(noon, 0))
	known := catalog.Part[int]{Value: 1, Time: before}
	for name, test := range map[string]struct {
		size int
		err  error
		want catalog.Part[int]
	}{
		"answered": {1, nil, catalog.Part[int]{Value: 2, Time: now}},
		"empty":    {0, nil, catalog.Part[int]{Value: 1, Time: before, Error: "the answer is empty", Class: cloud.ClassTransient}},
		"refused":  {1, denied, catalog.Part[int]{Value: 1, Time: before, Error: "CredentialsRejected (forbidden): no prices.list", Class: cloud.ClassAuth}},
	} {
		got := Ask(t.Context(), asker(1), known, func(context.Context) (int, int, error) { return 2, test.size, test.err })
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}

func TestPage(t *testing.T) {
	for name, test := range map[string]struct {
		attempts int
		answers  []error
		asked    int
		want     error
	}{
		"at once":           {3, []error{nil}, 1, nil},
		"after a while":     {3, []error{busy, errors.New("no route"), nil}, 3, nil},
		"never":             {2, []error{busy, busy, nil}, 2, busy},
		"refused":           {3, []error{denied, nil}, 1, denied},
		"one attempt":       {1, []error{busy, nil}, 1, busy},
		"no backoff is set": {0, []error{nil}, 1, nil},
	} {
		asked := 0
		err := asker(test.attempts).Page(t.Context(), func(context.Context) error {
			asked++
			return test.answers[asked-1]
		})
		if !errors.Is(err, test.want) || asked != test.asked {
			t.Errorf("%s: %v after %d attempts, want %v after %d", name, err, asked, test.want, test.asked)
		}
	}
}
