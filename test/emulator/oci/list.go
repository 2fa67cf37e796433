// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// defaultPageSize is the longest page when Options say nothing.
const defaultPageSize = 100

// list answers with the things of a collection that every filter lets through.
func (c *cloud) list(r *call, collection string) (*answer, *Error) {
	if err := c.checkQuery(r); err != nil {
		return nil, err
	}
	item, isList := r.op.body()
	if !isList {
		return nil, notEmulated("%s", r.op.name)
	}
	var found []*thing
	now := c.Clock.Now()
	for _, t := range c.things {
		if t.collection != collection || now.Before(t.visible) {
			continue
		}
		ok, err := c.passes(r, item, t)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, t)
		}
	}
	sortThings(found, r.query.Get("sortBy"), r.query.Get("sortOrder"))
	out := make([]object, 0, len(found))
	for _, t := range found {
		o, err := projectInto(item, t)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return c.page(r, out)
}

// checkQuery looks up the OCIDs of the query.
func (c *cloud) checkQuery(r *call) *Error {
	for name, values := range r.query {
		if err := c.checkReferences(name, values[0]); err != nil {
			return err
		}
	}
	return nil
}

// passes tells whether a thing has what the query asks for. A parameter that is no
// field of the thing needs to be known here.
func (c *cloud) passes(r *call, item reflect.Type, t *thing) (bool, *Error) {
	for name, values := range r.query {
		want := values[0]
		switch {
		case slices.Contains([]string{"limit", "page", "sortBy", "sortOrder"}, name):
		case name == "shape" && t.collection == "images":
			if s := c.shape(want); s == nil || s.architecture() != t.fields["_architecture"] {
				return false, nil
			}
		case name == "compartmentId" && t.collection == "images":
			// Every compartment sees the images of the platform.
		case hasField(item, name):
			if fmt.Sprint(t.fields[name]) != want {
				return false, nil
			}
		default:
			return false, notEmulated("the parameter %s of %s", name, r.op.name)
		}
	}
	return true, nil
}

func hasField(t reflect.Type, name string) bool {
	for field := range t.Fields() {
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
			return true
		}
	}
	return false
}

// sortThings sorts by TIMECREATED, newest first, or by another field, first letter
// first; sortOrder turns that round.
func sortThings(things []*thing, by, order string) {
	descending := by == "" || by == "TIMECREATED"
	if order != "" {
		descending = order == "DESC"
	}
	field := map[string]string{"": "timeCreated", "TIMECREATED": "timeCreated", "DISPLAYNAME": "displayName", "NAME": "name"}[by]
	slices.SortFunc(things, func(a, b *thing) int {
		n := cmp.Or(strings.Compare(a.text(field), b.text(field)), strings.Compare(a.id(), b.id()))
		if descending {
			return -n
		}
		return n
	})
}

// page cuts the page out of a list that the query asks for.
func (c *cloud) page(r *call, all []object) (*answer, *Error) {
	size := cmp.Or(c.PageSize, defaultPageSize)
	if text := r.query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 {
			return nil, refuse("InvalidParameter", "limit %q is not a positive number", text)
		}
		size = min(size, limit)
	}
	start := 0
	if text := r.query.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > len(all) {
			return nil, refuse("InvalidParameter", "page %q is not one of this list", text)
		}
		start = n
	}
	end := min(start+size, len(all))
	a := &answer{body: all[start:end]}
	if end < len(all) {
		a.nextPage = strconv.Itoa(end)
	}
	return a, nil
}
