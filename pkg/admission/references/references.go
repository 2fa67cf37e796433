// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package references is the admission of what objects say about one another: it
// warns of a name behind which there is nothing, and keeps a location that a
// template names. The other way round nothing is checked: objects may be applied
// in any order.
package references

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"github.com/castai/omni/pkg/apis/omni"
)

// Plugin validates references between the objects of a namespace. It asks the
// stores at the moment of the request: what a client of a cache sees could be less
// than the caller knows.
type Plugin struct {
	locations rest.Getter
	templates rest.Lister
}

var _ admission.ValidationInterface = &Plugin{}

// Use gives the plugin the stores, which are opened after it is made. Call it
// before the server serves.
func (p *Plugin) Use(locations rest.Getter, templates rest.Lister) {
	p.locations, p.templates = locations, templates
}

// Handles implements admission.Interface.
func (*Plugin) Handles(operation admission.Operation) bool {
	return operation == admission.Create || operation == admission.Update || operation == admission.Delete
}

// Validate implements admission.ValidationInterface.
func (p *Plugin) Validate(ctx context.Context, a admission.Attributes, _ admission.ObjectInterfaces) error {
	if a.GetKind().Group != omni.GroupName || a.GetSubresource() != "" {
		return nil
	}
	if a.GetOperation() == admission.Delete {
		if location, ok := a.GetOldObject().(*omni.EdgeLocation); ok {
			return p.keepNamed(ctx, location)
		}
		return nil
	}
	switch object := a.GetObject().(type) {
	case *omni.NodeTemplate:
		if object.Spec.EdgeLocations.Enabled {
			p.warnOfMissing(ctx, "spec.edgeLocations.names", object.Spec.EdgeLocations.Names)
		}
	case *omni.Edge:
		// The spec is immutable: there is nothing to say about it later.
		if a.GetOperation() == admission.Create {
			p.warnOfMissing(ctx, "spec.edgeLocationName", []string{object.Spec.EdgeLocationName})
		}
	}
	return nil
}

// keepNamed refuses to delete a location that templates buy machines in by name.
// Templates that allow all locations simply lose one.
func (p *Plugin) keepNamed(ctx context.Context, location *omni.EdgeLocation) error {
	templates, err := p.templates.List(ctx, &metainternalversion.ListOptions{})
	if err != nil {
		return apierrors.NewServiceUnavailable(fmt.Sprintf("cannot tell which NodeTemplates name the EdgeLocation %s, try again: %v", location.Name, err))
	}
	var names []string
	for _, template := range templates.(*omni.NodeTemplateList).Items {
		locations := template.Spec.EdgeLocations
		if template.DeletionTimestamp == nil && locations.Enabled && slices.Contains(locations.Names, location.Name) {
			names = append(names, template.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	return apierrors.NewForbidden(omni.Resource("edgelocations"), location.Name, errors.New(
		"it is in use by NodeTemplate "+strings.Join(names, ", ")+": take it out of spec.edgeLocations.names there (where an empty list means all locations) or delete the template first"))
}

// warnOfMissing warns of every location that surely is not there, in one warning.
func (p *Plugin) warnOfMissing(ctx context.Context, field string, named []string) {
	missing := slices.DeleteFunc(slices.Clone(named), func(name string) bool { return !p.isMissing(ctx, name) })
	if len(missing) > 0 {
		warning.AddWarning(ctx, "", fmt.Sprintf("%s: no machine is bought in %s before there is an EdgeLocation of that name in the namespace", field, strings.Join(missing, ", ")))
	}
}

// isMissing: the watch cache is good enough to know that a location is there.
func (p *Plugin) isMissing(ctx context.Context, name string) bool {
	for _, version := range []string{"0", ""} {
		_, err := p.locations.Get(ctx, name, &metav1.GetOptions{ResourceVersion: version})
		if !apierrors.IsNotFound(err) {
			return false
		}
	}
	return true
}
