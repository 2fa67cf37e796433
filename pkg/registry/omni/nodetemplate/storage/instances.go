// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
)

// InstancesREST serves nodetemplates/instances: what the template could buy in its
// locations, and the main cluster's autoscaler in the main cluster, computed from
// the catalog. It is a getter of a list, not a lister, because the
// handler of a lister on a named path selects metadata.name=<parent>.
type InstancesREST struct {
	templates rest.Getter
	locations rest.Lister
	catalog   *catalog.Catalog
	clock     clock.PassiveClock
}

var (
	_ rest.GetterWithOptions = &InstancesREST{}
	_ rest.TableConvertor    = &InstancesREST{}
)

// New returns an empty InstanceList.
func (*InstancesREST) New() runtime.Object { return &omni.InstanceList{} }

// Destroy does nothing: the stores belong to others.
func (*InstancesREST) Destroy() {}

// NewGetOptions returns the query parameters.
func (*InstancesREST) NewGetOptions() (runtime.Object, bool, string) {
	return &omni.InstanceOptions{}, false, ""
}

// ConvertToTable implements rest.TableConvertor.
func (*InstancesREST) ConvertToTable(ctx context.Context, object, options runtime.Object) (*metav1.Table, error) {
	return instanceColumns.ConvertToTable(ctx, object, options)
}

// Get lists the machines of the template's locations and of the main cluster. A query
// parameter that makes no sense is a bad request.
func (r *InstancesREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	instanceOptions := options.(*omni.InstanceOptions)
	query, errs := newInstanceQuery(instanceOptions)
	if len(errs) > 0 {
		return nil, apierrors.NewBadRequest(errs.ToAggregate().Error())
	}
	object, err := r.templates.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	template := object.(*omni.NodeTemplate)
	offers, err := r.offers(ctx, template, query)
	if err != nil {
		return nil, err
	}
	token := continueToken{
		Version: continueVersion, Query: queryDigest(template, query, instanceOptions),
		Source: newest(offers).String(), List: listDigest(offers),
	}
	return page(offers, query.order, query.limit, token, instanceOptions.Continue)
}

// offers are all instances that pass, in the order asked for.
func (r *InstancesREST) offers(ctx context.Context, template *omni.NodeTemplate, query *instanceQuery) ([]offer, error) {
	object, err := r.locations.List(ctx, &metainternalversion.ListOptions{})
	if err != nil {
		return nil, err
	}
	spec := &v1beta1.NodeTemplateSpec{}
	if err := v1beta1.Convert_omni_NodeTemplateSpec_To_v1beta1_NodeTemplateSpec(&template.Spec, spec, nil); err != nil {
		return nil, err
	}
	var offers []offer
	now := metav1.NewTime(r.clock.Now())
	add := func(location string, region catalog.Region, zones []string) {
		if query.location != "" && query.location != location {
			return
		}
		for _, offering := range catalog.Select(r.catalog.Offerings(region), spec, zones) {
			if query.filter.Passes(&offering) {
				instance := newInstance(location, &offering, now)
				offers = append(offers, offer{query.order.Position(&offering, instance.Name), instance, offering.PriceSource})
			}
		}
	}
	locations := object.(*omni.EdgeLocationList).Items
	for i := range locations {
		if !allows(template.Spec.EdgeLocations, &locations[i]) {
			continue
		}
		location := &v1beta1.EdgeLocation{}
		if err := v1beta1.Convert_omni_EdgeLocation_To_v1beta1_EdgeLocation(&locations[i], location, nil); err != nil {
			return nil, err
		}
		add(location.Name, catalog.RegionOf(&location.Spec), zones(location))
	}
	if spec.MainCluster.Enabled {
		add(omni.MainCluster, catalog.MainRegion(&spec.MainCluster), mainZones(&spec.MainCluster))
	}
	slices.SortFunc(offers, func(a, b offer) int { return query.order.Compare(a.position, b.position) })
	return offers, nil
}

func allows(locations omni.TemplateEdgeLocations, location *omni.EdgeLocation) bool {
	return locations.Enabled && location.DeletionTimestamp == nil &&
		(len(locations.Names) == 0 || slices.Contains(locations.Names, location.Name))
}

// zones are those machines may be bought in. Before the location is on board they
// are spec.zones or, without these, the empty zone: prices can be looked at before
// anything is made in the cloud.
func zones(location *v1beta1.EdgeLocation) []string {
	switch {
	case location.HasNetwork():
		return location.UsableZones()
	case len(location.Spec.Zones) > 0:
		return location.Spec.Zones
	}
	return []string{""}
}

// mainZones are those named in the template. omni-apiserver does not see the Nodes of
// the main cluster, by which omni-controller knows the others.
func mainZones(main *v1beta1.TemplateMainCluster) []string {
	if len(main.Zones) > 0 {
		return main.Zones
	}
	return []string{""}
}

func newInstance(location string, o *catalog.Offering, now metav1.Time) omni.Instance {
	parts := []string{o.InstanceType, location, o.Zone, o.CapacityType}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	instance := omni.Instance{
		ObjectMeta:       metav1.ObjectMeta{Name: strings.Join(parts, ".")},
		InstanceType:     o.InstanceType,
		InstanceFamily:   o.Family,
		EdgeLocationName: location,
		Region:           o.Region,
		Zone:             o.Zone,
		Architecture:     o.Architecture,
		CapacityType:     omni.CapacityType(o.CapacityType),
		CPU:              *resource.NewQuantity(o.VCPU, resource.DecimalSI),
		Memory:           *resource.NewQuantity(o.MemoryBytes, resource.BinarySI),
		GPUs:             int32(o.GPUs),
		GPUName:          o.GPUName,
		HourlyPrice:      catalog.FormatPrice(o.HourlyPrice),
		PriceSource:      o.PriceSource.Since(now),
	}
	if o.GPUs > 0 {
		instance.GPUMemory = *resource.NewQuantity(o.GPUMemoryBytes, resource.BinarySI)
	}
	return instance
}
