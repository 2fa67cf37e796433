// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// defaultPage is the page size of Compute Engine's lists.
const defaultPage = 500

// list answers list and aggregatedList, a page at a time.
func (e *Emulator) list(c *call) (object, *Error) {
	filter, err := parseFilter(c.values["filter"])
	if err != nil {
		return nil, err
	}
	collection, project := c.method.collection(), "projects/"+c.values["project"]+"/"
	aggregated := c.method.verb() == "aggregatedList"
	var keys []string
	for key, o := range e.objects {
		inside := path.Dir(key) == c.path
		if aggregated {
			inside = strings.HasPrefix(key, project) && path.Base(path.Dir(key)) == collection
		}
		if inside && filter.keeps(o) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	size, start := defaultPage, 0
	if n := number(c.values["maxResults"]); n > 0 {
		size = min(int(n), defaultPage)
	}
	if token := c.values["pageToken"]; token != "" {
		var convErr error
		if start, convErr = strconv.Atoi(token); convErr != nil || start < 0 || start > len(keys) {
			return nil, invalid("Invalid value for field 'pageToken': '%s'.", token)
		}
	}
	out := object{"kind": "compute#" + strings.TrimSuffix(collection, "s") + "List", "id": c.path, "selfLink": e.link(c.path)}
	if end := start + size; end < len(keys) {
		out["nextPageToken"] = strconv.Itoa(end)
	}
	page := keys[start:min(start+size, len(keys))]
	if aggregated {
		out["kind"] = "compute#" + strings.TrimSuffix(collection, "s") + "AggregatedList"
		out["items"] = e.scopes(page, project, collection)
		if c.failure != nil {
			out["items"] = e.warnings(project, c.failure.Code, c.failure.Words())
		}
	} else if len(page) > 0 {
		items := make([]any, len(page))
		for i, key := range page {
			items[i] = e.objects[key]
		}
		out["items"] = items
	}
	return out, nil
}

// scopes groups objects by zone or region; the empty ones carry a warning, as in
// the cloud.
func (e *Emulator) scopes(page []string, project, collection string) object {
	items := e.warnings(project, "NO_RESULTS_ON_PAGE", "There are no results for this scope on this page.")
	for _, key := range page {
		place := strings.TrimPrefix(path.Dir(path.Dir(key)), project)
		scope, _ := items[place].(object)
		if scope == nil || scope["warning"] != nil {
			scope = object{collection: []any{}}
			items[place] = scope
		}
		scope[collection] = append(scope[collection].([]any), e.objects[key])
	}
	return items
}

// warnings has the same for every zone.
func (e *Emulator) warnings(project, code, message string) object {
	items := object{}
	for key := range e.objects {
		if place := strings.TrimPrefix(key, project); strings.HasPrefix(key, project+"zones/") && strings.Count(place, "/") == 1 {
			items[place] = object{"warning": object{"code": code, "message": message}}
		}
	}
	return items
}

// condition is one comparison of a filter.
type condition struct {
	field []string
	equal bool
	value string
	regex *regexp.Regexp
}

type filter []condition

// comparison is one part of a filter: labels.a = "b", (status != RUNNING), name eq x.
var comparison = regexp.MustCompile(`^\s*\(*\s*([\w.-]+)\s*(=|!=|\beq\b|\bne\b)\s*("[^"]*"|[^\s()"]+)\s*\)*\s*`)

// conjunction stands between two of them.
var conjunction = regexp.MustCompile(`^AND\s+`)

// parseFilter reads the comparisons by = and !=, eq and ne, joined by AND; what
// the emulator does not understand is refused.
// https://cloud.google.com/compute/docs/reference/rest/v1/instances/list (filter)
func parseFilter(expression string) (filter, *Error) {
	var out filter
	for rest := expression; strings.TrimSpace(rest) != ""; {
		rest = conjunction.ReplaceAllString(strings.TrimSpace(rest), "")
		m := comparison.FindStringSubmatch(rest)
		if m == nil {
			return nil, invalid("Invalid value for field 'filter': '%s'. Invalid list filter expression.", expression)
		}
		rest = rest[len(m[0]):]
		c := condition{field: strings.Split(m[1], "."), equal: m[2] == "=" || m[2] == "eq", value: strings.Trim(m[3], `"`)}
		if m[2] == "eq" || m[2] == "ne" { // those two compare by regular expression
			var err error
			if c.regex, err = regexp.Compile("^(?:" + c.value + ")$"); err != nil {
				return nil, invalid("Invalid value for field 'filter': '%s'. %v", expression, err)
			}
		}
		out = append(out, c)
	}
	return out, nil
}

func (f filter) keeps(o object) bool {
	for _, c := range f {
		var value any = o
		for _, name := range c.field {
			holder, _ := value.(object)
			value = holder[name]
		}
		got := text(value)
		hit := got == c.value
		if c.regex != nil {
			hit = c.regex.MatchString(got)
		}
		if hit != c.equal {
			return false
		}
	}
	return true
}

// sortedKeys is for answers that must not depend on the order of a map.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
