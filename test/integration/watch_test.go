// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	restclient "k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/generated/informers/externalversions"
)

// testInitialEvents: a list by a watch is the objects, then a bookmark that says
// it is complete, then changes.
func testInitialEvents(t *testing.T, s *testServer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	edges, yes := s.client().OmniV1beta1().Edges(namespace), true
	s.createEdges("initial", 2)
	watcher, err := edges.Watch(ctx, metav1.ListOptions{
		LabelSelector: "test=initial", SendInitialEvents: &yes, AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer watcher.Stop()
	next := func() string {
		event, ok := <-watcher.ResultChan()
		if !ok {
			t.Fatal("the watch has ended")
		}
		edge := event.Object.(*v1beta1.Edge)
		if event.Type == watch.Bookmark {
			return string(event.Type) + " " + edge.Annotations[metav1.InitialEventsAnnotationKey]
		}
		return string(event.Type) + " " + edge.Name
	}
	for _, want := range []string{"ADDED initial-0", "ADDED initial-1", "BOOKMARK true"} {
		if got := next(); got != want {
			t.Fatalf("event %q, want %q", got, want)
		}
	}
	if err := edges.Delete(ctx, "initial-0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := next(); got != "DELETED initial-0" {
		t.Errorf("event %q, want the deletion", got)
	}
}

// requests notes what a client asks of the group.
type requests struct {
	mu   sync.Mutex
	uris []string
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

func (r *requests) note(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		r.mu.Lock()
		r.uris = append(r.uris, request.URL.RequestURI())
		r.mu.Unlock()
		return next.RoundTrip(request)
	})
}

// testStreamingInformers: the informers of client-go, and those of the garbage
// collector, fill by one watch each and never fall back to a list.
func testStreamingInformers(t *testing.T, s *testServer) {
	s.createEdges("streamed", 1)
	for name, start := range map[string]func(*restclient.Config, <-chan struct{}) (cache.SharedIndexInformer, error){
		"typed": func(config *restclient.Config, stop <-chan struct{}) (cache.SharedIndexInformer, error) {
			client, err := versioned.NewForConfig(config)
			if err != nil {
				return nil, err
			}
			factory := externalversions.NewSharedInformerFactory(client, 0)
			informer := factory.Omni().V1beta1().Edges().Informer()
			factory.Start(stop)
			return informer, nil
		},
		"metadata": func(config *restclient.Config, stop <-chan struct{}) (cache.SharedIndexInformer, error) {
			client, err := metadata.NewForConfig(config)
			if err != nil {
				return nil, err
			}
			factory := metadatainformer.NewSharedInformerFactory(client, 0)
			informer := factory.ForResource(v1beta1.SchemeGroupVersion.WithResource("edges")).Informer()
			factory.Start(stop)
			return informer, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			seen, config := &requests{}, s.as("admin")
			config.Wrap(seen.note)
			informer, err := start(config, ctx.Done())
			if err != nil {
				t.Fatal(err)
			}
			if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
				t.Fatal("the informer has not synced")
			}
			if _, exists, err := informer.GetStore().GetByKey(namespace + "/streamed-0"); err != nil || !exists {
				t.Errorf("the edge is not in the informer (%v)", err)
			}
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if len(seen.uris) != 1 || !strings.Contains(seen.uris[0], "sendInitialEvents=true") {
				t.Errorf("the informer asked %q, want one watch with sendInitialEvents", seen.uris)
			}
		})
	}
}
