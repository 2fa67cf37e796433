// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"context"
	"fmt"
	"io"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
	"github.com/castai/omni/pkg/state"
)

// fromCluster makes a problem of the pending pods, the node templates and the edge
// locations of the cluster of the kubeconfig.
func (o *options) fromCluster(ctx context.Context, cluster genericclioptions.RESTClientGetter, progress io.Writer, clock clock.PassiveClock) (*scheduling.Problem, error) {
	config, err := cluster.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("reach the cluster: %w", err)
	}
	omni, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("reach omni-apiserver: %w", err)
	}
	list := func(ctx context.Context, template client.ObjectKey) (*v1beta1.InstanceList, error) {
		instances := &v1beta1.InstanceList{}
		request := omni.OmniV1beta1().RESTClient().Get().Namespace(template.Namespace).Resource("nodetemplates")
		return instances, request.Name(template.Name).SubResource("instances").Do(ctx).Into(instances)
	}
	return o.fromClient(ctx, c, list, progress, clock)
}

// lister lists the instances of a node template.
type lister func(ctx context.Context, template client.ObjectKey) (*v1beta1.InstanceList, error)

func (o *options) fromClient(ctx context.Context, c client.Reader, list lister, progress io.Writer, clock clock.PassiveClock) (*scheduling.Problem, error) {
	offers, known, err := listOffers(ctx, c, list)
	if err != nil {
		return nil, err
	}
	if err := o.checkLocations(known); err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "simulate: prices of edge locations are the cluster's, those of the main cluster a snapshot's: see kubectl get nodetemplate NAME --subresource=instances")
	reader := state.Reader{Main: c, Omni: c, Edges: c, Catalog: offers, EdgeOverhead: o.overhead, Clock: clock}
	s, err := reader.Read(ctx)
	if err != nil {
		return nil, err
	}
	if len(s.Planned) > 0 {
		fmt.Fprintf(progress, "simulate: %d pending pods are left out: a machine is on its way for them\n", len(s.Planned))
	}
	s.Problem.Candidates = slices.DeleteFunc(s.Problem.Candidates, func(candidate scheduling.Candidate) bool {
		if candidate.Main() {
			return !o.selected(workload.MainLocation)
		}
		return !o.selected(candidate.Location)
	})
	return &s.Problem, nil
}

// offers are the machines that the API lists, by region; where it lists none, those
// of the snapshot.
type offers struct {
	*catalog.Catalog
	listed map[catalog.Region][]catalog.Offering
}

var _ state.Catalog = &offers{}

// Offerings implements state.Catalog.
func (o *offers) Offerings(region catalog.Region) []catalog.Offering {
	if listed, ok := o.listed[region]; ok {
		return listed
	}
	return o.Catalog.Offerings(region)
}

// OfType implements state.Catalog.
func (o *offers) OfType(region catalog.Region, instanceType string) *catalog.Offering {
	listed := o.listed[region]
	i := slices.IndexFunc(listed, func(offering catalog.Offering) bool { return offering.InstanceType == instanceType })
	if i < 0 {
		return o.Catalog.OfType(region, instanceType)
	}
	return &listed[i]
}

// listOffers asks for the instances of every node template, and returns them with
// the names that --locations knows.
func listOffers(ctx context.Context, c client.Reader, list lister) (*offers, []string, error) {
	snapshot, err := catalog.Snapshot()
	if err != nil {
		return nil, nil, err
	}
	found := &offers{Catalog: snapshot, listed: map[catalog.Region][]catalog.Offering{}}
	var locations v1beta1.EdgeLocationList
	if err := c.List(ctx, &locations); err != nil {
		return nil, nil, fmt.Errorf("list edge locations: %w", err)
	}
	known := []string{workload.MainLocation}
	byName := map[client.ObjectKey]*v1beta1.EdgeLocation{}
	for i := range locations.Items {
		l := &locations.Items[i]
		known, byName[client.ObjectKeyFromObject(l)] = append(known, l.Name), l
	}
	var templates v1beta1.NodeTemplateList
	if err := c.List(ctx, &templates); err != nil {
		return nil, nil, fmt.Errorf("list node templates: %w", err)
	}
	for i := range templates.Items {
		template := &templates.Items[i]
		instances, err := list(ctx, client.ObjectKeyFromObject(template))
		if apierrors.IsNotFound(err) {
			continue // the template went meanwhile
		}
		if err != nil {
			return nil, nil, fmt.Errorf("list the instances of node template %s/%s: %w", template.Namespace, template.Name, err)
		}
		for j := range instances.Items {
			instance := &instances.Items[j]
			if l := byName[client.ObjectKey{Namespace: template.Namespace, Name: instance.EdgeLocationName}]; l != nil {
				found.add(l, instance)
			}
		}
	}
	for _, listed := range found.listed {
		slices.SortFunc(listed, catalog.Cheaper)
	}
	return found, known, nil
}

// add adds an instance that several templates and locations of a region may list.
func (o *offers) add(location *v1beta1.EdgeLocation, instance *v1beta1.Instance) {
	offering := catalog.Offering{
		Type: catalog.Type{
			InstanceType: instance.InstanceType, Family: instance.InstanceFamily, Architecture: instance.Architecture,
			VCPU: instance.CPU.Value(), MemoryBytes: instance.Memory.Value(), GPUs: int64(instance.GPUs), GPUName: instance.GPUName,
		},
		Provider: string(location.Spec.Provider), Region: instance.Region, Zone: instance.Zone, CapacityType: string(instance.CapacityType),
		HourlyPrice: catalog.ParsePrice(instance.HourlyPrice),
	}
	offering.Allocatable = catalog.Allocatable(&offering.Type)
	region := catalog.RegionOf(&location.Spec)
	known := func(other catalog.Offering) bool {
		return other.InstanceType == offering.InstanceType && other.Zone == offering.Zone && other.CapacityType == offering.CapacityType
	}
	if !slices.ContainsFunc(o.listed[region], known) {
		o.listed[region] = append(o.listed[region], offering)
	}
}
