// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var expiration = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "omni_certificate_expiration_timestamp_seconds",
	Help: "When omni-apiserver's serving certificate, and the authority that signs it, expire, in seconds since 1970.",
}, []string{"certificate"})

func init() { metrics.Registry.MustRegister(expiration) }
