// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/component-base/metrics/testutil"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
)

// smallQuota is soon used up; etcd's own start takes a tenth of it.
const smallQuota = 2 << 20

// fill writes until the quota is used up: history if the key stays the same.
func fill(t *testing.T, client *clientv3.Client, key func(int) string) {
	t.Helper()
	value := strings.Repeat("x", 100<<10)
	for i := range 10 * smallQuota / len(value) {
		if _, err := client.Put(t.Context(), key(i), value); errors.Is(err, rpctypes.ErrNoSpace) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the quota does not hold")
}

func TestQuota(t *testing.T) {
	ctx, dir := t.Context(), etcdtest.DataDir(t)
	server, client := start(t, dir, smallQuota)
	stop := sync.OnceFunc(server.Close)
	defer func() { stop() }()
	monitor := NewQuotaMonitor(client, clock.RealClock{})
	request := httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody)
	if err := monitor.Check(request); err != nil {
		t.Errorf("an empty store: %v", err)
	}
	fill(t, client, func(int) string { return location })
	wantError(t, monitor.Check(request), "`omni-apiserver etcd defrag`, or raise --etcd-quota-backend-bytes")
	if value, err := testutil.GetGaugeMetricValue(nospaceGauge); err != nil || value != 1 {
		t.Errorf("omni_apiserver_etcd_nospace is %v %v, want 1", value, err)
	}

	m, out := maintenance(dir)
	if err := m.Defragment(ctx); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "accepts writes again") || !strings.Contains(out.String(), "% of the quota of 2Mi is in use") {
		t.Errorf("defrag says %q", out)
	}
	if err := monitor.Check(request); err != nil {
		t.Errorf("after defrag: %v", err)
	}
	if value, err := testutil.GetGaugeMetricValue(nospaceGauge); err != nil || value != 0 {
		t.Errorf("omni_apiserver_etcd_nospace is %v %v, want 0", value, err)
	}
	put(t, client, location, "accepted")

	// What is no history cannot be dropped: here the quota is lowered below it.
	fill(t, client, func(i int) string { return fmt.Sprint(location, i) })
	stop()
	server, client = start(t, dir, smallQuota/2)
	stop = sync.OnceFunc(server.Close)
	monitor = NewQuotaMonitor(client, clock.RealClock{})
	wantError(t, m.Defragment(ctx), "still over its quota of 1Mi")
	wantError(t, monitor.Check(request), "refuses writes")

	// An etcd that does not answer is not the business of this check.
	stop()
	if err := monitor.Check(request); err != nil {
		t.Errorf("etcd is down: %v, want no opinion", err)
	}
}
