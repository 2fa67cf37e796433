// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package references is the admission of what objects say about one another: it
// warns of a name behind which there is nothing, checks what an Edge asks for by
// the cloud of its location, and keeps a location that a template names. Objects
// may be applied in any order all the same.
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
	"github.com/castai/omni/pkg/apis/omni/validation"
	"github.com/castai/omni/pkg/registry/declarative"
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
		p.admitTemplate(ctx, object)
	case *omni.Edge:
		// The spec is immutable: there is nothing to say about it later.
		if a.GetOperation() == admission.Create {
			return p.admitEdge(ctx, object, a.GetKind().Version)
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

// admitTemplate warns of every location that surely is not there, in one warning,
// and of every one in which nothing can be bought.
func (p *Plugin) admitTemplate(ctx context.Context, template *omni.NodeTemplate) {
	if !template.Spec.EdgeLocations.Enabled {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(template.Spec.EdgeLocations.Names), func(name string) bool {
		location, missing := p.find(ctx, name)
		if location != nil && location.Spec.Provider == omni.ProviderCustom {
			warning.AddWarning(ctx, "", "spec.edgeLocations.names: no template buys machines in "+name+", which is Custom: kubectl omni join "+name)
		}
		return !missing
	})
	if len(missing) > 0 {
		warnOfMissing(ctx, "spec.edgeLocations.names", missing...)
	}
}

// admitEdge refuses names that the location's cloud does not have, in the words of
// the caller's version.
func (p *Plugin) admitEdge(ctx context.Context, edge *omni.Edge, version string) error {
	location, missing := p.find(ctx, edge.Spec.EdgeLocationName)
	if missing {
		warnOfMissing(ctx, "spec.edgeLocationName", edge.Spec.EdgeLocationName)
	}
	if location == nil {
		return nil
	}
	if errs := validation.ValidateEdgeInLocation(edge, location); len(errs) > 0 {
		return apierrors.NewInvalid(omni.Kind("Edge"), edge.Name, declarative.InVersion(errs, version))
	}
	return nil
}

// find returns the location of a name, nil if it is missing or that is not known.
// The watch cache is good enough to know that a location is there.
func (p *Plugin) find(ctx context.Context, name string) (location *omni.EdgeLocation, missing bool) {
	for _, version := range []string{"0", ""} {
		object, err := p.locations.Get(ctx, name, &metav1.GetOptions{ResourceVersion: version})
		if err == nil {
			return object.(*omni.EdgeLocation), false
		}
		if !apierrors.IsNotFound(err) {
			return nil, false
		}
	}
	return nil, true
}

func warnOfMissing(ctx context.Context, field string, missing ...string) {
	warning.AddWarning(ctx, "", fmt.Sprintf("%s: no machine is bought in %s before there is an EdgeLocation of that name in the namespace", field, strings.Join(missing, ", ")))
}
