// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/cloud/oci"
	"github.com/castai/omni/test/emulator/oci/ocitest"
)

// TestConfiguration: each error names what is wrong.
func TestConfiguration(t *testing.T) {
	_, l := start(t)
	image := request(t, provider(t, l), "").Image
	const missing = "ocid1.thing.oc1.us-ashburn-1.missing"
	for name, tc := range map[string]struct {
		class  cloud.ErrorClass
		words  string
		change func(*oci.Location, *cloud.LaunchRequest)
	}{
		"subnet gone":       {cloud.ClassConfig, "spec.oci.subnetIDs[" + ocitest.Zone + "]", func(l *oci.Location, _ *cloud.LaunchRequest) { l.SubnetIDs = map[string]string{ocitest.Zone: missing} }},
		"group gone":        {cloud.ClassConfig, "spec.oci.nsgID", func(l *oci.Location, _ *cloud.LaunchRequest) { l.NSGID = missing }},
		"image gone":        {cloud.ClassConfig, "the image", func(_ *oci.Location, r *cloud.LaunchRequest) { r.Image = missing }},
		"compartment gone":  {cloud.ClassAuth, "spec.oci.compartmentID", func(l *oci.Location, _ *cloud.LaunchRequest) { l.CompartmentID = missing }},
		"no such shape":     {cloud.ClassCapacity, "does not offer", func(_ *oci.Location, r *cloud.LaunchRequest) { r.InstanceType = "VM.Standard9.1" }},
		"no size":           {cloud.ClassConfig, "<vCPUs>-<GiB>", func(_ *oci.Location, r *cloud.LaunchRequest) { r.InstanceType = "VM.Standard.E5.Flex" }},
		"no subnet in zone": {cloud.ClassConfig, ocitest.Zone, func(_ *oci.Location, r *cloud.LaunchRequest) { r.Zone = "US-ASHBURN-AD-2" }},
		"no such zone":      {cloud.ClassConfig, "US-ASHBURN-AD-3", func(l *oci.Location, r *cloud.LaunchRequest) { l.SubnetIDs["AD-9"], r.Zone = "x", "AD-9" }},
		"tag with a period": {cloud.ClassConfig, `"a.b"`, func(_ *oci.Location, r *cloud.LaunchRequest) { r.Tags = map[string]string{"a.b": "c"} }},
		"too many tags": {cloud.ClassConfig, "takes 6", func(_ *oci.Location, r *cloud.LaunchRequest) {
			r.Tags = map[string]string{"1": "", "2": "", "3": "", "4": "", "5": "", "6": "", "7": ""}
		}},
		"too much user data": {cloud.ClassConfig, "32000", func(_ *oci.Location, r *cloud.LaunchRequest) { r.UserData = make([]byte, 24000) }},
	} {
		t.Run(name, func(t *testing.T) {
			place := l
			place.SubnetIDs = map[string]string{ocitest.Zone: l.SubnetIDs[ocitest.Zone]}
			r := cloud.LaunchRequest{
				ClientToken: name, EdgeUID: "u", Name: "cast-u", InstanceType: instanceType, Zone: ocitest.Zone,
				Image: image, CapacityType: "on-demand", DiskGiB: 50,
			}
			tc.change(&place, &r)
			_, err := provider(t, place).Launch(t.Context(), r)
			wantClass(t, err, tc.class, tc.words)
		})
	}
}

func TestCredentials(t *testing.T) {
	_, l := start(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("a key nobody uploaded", func(t *testing.T) {
		other := l
		other.APIKey = &oci.APIKey{UserID: l.APIKey.UserID, Fingerprint: l.APIKey.Fingerprint, PrivateKey: ocitest.PEM(stranger)}
		wantClass(t, provider(t, other).CheckCredentials(t.Context()), cloud.ClassAuth)
	})
	t.Run("a compartment that is not there", func(t *testing.T) {
		other := l
		other.CompartmentID = "ocid1.compartment.oc1..nosuch"
		wantClass(t, provider(t, other).CheckCredentials(t.Context()), cloud.ClassAuth, "spec.oci.compartmentID", other.CompartmentID)
	})
	t.Run("no credentials", func(t *testing.T) {
		none := l
		none.APIKey = nil
		_, err := oci.New(none)
		wantClass(t, err, cloud.ClassAuth, "spec.credentials.secretRef")
	})
	t.Run("no key", func(t *testing.T) {
		bad := l
		bad.APIKey = &oci.APIKey{UserID: "u", Fingerprint: "f", PrivateKey: "hunter2"}
		_, err := oci.New(bad)
		wantClass(t, err, cloud.ClassAuth, "privateKey")
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error shows the key: %v", err)
		}
	})
	t.Run("a workload identity", func(t *testing.T) {
		c, keyless := start(t)
		keyless.APIKey, keyless.Identity = nil, c.Signer()
		if err := provider(t, keyless).CheckCredentials(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("a cloud that does not answer is unknown", func(t *testing.T) {
		away := l
		away.Endpoint = "http://127.0.0.1:1"
		p := provider(t, away)
		wantClass(t, p.CheckCredentials(t.Context()), cloud.ClassTransient)
		_, err := p.Get(t.Context(), unknownID)
		wantClass(t, err, cloud.ClassTransient)
	})
}
