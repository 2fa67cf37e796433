// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"regexp"
	"slices"
)

// burstableAWS are T2, T3, T3a and T4g: a baseline and credits.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html
var burstableAWS = regexp.MustCompile(`^t\d[a-z]*\.`)

// burstableGCP are the shared-core machine types.
// https://cloud.google.com/compute/docs/general-purpose-machines#e2-shared-core
var burstableGCP = []string{"e2-micro", "e2-small", "e2-medium", "f1-micro", "g1-small"}

// Burstable says whether the CPUs of an offering are its own only for bursts. OCI
// has burstable machines only for those who ask for a baseline, which OMNI does not.
func (o *Offering) Burstable() bool {
	switch o.Provider {
	case "AWS":
		return burstableAWS.MatchString(o.InstanceType)
	case "GCP":
		return slices.Contains(burstableGCP, o.InstanceType)
	default:
		return false
	}
}
