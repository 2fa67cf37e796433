// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Model is the part of AWS's service model of EC2 that validation needs. It comes
// from botocore: data/ec2/2016-11-15/service-2.json.gz.
type Model struct {
	Operations map[string]operation `json:"operations"`
	Shapes     map[string]shape     `json:"shapes"`
}

type operation struct {
	Input *member `json:"input"`
}

type shape struct {
	Type     string            `json:"type"`
	Required []string          `json:"required"`
	Members  map[string]member `json:"members"`
	Member   *member           `json:"member"`
	Enum     []string          `json:"enum"`
	Min      *float64          `json:"min"`
	Max      *float64          `json:"max"`
}

type member struct {
	Shape        string `json:"shape"`
	LocationName string `json:"locationName"`
	QueryName    string `json:"queryName"`
}

// wireName is the name of a member in the ec2 protocol: the queryName, else the
// locationName with a capital, else the member's own name.
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
func (m member) wireName(name string) string {
	switch {
	case m.QueryName != "":
		return m.QueryName
	case m.LocationName != "":
		return strings.ToUpper(m.LocationName[:1]) + m.LocationName[1:]
	}
	return name
}

// LoadModel reads a service-2.json, gzipped or not.
func LoadModel(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("EC2 service model: %w (give the path with --model)", err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, fmt.Errorf("EC2 service model %s: %w", path, err)
		}
		defer z.Close()
		r = z
	}
	m := &Model{}
	if err := json.NewDecoder(r).Decode(m); err != nil {
		return nil, fmt.Errorf("EC2 service model %s: %w", path, err)
	}
	if m.Operations["RunInstances"].Input == nil {
		return nil, fmt.Errorf("EC2 service model %s: no operation RunInstances; is it botocore's ec2/2016-11-15/service-2.json?", path)
	}
	return m, nil
}

// findModel prints where botocore keeps the model, gzipped (pip) or not (Debian).
const findModel = `
import botocore, glob, os
print(sorted(glob.glob(os.path.join(os.path.dirname(botocore.__file__), "data/ec2/2016-11-15/service-2.json*")))[0])`

// FindModel returns the path of the model in the botocore of python3, which moto
// brings along.
func FindModel(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "python3", "-c", findModel).Output()
	if err != nil {
		return "", fmt.Errorf("EC2 service model: python3 has no botocore (%w): run pip install 'moto[server]', or give the path with --model", err)
	}
	return strings.TrimSpace(string(out)), nil
}
