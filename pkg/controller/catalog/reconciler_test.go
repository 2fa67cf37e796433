// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	testingclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	fakeclient "sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/test/object"
)

// shop is a cloud that sells m5.large at its price.
type shop struct {
	cloud.Provider
	clock *testingclock.FakePassiveClock
	price float64
	fail  error
	asked int
}

func (s *shop) ListOfferings(_ context.Context, known *catalog.Listing) *catalog.Listing {
	s.asked++
	if s.fail != nil {
		listing := catalog.Listing{}
		if known != nil {
			listing = *known
		}
		listing.OnDemand.Error = s.fail.Error()
		return &listing
	}
	now := metav1.NewTime(s.clock.Now())
	return &catalog.Listing{OnDemand: catalog.Part[map[string]float64]{Value: map[string]float64{"m5.large": s.price}, Time: now}}
}

// abroad is the shop in another region, where everything costs ten times as much.
type abroad struct{ *shop }

func (s *shop) In(string) catalog.Lister { return abroad{s} }

func (a abroad) ListOfferings(ctx context.Context, known *catalog.Listing) *catalog.Listing {
	listing := a.shop.ListOfferings(ctx, known)
	if listing.OnDemand.Error == "" {
		listing.OnDemand.Value["m5.large"] *= 10
	}
	return listing
}

type signedIn struct {
	connection.Connector
	provider cloud.Provider
	refused  error
}

func (s *signedIn) Provider(context.Context, *v1beta1.EdgeLocation) (cloud.Provider, error) {
	return s.provider, s.refused
}

type world struct {
	*Reconciler
	t        *testing.T
	clock    *testingclock.FakePassiveClock
	shop     *shop
	omni     client.Client
	signedIn *signedIn
	events   *events.FakeRecorder
}

func location(name string, valid metav1.ConditionStatus) *v1beta1.EdgeLocation {
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: name},
		Spec:       v1beta1.EdgeLocationSpec{Provider: "AWS", Region: "us-west-2", AWS: &v1beta1.AWSLocation{AccountID: "123456789012"}},
		Status:     v1beta1.EdgeLocationStatus{Conditions: []metav1.Condition{{Type: v1beta1.ConditionCredentialsValid, Status: valid}}},
	}
}

var region = catalog.Region{Provider: "AWS", Name: "us-west-2", Account: "123456789012"}

func newWorld(t *testing.T, locations ...client.Object) *world {
	t.Helper()
	snapshot, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	clock := testingclock.NewFakePassiveClock(time.Unix(1_800_000_000, 0))
	w := &world{t: t, clock: clock, shop: &shop{clock: clock, price: 0.1}, events: events.NewFakeRecorder(10)}
	w.omni = fakeclient.NewClientBuilder().WithScheme(object.Scheme(t)).WithObjects(locations...).Build()
	w.signedIn = &signedIn{provider: w.shop}
	w.Reconciler = &Reconciler{Omni: w.omni, Connect: w.signedIn, Catalog: snapshot, Recorder: w.events, Clock: clock}
	return w
}

// run reconciles a location, and wants the catalog to be asked so many times in all,
// and to be back after wait.
func (w *world) run(name string, asked int, wait time.Duration) error {
	w.t.Helper()
	result, err := w.Reconcile(w.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "team-a", Name: name}})
	if w.shop.asked != asked || result.RequeueAfter != wait {
		w.t.Errorf("%s: asked %d times, back after %s, want %d and %s", name, w.shop.asked, result.RequeueAfter, asked, wait)
	}
	return err
}

func (w *world) price(want float64, source string) {
	w.t.Helper()
	o := w.Catalog.Find(region, "m5.large", "us-west-2a", "on-demand")
	if o == nil || o.HourlyPrice != want || o.PriceSource.Since(metav1.NewTime(w.clock.Now())) != source {
		w.t.Errorf("m5.large is %+v, want %v %s", o, want, source)
	}
}

