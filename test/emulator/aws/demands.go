// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"
)

// demands are what a request needs to be allowed. Which resources and keys an action
// has: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
// One that is not known here has no resource of its own, so that only a statement on
// every resource allows it.
func (e *Emulator) demands(ctx context.Context, req *request, account string) ([]demand, error) {
	d := demand{action: req.service + ":" + req.action, resource: "*", keys: map[string]string{"aws:RequestedRegion": req.region}}
	switch {
	case req.service == serviceEC2 && req.action == "RunInstances":
		return e.launchDemands(ctx, req, account)
	case req.service == serviceEC2 && len(numbered(req, "InstanceId")) > 0 && !strings.HasPrefix(req.action, "Describe"):
		return e.existing(ctx, req, account, "instance", numbered(req, "InstanceId"))
	case req.service == serviceSSM:
		var in struct{ Name string }
		if err := json.Unmarshal(req.body, &in); err != nil {
			return nil, fmt.Errorf("%s: %w", req.action, err)
		}
		if strings.HasPrefix(in.Name, "/aws/") {
			account = "" // public parameters are nobody's
		}
		d.resource = "arn:aws:ssm:" + req.region + ":" + account + ":parameter" + in.Name
	}
	return []demand{d}, nil
}

// launchDemands: RunInstances makes some things, inside others, with others again,
// and tags what it makes.
func (e *Emulator) launchDemands(ctx context.Context, req *request, account string) ([]demand, error) {
	var demands []demand
	add := func(action, resource string, keys map[string]string) {
		all := map[string]string{"aws:RequestedRegion": req.region}
		maps.Copy(all, keys)
		demands = append(demands, demand{action, resource, all})
	}
	const launch = "ec2:RunInstances"
	tags := requestTags(req)
	for _, kind := range []string{"instance", "volume", "network-interface"} {
		add(launch, arn(req, account, kind, "*"), tags[kind])
	}
	for kind := range tags {
		keys := maps.Clone(tags[kind])
		keys["ec2:CreateAction"] = "RunInstances"
		add("ec2:CreateTags", arn(req, account, kind, "*"), keys)
	}
	add(launch, arn(req, "", "image", req.params.Get("ImageId")), nil)
	if req.params.Get("InstanceMarketOptions.MarketType") != "" {
		add(launch, arn(req, account, "spot-instances-request", "*"), nil)
	}
	for name, values := range req.params {
		if strings.HasPrefix(name, "IamInstanceProfile.") {
			add("iam:PassRole", "arn:aws:iam::"+account+":role/of-"+values[0], nil)
		}
	}
	for kind, ids := range map[string][]string{
		"subnet":         append(numbered(req, "SubnetId"), numbered(req, "NetworkInterface.1.SubnetId")...),
		"security-group": append(numbered(req, "SecurityGroupId"), numbered(req, "NetworkInterface.1.SecurityGroupId")...),
	} {
		inside, err := e.existing(ctx, req, account, kind, ids)
		if err != nil {
			return nil, err
		}
		demands = append(demands, inside...)
	}
	return demands, nil
}

// existing are the demands of the action on things that are there, with their tags.
func (e *Emulator) existing(ctx context.Context, req *request, account, kind string, ids []string) ([]demand, error) {
	var demands []demand
	for _, id := range ids {
		var out struct {
			Tags []struct {
				Key   string `xml:"key"`
				Value string `xml:"value"`
			} `xml:"tagSet>item"`
		}
		err := e.upstream.ec2(ctx, req, url.Values{"Action": {"DescribeTags"}, "Filter.1.Name": {"resource-id"}, "Filter.1.Value.1": {id}}, &out)
		if err != nil {
			return nil, err
		}
		keys := map[string]string{"aws:RequestedRegion": req.region}
		for _, tag := range out.Tags {
			keys["aws:ResourceTag/"+tag.Key] = tag.Value
		}
		demands = append(demands, demand{"ec2:" + req.action, arn(req, account, kind, id), keys})
	}
	return demands, nil
}

func arn(req *request, account, kind, id string) string {
	return "arn:aws:ec2:" + req.region + ":" + account + ":" + kind + "/" + id
}

// requestTags are the tags that a request gives what it makes, as condition keys, by
// kind of resource.
func requestTags(req *request) map[string]map[string]string {
	tags := map[string]map[string]string{}
	for i := 1; req.params.Has(fmt.Sprintf("TagSpecification.%d.ResourceType", i)); i++ {
		at := fmt.Sprintf("TagSpecification.%d.", i)
		kind := map[string]string{}
		for j := 1; req.params.Has(fmt.Sprintf("%sTag.%d.Key", at, j)); j++ {
			kind["aws:RequestTag/"+req.params.Get(fmt.Sprintf("%sTag.%d.Key", at, j))] = req.params.Get(fmt.Sprintf("%sTag.%d.Value", at, j))
		}
		tags[req.params.Get(at+"ResourceType")] = kind
	}
	return tags
}

// numbered are the values of a parameter and of a list of its name.
func numbered(req *request, name string) []string {
	var values []string
	if req.params.Has(name) {
		values = append(values, req.params.Get(name))
	}
	for i := 1; req.params.Has(fmt.Sprintf("%s.%d", name, i)); i++ {
		values = append(values, req.params.Get(fmt.Sprintf("%s.%d", name, i)))
	}
	return values
}
