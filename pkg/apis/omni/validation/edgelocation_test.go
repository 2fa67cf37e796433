// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/validation"
)

func location(change func(*omni.EdgeLocation)) *omni.EdgeLocation {
	l := &omni.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Name: "aws-oregon", Namespace: "team-a", ResourceVersion: "1"},
		Spec: omni.EdgeLocationSpec{
			Provider: omni.ProviderAWS,
			Region:   "us-west-2",
			Zones:    []string{"us-west-2a", "us-west-2-lax-1a"},
			AWS: &omni.AWSLocation{
				AccountID:       "123456789012",
				RoleARN:         "arn:aws:iam::123456789012:role/teams/omni-aws-oregon",
				InstanceProfile: "omni",
				VPCID:           "vpc-0a1b2c3d4e5f60718",
				VPCCIDR:         "10.77.0.0/16",
				SubnetIDs:       map[string]string{"us-west-2a": "subnet-0a1b2c3d"},
				SecurityGroupID: "sg-0a1b2c3d4e5f60718",
			},
			Credentials: &omni.Credentials{SecretRef: &omni.LocalSecretReference{Name: "aws"}},
			ControlPlane: omni.EdgeControlPlane{External: &omni.ExternalControlPlane{
				KubeconfigSecretRef: omni.LocalSecretReference{Name: "edge"},
			}},
			NodeDefaults: &omni.NodeDefaults{ImageID: "ami-0a1b2c3d4e5f60718", DiskGiB: 8, Tags: map[string]string{"cost-center": "ml"}},
		},
	}
	if change != nil {
		change(l)
	}
	return l
}

func TestValidateEdgeLocation(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*omni.EdgeLocation)
		want   []string
	}{
		"valid":          {},
		"not on-boarded": {change: func(l *omni.EdgeLocation) { l.Spec.AWS = nil }},
		"GovCloud":       {change: func(l *omni.EdgeLocation) { l.Spec.Region, l.Spec.Zones, l.Spec.AWS = "us-gov-west-1", nil, nil }},
		"name of 30 characters": {
			change: func(l *omni.EdgeLocation) { l.Name = strings.Repeat("a", 30) },
		},
		"name of 31 characters": {
			change: func(l *omni.EdgeLocation) { l.Name = strings.Repeat("a", 31) },
			want:   []string{tooLong + "metadata.name"},
		},
		"name of the main cluster": {
			change: func(l *omni.EdgeLocation) { l.Name = "main" },
			want:   []string{invalid + "metadata.name"},
		},
		"name with a dot": {
			change: func(l *omni.EdgeLocation) { l.Name = "aws.oregon" },
			want:   []string{invalid + "metadata.name"},
		},
		"unknown provider": {
			change: func(l *omni.EdgeLocation) { l.Spec.Provider = "aws" },
			want:   []string{unsupported + "spec.provider"},
		},
		"nothing said": {
			change: func(l *omni.EdgeLocation) { l.Spec = omni.EdgeLocationSpec{} },
			want:   []string{required + "spec.provider", required + "spec.region", required + "spec.controlPlane.external"},
		},
		"zone for a region": {
			change: func(l *omni.EdgeLocation) { l.Spec.Region, l.Spec.Zones, l.Spec.AWS = "us-west-2a", nil, nil },
			want:   []string{invalid + "spec.region"},
		},
		"zones": {
			change: func(l *omni.EdgeLocation) {
				l.Spec.Zones = []string{"us-west-2a", "us-west-2a", "us-west-2", "us-east-1a", "us-west-2;"}
			},
			want: []string{duplicate + "spec.zones[1]", invalid + "spec.zones[2]", invalid + "spec.zones[3]", invalid + "spec.zones[4]"},
		},
		"description of 256 letters": {
			change: func(l *omni.EdgeLocation) { l.Spec.Description = strings.Repeat("ü", 256) },
		},
		"description of 257 letters": {
			change: func(l *omni.EdgeLocation) { l.Spec.Description = strings.Repeat("ü", 257) },
			want:   []string{tooLong + "spec.description"},
		},
		"secret names": {
			change: func(l *omni.EdgeLocation) {
				l.Spec.Credentials.SecretRef.Name = ""
				l.Spec.ControlPlane.External.KubeconfigSecretRef.Name = "Edge"
			},
			want: []string{required + "spec.credentials.secretRef.name", invalid + "spec.controlPlane.external.kubeconfigSecretRef.name"},
		},
		"disk too small":   {change: func(l *omni.EdgeLocation) { l.Spec.NodeDefaults.DiskGiB = 7 }, want: []string{invalid + "spec.nodeDefaults.diskGiB"}},
		"disk too large":   {change: func(l *omni.EdgeLocation) { l.Spec.NodeDefaults.DiskGiB = 16385 }, want: []string{invalid + "spec.nodeDefaults.diskGiB"}},
		"image of a shape": {change: func(l *omni.EdgeLocation) { l.Spec.NodeDefaults.ImageID = "ubuntu" }, want: []string{invalid + "spec.nodeDefaults.imageID"}},
		"tags": {
			change: func(l *omni.EdgeLocation) {
				l.Spec.NodeDefaults.Tags = map[string]string{"": "", "AWS:x": "", "omni.cast.ai/edge-id": "", "long": strings.Repeat("v", 257)}
			},
			want: []string{
				invalid + "spec.nodeDefaults.tags", invalid + "spec.nodeDefaults.tags[AWS:x]",
				invalid + "spec.nodeDefaults.tags[omni.cast.ai/edge-id]", tooLong + "spec.nodeDefaults.tags[long]",
			},
		},
		"too many tags": {
			change: func(l *omni.EdgeLocation) {
				for i := range 41 {
					l.Spec.NodeDefaults.Tags[strings.Repeat("t", i+1)] = ""
				}
			},
			want: []string{tooMany + "spec.nodeDefaults.tags"},
		},
		"nothing of AWS": {
			change: func(l *omni.EdgeLocation) { l.Spec.AWS = &omni.AWSLocation{} },
			want: []string{
				required + "spec.aws.accountID", required + "spec.aws.vpcID",
				required + "spec.aws.subnetIDs", required + "spec.aws.securityGroupID",
			},
		},
		"identifiers of AWS": {
			change: func(l *omni.EdgeLocation) {
				l.Spec.AWS = &omni.AWSLocation{
					AccountID: "12345678901", RoleARN: "arn:aws:iam::123456789012:user/x", InstanceProfile: "a b",
					VPCID: "vpc-0A1B2C3D", SecurityGroupID: "sg-1",
					SubnetIDs: map[string]string{"us-west-2a": "subnet", "us-east-1a": "subnet-0a1b2c3d"},
				}
			},
			want: []string{
				invalid + "spec.aws.accountID", invalid + "spec.aws.roleARN", invalid + "spec.aws.instanceProfile",
				invalid + "spec.aws.vpcID", invalid + "spec.aws.securityGroupID",
				invalid + "spec.aws.subnetIDs[us-west-2a]", invalid + "spec.aws.subnetIDs[us-east-1a]",
			},
		},
		"role of another account": {
			change: func(l *omni.EdgeLocation) { l.Spec.AWS.AccountID = "210987654321" },
			want:   []string{invalid + "spec.aws.roleARN"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectCreate(t, location(test.change), test.want)
		})
	}
}

