// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/catalog"
)

// InstancesREST serves nodetemplates/instances: what the template could buy,
// computed from the catalog. It is a getter of a list, not a lister, because the
// handler of a lister on a named path selects metadata.name=<parent>.
type InstancesREST struct {
	templates rest.Getter
	locations rest.Lister
	catalog   *catalog.Catalog
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

// Get lists the machines that the template could buy in its locations, cheapest
// first. A query parameter that makes no sense is a bad request.
func (r *InstancesREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	filter, err := newInstanceFilter(options.(*omni.InstanceOptions))
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	object, err := r.templates.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	list, err := r.locations.List(ctx, &metainternalversion.ListOptions{})
	if err != nil {
		return nil, err
	}
	spec := &object.(*omni.NodeTemplate).Spec
	external := &v1alpha1.NodeTemplateSpec{}
	if err := v1alpha1.Convert_omni_NodeTemplateSpec_To_v1alpha1_NodeTemplateSpec(spec, external, nil); err != nil {
		return nil, err
	}
	var priced []pricedInstance
	for i := range list.(*omni.EdgeLocationList).Items {
		location := &list.(*omni.EdgeLocationList).Items[i]
		if !allows(spec.EdgeLocations, location) {
			continue
		}
		offerings := r.catalog.Offerings(string(location.Spec.Provider), location.Spec.Region)
		for _, offering := range catalog.Select(offerings, external, zones(&location.Spec)) {
			if filter.passes(&offering) {
				priced = append(priced, pricedInstance{offering.HourlyPrice, r.instance(location.Name, &offering)})
			}
		}
	}
	return filter.page(priced), nil
}

type pricedInstance struct {
	price    float64
	instance omni.Instance
}

func allows(locations omni.TemplateEdgeLocations, location *omni.EdgeLocation) bool {
	return locations.Enabled && location.DeletionTimestamp == nil &&
		(len(locations.Names) == 0 || slices.Contains(locations.Names, location.Name))
}

// zones are those with a subnet, narrowed to spec.zones. Before the location is
// onboarded they are spec.zones or, without these, the empty zone: prices can
// be looked at before anything is made in the cloud.
func zones(spec *omni.EdgeLocationSpec) []string {
	if spec.AWS == nil {
		if len(spec.Zones) == 0 {
			return []string{""}
		}
		return spec.Zones
	}
	var zones []string
	for zone := range spec.AWS.SubnetIDs {
		if len(spec.Zones) == 0 || slices.Contains(spec.Zones, zone) {
			zones = append(zones, zone)
		}
	}
	slices.Sort(zones)
	return zones
}

func (r *InstancesREST) instance(location string, o *catalog.Offering) omni.Instance {
	parts := []string{o.InstanceType, location, o.Zone, o.CapacityType}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return omni.Instance{
		ObjectMeta:       metav1.ObjectMeta{Name: strings.Join(parts, ".")},
		InstanceType:     o.InstanceType,
		EdgeLocationName: location,
		Region:           o.Region,
		Zone:             o.Zone,
		Architecture:     o.Architecture,
		CapacityType:     omni.CapacityType(o.CapacityType),
		CPU:              *resource.NewQuantity(o.VCPU, resource.DecimalSI),
		Memory:           *resource.NewQuantity(o.MemoryBytes, resource.BinarySI),
		GPUs:             int32(o.GPUs),
		GPUName:          o.GPUName,
		HourlyPrice:      strconv.FormatFloat(o.HourlyPrice, 'f', -1, 64),
		PriceSource:      r.catalog.Source(),
	}
}

type instanceFilter struct {
	*omni.InstanceOptions
	maxPrice float64
}

func newInstanceFilter(options *omni.InstanceOptions) (*instanceFilter, error) {
	filter := &instanceFilter{InstanceOptions: options, maxPrice: math.Inf(1)}
	if options.MaxPrice != "" {
		price, err := strconv.ParseFloat(options.MaxPrice, 64)
		if err != nil || math.IsNaN(price) || price < 0 {
			return nil, fmt.Errorf("maxPrice %q: want US dollars per hour as a decimal, for example 0.5", options.MaxPrice)
		}
		filter.maxPrice = price
	}
	switch omni.CapacityType(options.CapacityType) {
	case "", omni.CapacitySpot, omni.CapacityOnDemand:
	default:
		return nil, fmt.Errorf("capacityType %q: want spot or on-demand", options.CapacityType)
	}
	if options.Limit < 0 {
		return nil, fmt.Errorf("limit %d: want 0 (all) or more", options.Limit)
	}
	return filter, nil
}

func (f *instanceFilter) passes(o *catalog.Offering) bool {
	return o.VCPU >= f.MinCPU && o.GPUs >= f.MinGPUs && o.HourlyPrice <= f.maxPrice &&
		(f.Region == "" || f.Region == o.Region) &&
		(f.CapacityType == "" || f.CapacityType == o.CapacityType)
}

func (f *instanceFilter) page(priced []pricedInstance) *omni.InstanceList {
	slices.SortFunc(priced, func(a, b pricedInstance) int {
		return cmp.Or(cmp.Compare(a.price, b.price), cmp.Compare(a.instance.Name, b.instance.Name))
	})
	list := &omni.InstanceList{Items: []omni.Instance{}}
	if rest := int64(len(priced)) - f.Limit; f.Limit > 0 && rest > 0 {
		priced = priced[:f.Limit]
		list.RemainingItemCount = &rest
	}
	for _, p := range priced {
		list.Items = append(list.Items, p.instance)
	}
	return list
}
