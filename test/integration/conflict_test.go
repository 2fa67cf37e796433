// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"errors"
	"strconv"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	omniclient "github.com/castai/omni/pkg/generated/clientset/versioned/typed/omni/v1beta1"
)

const writers, writes = 16, 10

type locationClient = omniclient.EdgeLocationInterface

// increment changes the location once, however often others are faster.
func increment(ctx context.Context, locations locationClient, name string, change func(*v1beta1.EdgeLocation), update func(context.Context, *v1beta1.EdgeLocation, metav1.UpdateOptions) (*v1beta1.EdgeLocation, error)) error {
	for {
		location, err := locations.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(location)
		if _, err := update(ctx, location, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
			return err
		}
	}
}

func countUp(location *v1beta1.EdgeLocation) {
	count, _ := strconv.Atoi(location.Annotations["count"])
	location.Annotations = map[string]string{"count": strconv.Itoa(count + 1)}
}

// storm runs all writers at once, each its part of the writes.
func storm(t *testing.T, write func(writer int) error) {
	t.Helper()
	done := make(chan error, writers)
	for writer := range writers {
		go func() {
			var errs []error
			for range writes {
				errs = append(errs, write(writer))
			}
			done <- errors.Join(errs...)
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func testConflicts(t *testing.T, s *testServer) {
	s.createLocation(t, "storm")
	locations := s.client().OmniV1beta1().EdgeLocations(namespace)
	storm(t, func(int) error {
		return increment(context.Background(), locations, "storm", countUp, locations.Update)
	})
	if got := s.location(t, "storm").Annotations["count"]; got != strconv.Itoa(writers*writes) {
		t.Errorf("%d writers have counted to %s, want %d", writers, got, writers*writes)
	}
}

// testTwoEndpoints: users write annotations while the controller writes the status.
func testTwoEndpoints(t *testing.T, s *testServer) {
	s.createLocation(t, "endpoints")
	locations := s.client().OmniV1beta1().EdgeLocations(namespace)
	storm(t, func(writer int) error {
		if writer%2 == 0 {
			return increment(context.Background(), locations, "endpoints", countUp, locations.Update)
		}
		return increment(context.Background(), locations, "endpoints", func(l *v1beta1.EdgeLocation) { l.Status.Edges++ }, locations.UpdateStatus)
	})
	got := s.location(t, "endpoints")
	if want := writers / 2 * writes; got.Annotations["count"] != strconv.Itoa(want) || int(got.Status.Edges) != want {
		t.Errorf("counted to %s and %d, want %d both", got.Annotations["count"], got.Status.Edges, want)
	}
}
