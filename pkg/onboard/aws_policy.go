// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package onboard

import (
	"encoding/json"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// statement is one of an IAM policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type statement struct {
	Sid       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal,omitempty"`
	Action    []string                     `json:"Action"`
	Resource  []string                     `json:"Resource,omitempty"`
	Condition map[string]map[string]string `json:"Condition,omitempty"`
}

func document(statements ...statement) (string, error) {
	for i := range statements {
		statements[i].Effect = "Allow"
	}
	return marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
}

func marshal(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// documents fills in the JSON that AWS is given.
func (v *awsOnboarding) documents() (err error) {
	if v.TrustPolicy, err = v.trustPolicy(); err != nil {
		return err
	}
	v.Policy, err = v.policy()
	return err
}

// trustPolicy lets in one service account of one issuer.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
func (v *awsOnboarding) trustPolicy() (string, error) {
	return document(statement{
		Sid:       "Controller",
		Principal: map[string]string{"Federated": "arn:@PARTITION@:iam::@ACCOUNT@:oidc-provider/" + v.IssuerHost},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: map[string]map[string]string{"StringEquals": {
			v.IssuerHost + ":sub": v.Subject,
			v.IssuerHost + ":aud": "sts.amazonaws.com",
		}},
	})
}

// policy is the least that launching and terminating machines of this location
// needs. Which resources and keys an action knows:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
func (v *awsOnboarding) policy() (string, error) {
	ec2 := func(kinds ...string) (arns []string) {
		for _, kind := range kinds {
			arns = append(arns, "arn:@PARTITION@:ec2:"+v.Region+":@ACCOUNT@:"+kind+"/*")
		}
		return arns
	}
	own := func(key string) map[string]map[string]string {
		return map[string]map[string]string{"StringEquals": {
			key + v1beta1.TagClusterID:    v.ClusterID,
			key + v1beta1.TagNamespace:    v.Namespace,
			key + v1beta1.TagEdgeLocation: v.Location,
		}}
	}
	equals := func(key, value string) map[string]map[string]string {
		return map[string]map[string]string{"StringEquals": {key: value}}
	}
	return document(
		statement{Sid: "Read", Resource: []string{"*"}, Condition: equals("aws:RequestedRegion", v.Region), Action: []string{
			"ec2:DescribeAvailabilityZones", "ec2:DescribeImages", "ec2:DescribeInstances",
			"ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeSecurityGroups",
			"ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
		}},
		// The price list answers for every region from a few, and has no resources.
		statement{Sid: "Prices", Action: []string{"pricing:GetProducts"}, Resource: []string{"*"}},
		statement{Sid: "LaunchTagged", Action: []string{"ec2:RunInstances"}, Resource: ec2("instance", "volume"), Condition: own("aws:RequestTag/")},
		statement{Sid: "LaunchInside", Action: []string{"ec2:RunInstances"}, Resource: ec2("security-group", "subnet"), Condition: own("aws:ResourceTag/")},
		statement{Sid: "LaunchWith", Action: []string{"ec2:RunInstances"}, Resource: append(
			ec2("network-interface", "spot-instances-request"),
			"arn:@PARTITION@:ec2:"+v.Region+"::image/*", "arn:@PARTITION@:ec2:"+v.Region+"::snapshot/*")},
		statement{Sid: "TagOnLaunch", Action: []string{"ec2:CreateTags"}, Resource: ec2("instance", "volume"), Condition: equals("ec2:CreateAction", "RunInstances")},
		statement{Sid: "Own", Action: []string{"ec2:GetConsoleOutput", "ec2:TerminateInstances"}, Resource: ec2("instance"), Condition: own("aws:ResourceTag/")},
		statement{Sid: "Images", Action: []string{"ssm:GetParameter"}, Resource: []string{
			"arn:@PARTITION@:ssm:" + v.Region + "::parameter/aws/service/canonical/*", "arn:@PARTITION@:ssm:" + v.Region + "::parameter/aws/service/deeplearning/*",
		}},
		// An account that never had a spot machine lacks this role:
		// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
		statement{
			Sid: "Spot", Action: []string{"iam:CreateServiceLinkedRole"}, Condition: equals("iam:AWSServiceName", "spot.amazonaws.com"),
			Resource: []string{"arn:@PARTITION@:iam::@ACCOUNT@:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"},
		},
	)
}