func TestRefresh(t *testing.T) {
	w := newWorld(t, location("oregon", metav1.ConditionTrue), location("too", metav1.ConditionTrue))
	w.price(0.096, "snapshot 2026-07-20")
	if err := w.run("oregon", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	w.price(0.1, "live 0s")
	w.clock.SetTime(w.clock.Now().Add(12 * time.Minute))
	if err := w.run("too", 1, 48*time.Minute); err != nil { // the same region of the same account
		t.Fatal(err)
	}
	w.price(0.1, "live 12m")
	w.clock.SetTime(w.clock.Now().Add(48 * time.Minute))
	w.shop.price = 0.2
	if err := w.run("oregon", 2, time.Hour); err != nil {
		t.Fatal(err)
	}
	w.price(0.2, "live 0s")
}

func TestFailure(t *testing.T) {
	w := newWorld(t, location("oregon", metav1.ConditionTrue))
	w.shop.fail = errors.New("AccessDeniedException")
	if err := w.run("oregon", 1, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	w.price(0.096, "snapshot 2026-07-20")
	if event := <-w.events.Events; !strings.Contains(event, "CatalogStale") || !strings.Contains(event, "us-west-2: on-demand prices: AccessDeniedException; those of the snapshot of 2026-07-20 are used") {
		t.Errorf("event %q", event)
	}
	w.shop.fail = nil
	w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
	if err := w.run("oregon", 2, time.Hour); err != nil {
		t.Fatal(err)
	}
	w.shop.fail = errors.New("no route to host")
	w.clock.SetTime(w.clock.Now().Add(2 * time.Hour))
	if err := w.run("oregon", 3, 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	w.price(0.1, "live 120m") // what was known stays, with its age
}

func TestNotAsked(t *testing.T) {
	w := newWorld(t, location("oregon", metav1.ConditionFalse), location("valid", metav1.ConditionTrue))
	if err := w.run("oregon", 0, 0); err != nil {
		t.Errorf("no valid credentials: %v", err)
	}
	w.signedIn.refused = errors.New("Secret is gone")
	if err := w.run("valid", 0, 0); err == nil || !strings.Contains(err.Error(), "Secret is gone") {
		t.Errorf("not signed in: %v", err)
	}
	w.signedIn.refused, w.signedIn.provider = nil, struct{ cloud.Provider }{}
	if err := w.run("valid", 0, 0); err != nil {
		t.Errorf("a cloud that lists nothing: %v", err)
	}
}

func TestForget(t *testing.T) {
	w := newWorld(t, location("oregon", metav1.ConditionTrue))
	if err := w.run("oregon", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := w.run("missing", 1, 0); err != nil || w.Catalog.Listing(region) == nil {
		t.Errorf("another location went: %v, %v", err, w.Catalog.Listing(region))
	}
	if err := w.omni.Delete(t.Context(), location("oregon", metav1.ConditionTrue)); err != nil {
		t.Fatal(err)
	}
	if err := w.run("oregon", 1, 0); err != nil || w.Catalog.Listing(region) != nil || len(w.due) != 0 {
		t.Errorf("the last location went: %v, %v, %v", err, w.Catalog.Listing(region), w.due)
	}
	w.price(0.096, "snapshot 2026-07-20")
}

// TestMainRegion: what the main cluster pays is asked for with the credentials of a
// location beside the template, unless a location lies there.
func TestMainRegion(t *testing.T) {
	w := newWorld(t, location("oregon", metav1.ConditionTrue))
	main := catalog.Region{Provider: "AWS", Name: "us-east-1"}
	template := &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team-a", Name: "default"},
		Spec:       v1beta1.NodeTemplateSpec{MainCluster: v1beta1.TemplateMainCluster{Enabled: true, Provider: "AWS", Region: main.Name}},
	}
	elsewhere := template.DeepCopy()
	elsewhere.Name, elsewhere.Spec.MainCluster.Provider, elsewhere.Spec.MainCluster.Region = "gcp", "GCP", "us-central1"
	price := func() float64 { return w.Catalog.Find(main, "m5.large", "any", "on-demand").HourlyPrice }
	if err := w.run("oregon", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	w.clock.SetTime(w.clock.Now().Add(20 * time.Minute))
	for _, object := range []client.Object{template, elsewhere} {
		if err := w.omni.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	if requests := w.beside(t.Context(), template); len(requests) != 1 || requests[0].Name != "oregon" {
		t.Errorf("a template brings %v by", requests)
	}
	if err := w.run("oregon", 2, 40*time.Minute); err != nil || price() != 1 {
		t.Errorf("main cluster: %v, %v", price(), err)
	}
	w.shop.fail = errors.New("AccessDeniedException")
	w.clock.SetTime(w.clock.Now().Add(2 * time.Hour))
	if err := w.run("oregon", 4, 10*time.Minute); err != nil || price() != 1 {
		t.Errorf("what was known is kept: %v, %v", price(), err)
	}
	for _, region := range []string{"us-west-2", "us-east-1"} {
		if event := <-w.events.Events; !strings.Contains(event, region+": on-demand prices: AccessDeniedException") {
			t.Errorf("event %q, want one of %s", event, region)
		}
	}
	there := location("virginia", metav1.ConditionFalse)
	there.Spec.Region = main.Name
	if err := w.omni.Create(t.Context(), there); err != nil {
		t.Fatal(err)
	}
	if err := w.run("oregon", 4, 10*time.Minute); err != nil {
		t.Error(err)
	}
	if err := w.run("missing", 4, 0); err != nil || w.Catalog.Listing(main) != nil {
		t.Errorf("a location lies there: %v, %v", w.Catalog.Listing(main), err)
	}
}
