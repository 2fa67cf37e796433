// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package requeue_test

import (
	"errors"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/controller/requeue"
)

func TestOnConflict(t *testing.T) {
	later := reconcile.Result{RequeueAfter: time.Hour}
	conflict := apierrors.NewConflict(schema.GroupResource{}, "e", errors.New("changed"))
	for name, tc := range map[string]struct {
		err     error
		soon    bool
		isError bool
	}{
		"no error":             {},
		"a conflict":           {err: conflict, soon: true},
		"a conflict in others": {err: errors.Join(errors.New("x"), conflict), soon: true},
		"an error":             {err: errors.New("x"), isError: true},
	} {
		result, err := requeue.OnConflict(later, tc.err)
		if (err != nil) != tc.isError {
			t.Errorf("%s: err = %v", name, err)
		}
		if soon := result.RequeueAfter > 0 && result.RequeueAfter < time.Second; soon != tc.soon {
			t.Errorf("%s: result = %+v", name, result)
		}
	}
}

func TestPausesAreBounded(t *testing.T) {
	pauses, last := requeue.Pauses(), time.Duration(0)
	for range 50 {
		last = pauses.When(reconcile.Request{})
	}
	if last > time.Minute {
		t.Errorf("the pause grows to %s", last)
	}
}
