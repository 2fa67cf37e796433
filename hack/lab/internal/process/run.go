// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/castai/omni/hack/lab/internal/health"
)

// The tiers: what is in one needs only what is in lower ones.
const (
	TierStorage    = iota // etcd, the cloud
	TierAPI               // kube-apiserver, the cloud's strict front
	TierCluster           // the rest of a control plane
	TierExtension         // Liqo, the machines
	TierAggregated        // omni-apiserver, the virtual kubelets
	TierProduct           // omni-controller
)

// Run starts spec unless it runs, and waits until it is ready. A process that
// ends meanwhile is an error with the last lines of its log.
func (t Table) Run(ctx context.Context, spec Spec) error {
	if _, err := t.Start(spec); err != nil {
		return err
	}
	if spec.HealthURL == "" {
		return nil
	}
	probe := health.Probe{URL: spec.HealthURL, Alive: func() error { return t.checkAlive(spec.Name) }}
	if spec.HealthCA != "" {
		ca, err := os.ReadFile(spec.HealthCA)
		if err != nil {
			return err
		}
		probe.CA = ca
	}
	return probe.Wait(ctx)
}

func (t Table) checkAlive(name string) error {
	record, err := t.Get(name)
	if err != nil {
		return err
	}
	if record.Alive() {
		return nil
	}
	return fmt.Errorf("it has ended; the end of %s:\n%s", t.LogFile(name), t.tail(name))
}

// tail is the last few lines of a log, for an error message.
func (t Table) tail(name string) []byte {
	const lines, size = 5, 4096
	data, err := os.ReadFile(t.LogFile(name))
	if err != nil {
		return nil
	}
	data = bytes.TrimSpace(data[max(0, len(data)-size):])
	all := bytes.Split(data, []byte("\n"))
	return bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))
}
