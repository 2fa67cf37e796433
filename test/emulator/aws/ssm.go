// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// imageNames are the public parameters that name the newest image of Ubuntu, as
// Canonical and, for GPUs, AWS publish them; moto has none of them.
// https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
// https://docs.aws.amazon.com/dlami/latest/devguide/ami-id.html
var imageNames = []*regexp.Regexp{
	regexp.MustCompile(`^/aws/service/canonical/ubuntu/server/24\.04/stable/current/(amd64|arm64)/hvm/ebs-gp3/ami-id$`),
	regexp.MustCompile(`^/aws/service/deeplearning/ami/(x86_64|arm64)/base-oss-nvidia-driver-gpu-ubuntu-24\.04/latest/ami-id$`),
}

// imageParameter returns the name asked for, if the request is for such a parameter.
func imageParameter(req *request) (string, bool) {
	if req.service != serviceSSM || req.action != "GetParameter" {
		return "", false
	}
	var in struct{ Name string }
	if err := json.Unmarshal(req.body, &in); err != nil {
		return "", false
	}
	return in.Name, strings.HasPrefix(in.Name, "/aws/service/canonical/") || strings.HasPrefix(in.Name, "/aws/service/deeplearning/")
}

// publicImage answers with an image that moto's DescribeImages has too: a
// Canonical Ubuntu of the architecture, or, as moto has none for arm64, an
// Amazon Linux 2023. It is not Ubuntu 24.04: no emulated machine boots from it.
func (e *Emulator) publicImage(ctx context.Context, req *request, name string) (*response, *Error) {
	var m []string
	for _, pattern := range imageNames {
		if m = pattern.FindStringSubmatch(name); m != nil {
			break
		}
	}
	if m == nil {
		return nil, &Error{"ParameterNotFound", "Parameter " + name + " not found."}
	}
	arch := strings.Replace(m[1], "amd64", "x86_64", 1)
	for _, pattern := range []string{"ubuntu/images/*", "al2023-ami-2023*"} {
		id, err := e.newestImage(ctx, req, arch, pattern)
		if err != nil {
			return nil, &Error{"InternalServerError", err.Error()}
		}
		if id == "" {
			continue
		}
		res := newResponse()
		writeJSON(res, http.StatusOK, map[string]any{"Parameter": map[string]any{
			"Name": name, "Type": "String", "DataType": "text", "Value": id, "Version": 1,
			"ARN": "arn:aws:ssm:" + req.region + "::parameter" + name,
		}})
		return res, nil
	}
	return nil, &Error{"ParameterNotFound", "moto has no image for " + name}
}

// newestImage is the image whose name is last in the alphabet, as the names end
// with their date. Empty if there is none.
func (e *Emulator) newestImage(ctx context.Context, req *request, arch, pattern string) (string, error) {
	var out struct {
		Images []struct {
			ID   string `xml:"imageId"`
			Name string `xml:"name"`
		} `xml:"imagesSet>item"`
	}
	err := e.upstream.ec2(ctx, req, url.Values{
		"Action":           {"DescribeImages"},
		"Filter.1.Name":    {"architecture"},
		"Filter.1.Value.1": {arch},
		"Filter.2.Name":    {"name"},
		"Filter.2.Value.1": {pattern},
	}, &out)
	id, name := "", ""
	for _, image := range out.Images {
		if image.Name > name {
			id, name = image.ID, image.Name
		}
	}
	return id, err
}
