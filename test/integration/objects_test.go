// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

func newLocation(name string) *v1beta1.EdgeLocation {
	return &v1beta1.EdgeLocation{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1beta1.EdgeLocationSpec{
			Provider: v1beta1.ProviderAWS,
			Region:   "us-west-2",
			ControlPlane: v1beta1.EdgeControlPlane{External: &v1beta1.ExternalControlPlane{
				KubeconfigSecretRef: v1beta1.LocalSecretReference{Name: "edge-kubeconfig"},
			}},
		},
	}
}

func newAWS() *v1beta1.AWSLocation {
	return &v1beta1.AWSLocation{
		AccountID:       "123456789012",
		RoleARN:         "arn:aws:iam::123456789012:role/omni-aws-oregon",
		VPCID:           "vpc-0a1b2c3d4e5f60718",
		VPCCIDR:         "10.77.0.0/16",
		SubnetIDs:       map[string]string{"us-west-2a": "subnet-0a1b2c3d4e5f60718"},
		SecurityGroupID: "sg-0a1b2c3d4e5f60718",
	}
}

func newTemplate(name string, locations ...string) *v1beta1.NodeTemplate {
	return &v1beta1.NodeTemplate{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1beta1.NodeTemplateSpec{
			EdgeLocations: v1beta1.TemplateEdgeLocations{Enabled: true, Names: locations},
		},
	}
}

func newEdge(name, location string) *v1beta1.Edge {
	return &v1beta1.Edge{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec:       v1beta1.EdgeSpec{EdgeLocationName: location, NodeTemplateName: "batch", InstanceType: "m7i.large"},
	}
}
