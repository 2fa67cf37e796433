// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/utils/clock"
)

const (
	// watchQuotaEvery is as often as the metrics of the API server library ask
	// etcd for its size.
	watchQuotaEvery = 30 * time.Second
	// statusTimeout bounds a question for the status, which a member answers from memory.
	statusTimeout = 2 * time.Second
	// nospace is the name of the alarm that makes etcd refuse writes.
	nospace = "NOSPACE"
)

var (
	quotaGauge = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "omni_apiserver_etcd_quota_bytes", StabilityLevel: metrics.ALPHA,
		Help: "Size of the database at which etcd refuses writes, in bytes.",
	})
	inUseGauge = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "omni_apiserver_etcd_in_use_bytes", StabilityLevel: metrics.ALPHA,
		Help: "Size of what the database of etcd holds, in bytes; the file may be larger until it is defragmented.",
	})
	nospaceGauge = metrics.NewGauge(&metrics.GaugeOpts{
		Name: "omni_apiserver_etcd_nospace", StabilityLevel: metrics.ALPHA,
		Help: "1 if etcd refuses writes because its quota is used up, else 0.",
	})
	register = sync.OnceFunc(func() { legacyregistry.MustRegister(quotaGauge, inUseGauge, nospaceGauge) })
)

// QuotaMonitor watches how full etcd is. It is a health check and keeps metrics.
type QuotaMonitor struct {
	client *clientv3.Client
	clock  clock.WithTicker
}

// NewQuotaMonitor returns a monitor of the servers of the client.
func NewQuotaMonitor(client *clientv3.Client, clock clock.WithTicker) *QuotaMonitor {
	register()
	return &QuotaMonitor{client: client, clock: clock}
}

// Name is the name of the health check.
func (*QuotaMonitor) Name() string { return "etcd-quota" }

// Check returns an error with the remedy if etcd refuses writes for lack of
// space. If etcd does not answer, that is for the check named etcd to say.
func (m *QuotaMonitor) Check(request *http.Request) error {
	if full := m.look(request.Context()); full != nil {
		return fmt.Errorf("etcd refuses writes: its database of %d bytes has reached the quota of %d bytes: run `omni-apiserver etcd defrag`, or raise --etcd-quota-backend-bytes (of an etcd cluster: --quota-backend-bytes) first", full.DbSize, full.DbSizeQuota)
	}
	return nil
}

// Run keeps the metrics until the context ends.
func (m *QuotaMonitor) Run(ctx context.Context) {
	ticker := m.clock.NewTicker(watchQuotaEvery)
	defer ticker.Stop()
	for {
		m.look(ctx)
		select {
		case <-ticker.C():
		case <-ctx.Done():
			return
		}
	}
}

// look returns the status of a server that is full, or nil.
func (m *QuotaMonitor) look(ctx context.Context) *clientv3.StatusResponse {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	// Alarms are the cluster's: any server that answers knows them.
	for _, endpoint := range m.client.Endpoints() {
		status, err := m.client.Status(ctx, endpoint)
		if err != nil {
			continue
		}
		quotaGauge.Set(float64(status.DbSizeQuota))
		inUseGauge.Set(float64(status.DbSizeInUse))
		if outOfSpace(status.Errors) {
			nospaceGauge.Set(1)
			return status
		}
		nospaceGauge.Set(0)
		return nil
	}
	return nil
}

func outOfSpace(errors []string) bool { return strings.Contains(strings.Join(errors, " "), nospace) }
