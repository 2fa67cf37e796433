// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// documents are Google's own descriptions of the services, as the module
// google.golang.org/api carries them.
var documents = []string{
	"compute/v1/compute-api.json",
	"cloudbilling/v1/cloudbilling-api.json",
	"iam/v1/iam-api.json",
	"iamcredentials/v1/iamcredentials-api.json",
	"cloudresourcemanager/v1/cloudresourcemanager-api.json",
	"serviceusage/v1/serviceusage-api.json",
}

// API is what the emulator knows of the requests of all services.
type API struct {
	// methods by HTTP verb and number of path segments; the one with the most
	// literal segments comes first.
	methods map[string][]*Method
	count   int
}

// Method is a method of a service.
type Method struct {
	// ID is the full name. Example: compute.instances.insert.
	ID         string             `json:"id"`
	FlatPath   string             `json:"flatPath"`
	Path       string             `json:"path"`
	HTTPMethod string             `json:"httpMethod"`
	Parameters map[string]*Schema `json:"parameters"`
	Request    *Schema            `json:"request"`

	service  *service
	segments []segment
}

// Schema describes a JSON value or a parameter.
// https://developers.google.com/discovery/v1/reference/apis
type Schema struct {
	ID          string             `json:"id"`
	Ref         string             `json:"$ref"`
	Type        string             `json:"type"`
	Format      string             `json:"format"`
	Pattern     string             `json:"pattern"`
	Enum        []string           `json:"enum"`
	Location    string             `json:"location"`
	Required    bool               `json:"required"`
	Items       *Schema            `json:"items"`
	Properties  map[string]*Schema `json:"properties"`
	Additional  *Schema            `json:"additionalProperties"`
	Annotations struct {
		Required []string `json:"required"`
	} `json:"annotations"`
}

type service struct {
	Name        string             `json:"name"`
	ServicePath string             `json:"servicePath"`
	Schemas     map[string]*Schema `json:"schemas"`
	Parameters  map[string]*Schema `json:"parameters"`
	resource
}

type resource struct {
	Methods   map[string]*Method   `json:"methods"`
	Resources map[string]*resource `json:"resources"`
}

// segment is a part of a path: a literal, or a variable with what may follow it,
// as in {name}:setIamPolicy.
type segment struct{ literal, variable, suffix string }

// FindAPI returns the directory of google.golang.org/api among the modules of the
// working directory.
func FindAPI(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return "", fmt.Errorf("find the module google.golang.org/api (run this inside the repository, or name its directory): %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// LoadAPI reads the documents in the directory of google.golang.org/api.
func LoadAPI(directory string) (*API, error) {
	api := &API{methods: map[string][]*Method{}}
	for _, name := range documents {
		raw, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			return nil, fmt.Errorf("read Google's description: %w", err)
		}
		s := &service{}
		if err := json.Unmarshal(raw, s); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		api.add(s, &s.resource)
	}
	for _, candidates := range api.methods {
		slices.SortStableFunc(candidates, func(a, b *Method) int {
			return cmp.Or(cmp.Compare(b.literals(), a.literals()), cmp.Compare(a.ID, b.ID))
		})
	}
	return api, nil
}

func (a *API) add(s *service, r *resource) {
	for _, m := range r.Methods {
		m.service = s
		m.segments = parsePath(s.ServicePath + cmp.Or(m.FlatPath, m.Path))
		key := routeKey(m.HTTPMethod, len(m.segments))
		a.methods[key] = append(a.methods[key], m)
		a.count++
	}
	for _, child := range r.Resources {
		a.add(s, child)
	}
}

// Methods returns how many methods are described.
func (a *API) Methods() int { return a.count }

func routeKey(method string, segments int) string { return fmt.Sprintf("%s %d", method, segments) }

func parsePath(path string) []segment {
	var out []segment
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, isVariable := strings.CutPrefix(part, "{")
		if !isVariable {
			out = append(out, segment{literal: part})
			continue
		}
		name, suffix, _ := strings.Cut(name, "}")
		out = append(out, segment{variable: strings.TrimPrefix(name, "+"), suffix: suffix})
	}
	return out
}

func (m *Method) literals() int {
	n := 0
	for _, s := range m.segments {
		if s.literal != "" || s.suffix != "" {
			n++
		}
	}
	return n
}

// match returns the variables of a path, or false.
func (m *Method) match(parts []string) (map[string]string, bool) {
	variables := map[string]string{}
	for i, s := range m.segments {
		if s.literal != "" {
			if parts[i] != s.literal {
				return nil, false
			}
			continue
		}
		value, ok := strings.CutSuffix(parts[i], s.suffix)
		if !ok || value == "" || (s.suffix == "" && m.service.Name != "compute" && strings.Contains(value, ":")) {
			return nil, false
		}
		variables[s.variable] = value
	}
	return variables, true
}

// Route finds the method of a request and the variables of its path.
func (a *API) Route(method, path string) (*Method, map[string]string) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, m := range a.methods[routeKey(method, len(parts))] {
		if variables, ok := m.match(parts); ok {
			return m, variables
		}
	}
	return nil, nil
}

// collection is the kind of resource of the method. Example: instances.
func (m *Method) collection() string {
	parts := strings.Split(m.ID, ".")
	return parts[len(parts)-2]
}

// verb is what the method does. Example: insert.
func (m *Method) verb() string { return m.ID[strings.LastIndex(m.ID, ".")+1:] }
