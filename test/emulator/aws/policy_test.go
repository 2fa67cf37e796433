// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"net/url"
	"testing"
)

func TestPolicy(t *testing.T) {
	statements, err := parsePolicy(url.PathEscape(`{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":["ec2:Describe*"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-west-2"}}},
{"Effect":"Allow","Action":"ec2:TerminateInstances","Resource":["arn:aws:ec2:us-west-2:1:instance/*"],"Condition":{"StringEquals":{"aws:ResourceTag/a":["1","2"],"aws:ResourceTag/b":"1"}}},
{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"},
{"Effect":"Allow","Action":"ec2:StopInstances","Resource":"*","Condition":{"StringLike":{"aws:ResourceTag/a":"*"}}}]}`))
	if err != nil || len(statements) != 4 {
		t.Fatalf("%+v, %v", statements, err)
	}
	west := map[string]string{"aws:RequestedRegion": "us-west-2"}
	tagged := map[string]string{"aws:ResourceTag/a": "2", "aws:ResourceTag/b": "1"}
	const instance = "arn:aws:ec2:us-west-2:1:instance/i-1"
	for name, tc := range map[string]struct {
		demand demand
		want   bool
	}{
		"by wildcard, in another case":  {demand{"ec2:describeVpcs", "*", west}, true},
		"elsewhere":                     {demand{"ec2:DescribeVpcs", "*", map[string]string{"aws:RequestedRegion": "us-east-1"}}, false},
		"another service":               {demand{"ec3:DescribeVpcs", "*", west}, false},
		"own":                           {demand{"ec2:TerminateInstances", instance, tagged}, true},
		"one tag is missing":            {demand{"ec2:TerminateInstances", instance, map[string]string{"aws:ResourceTag/a": "1"}}, false},
		"another kind of resource":      {demand{"ec2:TerminateInstances", "arn:aws:ec2:us-west-2:1:volume/i-1", tagged}, false},
		"every resource":                {demand{"ec2:TerminateInstances", "*", tagged}, false},
		"Deny allows nothing":           {demand{"ec2:RunInstances", "*", nil}, false},
		"an operator nobody knows here": {demand{"ec2:StopInstances", instance, tagged}, false},
	} {
		got := false
		for i := range statements {
			got = got || statements[i].allows(tc.demand)
		}
		if got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
