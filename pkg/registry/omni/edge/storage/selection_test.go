// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/registry/registrytest"
)

// counted counts the objects a selector is shown.
type counted struct {
	fields.Selector
	shown *atomic.Int64
}

func (c counted) Matches(f fields.Fields) bool {
	c.shown.Add(1)
	return c.Selector.Matches(f)
}

// counting returns the predicate of the selector, and how many objects it was shown.
func counting(store *genericregistry.Store, selector string) (storage.SelectionPredicate, *atomic.Int64) {
	shown := &atomic.Int64{}
	predicate := store.PredicateFunc(labels.Everything(), counted{fields.ParseSelectorOrDie(selector), shown})
	return predicate, shown
}

// cachedStore is a store of edges behind the watch cache.
func cachedStore(tb testing.TB) (context.Context, *genericregistry.Store) {
	tb.Helper()
	options := registrytest.RESTOptions(tb, "edges")
	options.Decorator = genericregistry.StorageWithCacher()
	edges, err := NewStorage(options, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(edges.Edge.Destroy)
	ready := func(context.Context) (bool, error) { return edges.Edge.ReadinessCheck() == nil, nil }
	if err := wait.PollUntilContextTimeout(tb.Context(), 10*time.Millisecond, time.Minute, true, ready); err != nil {
		tb.Fatalf("the watch cache is not ready: %v", err)
	}
	// The rules declared for a version are those of the request's version.
	ctx := request.WithRequestInfo(tb.Context(), &request.RequestInfo{APIGroup: v1beta1.GroupName, APIVersion: v1beta1.SchemeGroupVersion.Version})
	return request.WithNamespace(ctx, metav1.NamespaceDefault), edges.Edge.Store
}

// create stores an edge and returns its resource version.
func create(ctx context.Context, store *genericregistry.Store, name, location, template string) (string, error) {
	edge := valid()
	edge.Name, edge.Spec.EdgeLocationName, edge.Spec.NodeTemplateName = name, location, template
	object, err := store.Create(ctx, edge, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("create %s: %w", name, err)
	}
	return object.(*omni.Edge).ResourceVersion, nil
}

// createEdges stores others edges elsewhere and then the one that tests select.
func createEdges(ctx context.Context, t *testing.T, store *genericregistry.Store, others int) (version string) {
	t.Helper()
	for i := range others {
		if _, err := create(ctx, store, fmt.Sprintf("other-%d", i), "elsewhere", "other"); err != nil {
			t.Fatal(err)
		}
	}
	version, err := create(ctx, store, "selected", "here", "batch")
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// TestListByIndex: a list looks at the objects of the index alone, in whichever
// order the selector names the fields.
func TestListByIndex(t *testing.T) {
	ctx, store := cachedStore(t)
	const others = 9
	version := createEdges(ctx, t, store, others)
	for selector, want := range map[string]int64{
		"spec.edgeLocationName=here":                       1,
		"spec.nodeTemplateName=batch":                      1,
		"status.phase=Pending,spec.edgeLocationName=here":  1,
		"status.phase=Pending,metadata.name!=other-0":      others + 1,
		"spec.nodeTemplateName!=other":                     others + 1, // no index of what it is not
		"status.phase=Draining":                            0,
		"metadata.namespace=default,status.phase!=Pending": others + 1,
	} {
		predicate, shown := counting(store, selector)
		list, err := store.ListPredicate(ctx, predicate, &metainternalversion.ListOptions{
			ResourceVersion: version, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		})
		if err != nil {
			t.Fatal(err)
		}
		if shown.Load() != want {
			t.Errorf("%s looked at %d objects to find %d, want %d", selector, shown.Load(), len(list.(*omni.EdgeList).Items), want)
		}
	}
}

// TestWatchByTrigger: a watch of a location is not woken by other locations.
func TestWatchByTrigger(t *testing.T) {
	ctx, store := cachedStore(t)
	const others = 9
	begin := func(selector string) (watch.Interface, *atomic.Int64) {
		predicate, shown := counting(store, selector)
		watcher, err := store.WatchPredicate(ctx, predicate, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(watcher.Stop)
		return watcher, shown
	}
	triggered, shownToTriggered := begin("spec.edgeLocationName=here")
	filtered, shownToFiltered := begin("spec.nodeTemplateName=batch")
	createEdges(ctx, t, store, others)
	for _, watcher := range []watch.Interface{triggered, filtered} {
		event, ok := <-watcher.ResultChan()
		if !ok {
			t.Fatal("the watch has ended")
		}
		object, err := meta.Accessor(event.Object)
		if err != nil || event.Type != watch.Added || object.GetName() != "selected" {
			t.Fatalf("%v %v (%v), want the selected edge added", event.Type, event.Object, err)
		}
	}
	// The selected edge is the last, and events keep their order.
	if got := shownToTriggered.Load(); got != 1 {
		t.Errorf("the watch of the location was woken %d times, want once", got)
	}
	if got := shownToFiltered.Load(); got != others+1 {
		t.Errorf("the watch of the template was woken %d times, want %d: this test proves nothing", got, others+1)
	}
}

// BenchmarkList compares a list of 100 among 10,000 edges by the index of the
// watch cache with one that looks at all of them.
func BenchmarkList(b *testing.B) {
	const edges, locations = 10_000, 100
	ctx, store := cachedStore(b)
	var version string
	for i := range edges {
		var err error
		if version, err = create(ctx, store, fmt.Sprintf("edge-%d", i), fmt.Sprintf("location-%d", i%locations), "batch"); err != nil {
			b.Fatal(err)
		}
	}
	predicate := store.PredicateFunc(labels.Everything(), fields.OneTermEqualSelector("spec.edgeLocationName", "location-7"))
	scan := predicate
	scan.IndexFields = nil
	for name, predicate := range map[string]storage.SelectionPredicate{"by=index": predicate, "by=scan": scan} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				list, err := store.ListPredicate(ctx, predicate, &metainternalversion.ListOptions{
					ResourceVersion: version, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
				})
				if err != nil {
					b.Fatal(err)
				}
				if got := len(list.(*omni.EdgeList).Items); got != edges/locations {
					b.Fatalf("listed %d edges, want %d", got, edges/locations)
				}
			}
		})
	}
}
