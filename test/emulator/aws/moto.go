// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// upstream asks moto questions of the proxy's own.
type upstream struct {
	url    *url.URL
	client *http.Client
}

// ec2 calls an EC2 action on behalf of a caller and decodes the XML answer into out.
func (u upstream) ec2(ctx context.Context, req *request, params url.Values, out any) error {
	params.Set("Version", "2016-11-15")
	// moto tells services and regions apart by the scope of the signature.
	scope := strings.Replace(req.authorization, "/"+req.service+"/aws4_request", "/ec2/aws4_request", 1)
	return u.query(ctx, scope, params, out)
}

// ownAuthorization signs nothing: moto reads only the scope (IAM is a global service).
const ownAuthorization = "AWS4-HMAC-SHA256 Credential=emulator/20060102/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0"

// iam calls an IAM action in moto's default account.
func (u upstream) iam(ctx context.Context, params url.Values, out any) error {
	params.Set("Version", "2010-05-08")
	return u.query(ctx, ownAuthorization, params, out)
}

func (u upstream) query(ctx context.Context, authorization string, params url.Values, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url.String()+"/", strings.NewReader(params.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", authorization)
	res, err := u.client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 1024))
		return fmt.Errorf("%s: moto answered %s: %s", params.Get("Action"), res.Status, body)
	}
	return xml.NewDecoder(res.Body).Decode(out)
}

// healthy is nil when moto answers.
func (u upstream) healthy(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url.String()+"/moto-api/data.json", nil)
	if err != nil {
		return err
	}
	res, err := u.client.Do(r)
	if err != nil {
		return fmt.Errorf("moto does not answer: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("moto answered %s", res.Status)
	}
	return nil
}

// zoneOf is the availability zone a request is about: its placement, else that of
// its subnet. Empty when it names neither.
func (e *Emulator) zoneOf(ctx context.Context, req *request) string {
	if zone := req.params.Get("Placement.AvailabilityZone"); zone != "" {
		return zone
	}
	subnet := req.params.Get("SubnetId")
	if subnet == "" {
		subnet = req.params.Get("NetworkInterface.1.SubnetId")
	}
	if subnet == "" {
		return ""
	}
	var out struct {
		Zones []string `xml:"subnetSet>item>availabilityZone"`
	}
	err := e.upstream.ec2(ctx, req, url.Values{"Action": {"DescribeSubnets"}, "SubnetId.1": {subnet}}, &out)
	if err != nil || len(out.Zones) == 0 {
		return "" // moto refuses the request itself, with the right error
	}
	return out.Zones[0]
}
