// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/test/emulator/fault"
	"github.com/castai/omni/test/emulator/fault/faulttest"
	"github.com/castai/omni/test/emulator/gcp/gcptest"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// The words are those of the clouds' documentation, or of answers seen in public.
var awsStrikes = map[string]strike{
	"wrong credentials": {
		hit:   inject(fault.Rule{Action: "GetCallerIdentity", Code: "InvalidClientTokenId", Message: "The security token included in the request is invalid."}),
		class: cloud.ClassAuth, words: "security token",
	},
	"missing permission": {
		hit: inject(fault.Rule{Action: "RunInstances", Code: "UnauthorizedOperation",
			Message: "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/edges is not authorized to perform: ec2:RunInstances"}),
		class: cloud.ClassAuth, words: "ec2:RunInstances",
	},
	"quota 0": {
		hit: inject(fault.Rule{Action: "RunInstances", Code: "VcpuLimitExceeded",
			Message: "You have requested more vCPU capacity than your current vCPU limit of 0 allows for the instance bucket that the specified instance type belongs to."}),
		class: cloud.ClassQuota, words: "vCPU limit of 0",
	},
	"region not enabled": {
		hit: inject(fault.Rule{Action: "RunInstances", Code: "OptInRequired",
			Message: "You are not authorized to use the requested service. Ensure that you have subscribed to the service you are trying to use."}),
		class: cloud.ClassAuth, words: "OptInRequired",
	},
	"subnet full": {
		hit: inject(fault.Rule{Action: "RunInstances", Code: "InsufficientFreeAddressesInSubnet",
			Message: "There are not enough free addresses in subnet 'subnet-1' to satisfy the requested number of instances."}),
		class: cloud.ClassCapacity, words: "subnet-1",
	},
	"image missing": {ask: missingImage, class: cloud.ClassConfig, words: "ami-0123456789abcdef0", lasts: true},
	"spot price above on-demand": {
		ask: func(_ *testing.T, _ *emulated, spec *v1beta1.EdgeSpec) { spec.CapacityType = v1beta1.CapacitySpot },
		// The most that is bid for a spot machine is its price on demand.
		hit: inject(fault.Rule{Action: "RunInstances", Code: "SpotMaxPriceTooLow",
			Message: "Your Spot request price of 0.096 is lower than the minimum required Spot request fulfillment price of 0.2."}),
		class: cloud.ClassCapacity, words: "fulfillment price",
	},
	"throttling": {
		// The SDK asks twice.
		hit:   inject(fault.Rule{Action: "RunInstances", Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Count: 2}),
		class: cloud.ClassThrottle, words: "limit exceeded",
	},
	"clock skew": {
		hit: inject(fault.Rule{Action: "GetCallerIdentity", Code: "SignatureDoesNotMatch",
			Message: "Signature expired: 20261123T040000Z is now earlier than 20261123T041000Z (20261123T042500Z - 15 min.)"}),
		class: cloud.ClassAuth, words: "Signature expired",
	},
	"API timeout after the machine was made": {
		hit:   inject(fault.Rule{Action: "RunInstances", Code: "InternalError", Message: "An internal error has occurred", After: true, Count: 2}),
		class: cloud.ClassTransient, words: "internal error", made: true,
	},
}

var gcpStrikes = map[string]strike{
	"wrong credentials": {ask: unknownGCPKey, class: cloud.ClassAuth, words: "Invalid JWT Signature", lasts: true},
	"missing permission": {
		hit: func(t *testing.T, e *emulated) {
			t.Helper()
			gcptest.Do(t, http.MethodPut, e.endpoint+"/_emulator/callers/"+e.account, map[string]any{"denied": []string{"compute.instances.create"}})
		},
		class: cloud.ClassAuth, words: "compute.instances.create", lasts: true,
	},
	"quota 0": {
		hit: func(t *testing.T, e *emulated) {
			t.Helper()
			gcptest.Do(t, http.MethodPut, e.endpoint+"/_emulator/quotas/"+gcptest.Region+"/CPUS", map[string]any{"limit": 0})
		},
		class: cloud.ClassQuota, words: "'CPUS'",
	},
	// Regions need no enabling; the service does, in each project.
	"region not enabled": {
		hit: inject(fault.Rule{Action: "compute.images.getFromFamily", Code: "accessNotConfigured",
			Message: "Compute Engine API has not been used in project 123456789012 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/compute.googleapis.com"}),
		class: cloud.ClassConfig, words: "Enable it",
	},
	"subnet full": {
		hit: inject(fault.Rule{Action: "compute.instances.insert", Code: "IP_SPACE_EXHAUSTED",
			Message: "IP space of 'projects/omni-test/regions/us-central1/subnetworks/edges' is exhausted."}),
		class: cloud.ClassCapacity, words: "subnetworks/edges",
	},
	"image missing":              {ask: missingImage, class: cloud.ClassConfig, words: "ubuntu-none", lasts: true},
	"spot price above on-demand": {never: "Google's price of a spot machine is a discount on that on demand"},
	"throttling": {
		hit:   inject(fault.Rule{Action: "compute.instances.insert", Code: "rateLimitExceeded", Message: "Rate Limit Exceeded", Count: 1}),
		class: cloud.ClassThrottle, words: "Rate Limit Exceeded",
	},
	// The key's assertion is good for an hour.
	"clock skew": {hit: skew(2 * time.Hour), class: cloud.ClassAuth, words: "iat and exp", lasts: true},
	"API timeout after the machine was made": {
		hit:   inject(fault.Rule{Action: "compute.instances.insert", Code: "backendError", Message: "Internal error. Please try again.", After: true, Count: 1}),
		class: cloud.ClassTransient, words: "Internal error", made: true,
	},
}

