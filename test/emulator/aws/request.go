// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// The services this proxy knows, as the credential scope of SigV4 names them.
const (
	serviceEC2 = "ec2"
	serviceIAM = "iam"
	serviceSSM = "ssm"
	serviceSTS = "sts"
	// servicePricing is the scope of the Price List API.
	servicePricing = "pricing"
)

// serviceByTarget finds the service of a request in the JSON protocol, by the
// prefix of X-Amz-Target.
var serviceByTarget = map[string]string{
	"AmazonSSM":           serviceSSM,
	"AWSPriceListService": servicePricing,
}

// serviceByVersion finds the service of an unsigned request: the query protocol
// carries the version of the API, which differs by service.
var serviceByVersion = map[string]string{
	"2016-11-15": serviceEC2,
	"2010-05-08": serviceIAM,
	"2011-06-15": serviceSTS,
}

// authorization is the header of Signature Version 4:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([A-Za-z0-9]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request, ?SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}$`)

// request is an AWS request, read.
type request struct {
	service, region, action string
	// params are the parameters of the query protocol; empty for JSON.
	params url.Values
	body   []byte
	// authorization is the header as sent, for questions to moto on behalf of
	// the caller.
	authorization string
	accessKeyID   string
	sessionToken  string
}

// readRequest reads the body and finds out which action of which service is meant.
// The request is never nil, so that an error can be answered in the right shape.
func readRequest(w http.ResponseWriter, r *http.Request) (*request, *Error) {
	req := &request{
		params:        url.Values{},
		authorization: r.Header.Get("Authorization"),
		sessionToken:  r.Header.Get("X-Amz-Security-Token"),
	}
	if m := authorization.FindStringSubmatch(req.authorization); m != nil {
		req.accessKeyID, req.region, req.service = m[1], m[2], m[3]
	}
	if prefix, action, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		req.action = action
		if service, ok := serviceByTarget[prefix]; ok {
			req.service = service
		}
	}
	var err error
	if req.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes)); err != nil {
		return req, &Error{"RequestEntityTooLarge", "The body cannot be read: " + err.Error()}
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return req, nil
	}
	if req.params, err = url.ParseQuery(string(req.body)); err != nil {
		return req, &Error{"MalformedQueryString", err.Error()}
	}
	req.action = req.params.Get("Action")
	version := serviceByVersion[req.params.Get("Version")]
	if req.service != "" && version != "" && version != req.service {
		return req, &Error{"SignatureDoesNotMatch", "The credential should be scoped to service " + version}
	}
	if version != "" {
		req.service = version
	}
	return req, nil
}

// checkSigned wants a well-formed signature. Its value is not verified here:
// moto does so after POST /moto-api/reset-auth.
func (r *request) checkSigned() *Error {
	switch {
	case r.authorization == "" && r.service == serviceEC2:
		return &Error{"AuthFailure", "AWS was not able to validate the provided access credentials: the request is not signed"}
	case r.authorization == "":
		return &Error{"MissingAuthenticationToken", "Missing Authentication Token"}
	case r.accessKeyID == "":
		return &Error{"IncompleteSignature", "The Authorization header is not of the form AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..."}
	case strings.HasPrefix(r.accessKeyID, "ASIA") && r.sessionToken == "":
		return &Error{"AuthFailure", "Temporary credentials (ASIA...) need the header X-Amz-Security-Token"}
	}
	return nil
}

// maxUserDataBytes is the limit of EC2 before base64 encoding:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
const maxUserDataBytes = 16384

// checkUserData refuses user data that a machine could not read.
func checkUserData(req *request) *Error {
	if req.action != "RunInstances" || req.params.Get("UserData") == "" {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(req.params.Get("UserData"))
	if err != nil {
		return &Error{"InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."}
	}
	if len(data) > maxUserDataBytes {
		return &Error{"InvalidParameterValue", "User data is limited to 16384 bytes"}
	}
	return nil
}