func TestValidateVPCCIDR(t *testing.T) {
	for cidr, valid := range map[string]bool{
		"": true, "10.77.0.0/16": true, "192.168.4.0/24": true, "172.16.0.0/20": true,
		"10.77.0.0/15": false, "10.77.0.0/25": false, "8.8.0.0/16": false, "172.32.0.0/16": false,
		"10.77.1.0/16": false, "fd00::/64": false, "10.77.0.0": false, "10.77.0.0/16; reboot": false,
	} {
		errs := validation.ValidateVPCCIDR(cidr, field.NewPath("vpcCIDR"))
		if valid != (len(errs) == 0) {
			t.Errorf("%q: %v, want valid %v", cidr, errs, valid)
		}
	}
}

func TestValidateEdgeLocationUpdate(t *testing.T) {
	for name, test := range map[string]struct {
		old, new func(*omni.EdgeLocation)
		want     []string
	}{
		"nothing":     {},
		"on-boarding": {old: func(l *omni.EdgeLocation) { l.Spec.AWS = nil }},
		"more zones":  {new: func(l *omni.EdgeLocation) { l.Spec.AWS.SubnetIDs["us-west-2b"] = "subnet-0a1b2c3e" }},
		"provider and region": {
			old:  func(l *omni.EdgeLocation) { l.Spec.Provider, l.Spec.Region = "GCP", "us-east-1" },
			want: []string{invalid + "spec.provider", invalid + "spec.region"},
		},
		"another account and VPC": {
			old:  func(l *omni.EdgeLocation) { l.Spec.AWS.AccountID, l.Spec.AWS.VPCID = "210987654321", "vpc-0a1b2c3d" },
			want: []string{invalid + "spec.aws.accountID", invalid + "spec.aws.vpcID"},
		},
		"aws removed": {
			new:  func(l *omni.EdgeLocation) { l.Spec.AWS = nil },
			want: []string{invalid + "spec.aws"},
		},
		"rules of creation": {
			new:  func(l *omni.EdgeLocation) { l.Spec.NodeDefaults.DiskGiB = 1 },
			want: []string{invalid + "spec.nodeDefaults.diskGiB"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			expectUpdate(t, location(test.new), location(test.old), test.want)
		})
	}
}