var ociStrikes = map[string]strike{
	"wrong credentials": {ask: strangersKey, class: cloud.ClassAuth, words: "authentication", lasts: true},
	"missing permission": {
		// OCI does not say which: what there is to see is looked at, one by one.
		hit:   inject(fault.Rule{Action: "LaunchInstance", Code: "NotAuthorizedOrNotFound", Message: "Authorization failed or requested resource not found."}),
		class: cloud.ClassAuth, words: "the policy does not allow it",
	},
	"quota 0": {
		hit: inject(fault.Rule{Action: "LaunchInstance", Code: "LimitExceeded",
			Message: "The following service limits were exceeded: standard-e5-core-count. Request a service limit increase from the service limits page in the console."}),
		class: cloud.ClassQuota, words: "standard-e5-core-count",
	},
	// A region the tenancy is not subscribed to knows none of its users.
	"region not enabled": {
		hit: inject(fault.Rule{Action: "GetCompartment", Code: "NotAuthenticated",
			Message: "The required information to complete authentication was not provided or was incorrect."}),
		class: cloud.ClassAuth, words: "authentication",
	},
	"subnet full": {
		hit:   inject(fault.Rule{Action: "LaunchInstance", Code: "LimitExceeded", Message: "The subnet ocid1.subnet.oc1..a has no free private IP address"}),
		class: cloud.ClassQuota, words: "no free private IP address",
	},
	"image missing":              {ask: missingImage, class: cloud.ClassConfig, words: "the image", lasts: true},
	"spot price above on-demand": {never: "OCI's price of a preemptible machine is half of that on demand"},
	"throttling": {
		hit:   inject(fault.Rule{Action: "LaunchInstance", Code: "TooManyRequests", Message: "Too many requests for the tenant.", Count: 1}),
		class: cloud.ClassThrottle, words: "Too many requests",
	},
	"clock skew": {hit: skew(10 * time.Minute), class: cloud.ClassAuth, words: "5 minutes", lasts: true},
	"API timeout after the machine was made": {
		hit:   inject(fault.Rule{Action: "LaunchInstance", Code: "ServiceUnavailable", Message: "The service is currently unavailable.", After: true, Count: 1}),
		class: cloud.ClassTransient, words: "unavailable", made: true,
	},
}

// startFor starts the cloud; its clock is the test's where that is the fault.
func startFor(t *testing.T, name string, start func(*testing.T, clock.Clock) *emulated) *emulated {
	t.Helper()
	if name != "clock skew" {
		return start(t, clock.RealClock{})
	}
	clk := testingclock.NewFakeClock(time.Now())
	e := start(t, clk)
	e.clock = clk
	return e
}

func inject(rule fault.Rule) func(*testing.T, *emulated) {
	return func(t *testing.T, e *emulated) { t.Helper(); faulttest.Inject(t, e.endpoint, rule) }
}

// skew lets the cloud's clock be ahead of ours.
func skew(by time.Duration) func(*testing.T, *emulated) {
	return func(_ *testing.T, e *emulated) { e.clock.Step(by) }
}

// mend ends what a strike has begun, as far as the cloud is concerned.
func (e *emulated) mend(t *testing.T) {
	t.Helper()
	faulttest.Clear(t, e.endpoint)
	if e.clock != nil {
		e.clock.SetTime(time.Now())
	}
}

func missingImage(_ *testing.T, e *emulated, spec *v1beta1.EdgeSpec) { spec.ImageID = e.missingImage }

// unknownGCPKey names a key that Google does not know (any more).
func unknownGCPKey(t *testing.T, e *emulated, _ *v1beta1.EdgeSpec) {
	t.Helper()
	file := map[string]any{}
	if err := json.Unmarshal([]byte(e.keys["key.json"]), &file); err != nil {
		t.Fatal(err)
	}
	file["private_key_id"] = "deleted"
	out, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	e.keys["key.json"] = string(out)
}

// strangersKey is one that nobody uploaded.
func strangersKey(t *testing.T, e *emulated, _ *v1beta1.EdgeSpec) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e.keys["privateKey"] = ocitest.PEM(key)
}

// spotIsNeverDearer looks at every price we know.
func spotIsNeverDearer(t *testing.T, e *emulated) {
	t.Helper()
	known, err := catalog.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	spots := 0
	for _, spot := range known.Offerings(catalog.RegionOf(&e.spec)) {
		if spot.CapacityType != string(v1beta1.CapacitySpot) {
			continue
		}
		spots++
		if onDemand := known.Find(catalog.RegionOf(&e.spec), spot.InstanceType, spot.Zone, string(v1beta1.CapacityOnDemand)); onDemand != nil && spot.HourlyPrice >= onDemand.HourlyPrice {
			t.Errorf("%s costs %v as spot and %v on demand", spot.InstanceType, spot.HourlyPrice, onDemand.HourlyPrice)
		}
	}
	if spots == 0 {
		t.Error("no spot price is known")
	}
}
