// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/google/uuid"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/unavailable"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/edgenode"
)

// begin takes an edge one step further towards Ready.
func (l *life) begin(ctx context.Context) (reconcile.Result, error) {
	if l.location.IsCustom() {
		return l.welcome(ctx)
	}
	status := &l.edge.Status
	if status.InstanceID != "" {
		return l.join(ctx)
	}
	if status.Phase == "" {
		status.Phase = v1beta1.EdgePending
	}
	if ready := meta.FindStatusCondition(l.location.Status.Conditions, v1beta1.ConditionReady); ready == nil || ready.Status != metav1.ConditionTrue {
		l.set(v1beta1.ConditionLaunched, metav1.ConditionFalse, "EdgeLocationNotReady", "the edge location is not Ready; see its conditions")
		return reconcile.Result{}, nil
	}
	provider, err := l.Connect.Provider(ctx, l.location)
	if err != nil {
		return l.refused(ctx, err)
	}
	if status.Launch == nil {
		return l.intend(ctx, provider, 1)
	}
	return l.launch(ctx, provider)
}

// intend writes down what will be asked of the cloud, before it is asked: whoever
// comes after a crash asks for the same again.
func (l *life) intend(ctx context.Context, provider cloud.Provider, attempt int32) (reconcile.Result, error) {
	image := l.edge.Spec.ImageID
	if defaults := l.location.Spec.NodeDefaults; image == "" && defaults != nil {
		image = defaults.ImageID
	}
	if image == "" {
		var err error
		if image, err = provider.DefaultImage(ctx, l.kind()); err != nil {
			return l.refused(ctx, err)
		}
	}
	now := metav1.NewTime(l.Clock.Now())
	l.edge.Status.Launch = &v1beta1.EdgeLaunch{
		Attempt: attempt, ClientToken: clientToken(l.edge, attempt), Zone: l.zone(), ImageID: image, StartTime: &now,
	}
	if l.edge.Status.HourlyPrice == "" {
		l.edge.Status.HourlyPrice = l.price()
	}
	l.edge.Status.Phase = v1beta1.EdgeLaunching
	return reconcile.Result{RequeueAfter: atOnce}, nil
}

// kind of the machine; what the catalog does not know is taken for an amd64 machine
// without GPUs.
func (l *life) kind() cloud.MachineKind {
	if machine := l.machine(); machine != nil {
		return cloud.MachineKind{Architecture: machine.Architecture, GPU: machine.GPUs > 0}
	}
	return cloud.MachineKind{Architecture: string(v1beta1.ArchitectureAMD64)}
}

// clientToken is the UUIDv5 of the attempt in the namespace of the Edge's UID.
func clientToken(edge *v1beta1.Edge, attempt int32) string {
	space, err := uuid.Parse(string(edge.UID))
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(edge.UID))
	}
	return uuid.NewSHA1(space, []byte(strconv.Itoa(int(attempt)))).String()
}

func (l *life) zone() string {
	if l.edge.Spec.Zone != "" {
		return l.edge.Spec.Zone
	}
	zones := l.location.UsableZones()
	if len(zones) == 0 {
		return ""
	}
	return zones[0]
}

// price of an Edge that was made by hand; the solver's own carry theirs.
func (l *life) price() string {
	region := catalog.RegionOf(&l.location.Spec)
	if offering := l.Catalog.Find(region, l.edge.Spec.InstanceType, l.zone(), string(l.edge.Spec.CapacityType)); offering != nil {
		return catalog.FormatPrice(offering.HourlyPrice)
	}
	return ""
}

// launch asks the cloud for the machine of the intent, or finds the one that was
// asked for before a crash.
func (l *life) launch(ctx context.Context, provider cloud.Provider) (reconcile.Result, error) {
	instance, err := provider.FindByEdge(ctx, string(l.edge.UID))
	if err != nil {
		return l.refused(ctx, err)
	}
	if instance == nil {
		if wanted, err := l.stillWanted(ctx); err != nil || !wanted {
			return reconcile.Result{}, err
		}
		request, err := l.launchRequest(ctx)
		if err != nil {
			return l.refused(ctx, err)
		}
		if instance, err = provider.Launch(ctx, request); err != nil {
			return l.refused(ctx, err)
		}
	}
	l.edge.Status.InstanceID = instance.ID
	l.edge.Status.NodeName = l.nodeName()
	l.edge.Status.ProviderID = edgenode.ProviderID(l.edge, l.location)
	l.edge.Status.Phase = v1beta1.EdgeLaunched
	l.set(v1beta1.ConditionLaunched, metav1.ConditionTrue, "Launched", "the cloud has given "+instance.ID)
	l.event(corev1.EventTypeNormal, "Launched", "Launch", "%s in %s is %s", l.edge.Spec.InstanceType, l.edge.Status.Launch.Zone, instance.ID)
	return reconcile.Result{RequeueAfter: progressInterval}, nil
}

// stillWanted asks the server, past the cache, whether the edge is to be launched
// by this very intent: nothing may be launched for an edge that is being deleted,
// and the cache shows that only after a while.
func (l *life) stillWanted(ctx context.Context) (bool, error) {
	now := &v1beta1.Edge{}
	err := l.Direct.Get(ctx, client.ObjectKeyFromObject(l.edge), now)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("read the edge: %w", err)
	}
	return err == nil && now.UID == l.edge.UID && now.DeletionTimestamp.IsZero() &&
		now.Status.Launch != nil && now.Status.Launch.ClientToken == l.edge.Status.Launch.ClientToken, nil
}

func (l *life) launchRequest(ctx context.Context) (cloud.LaunchRequest, error) {
	cluster, err := l.Connect.EdgeCluster(ctx, l.location)
	if err != nil {
		return cloud.LaunchRequest{}, err
	}
	token, err := cluster.EnsureBootstrapToken(ctx, string(l.edge.UID), l.Clock.Now())
	if err != nil {
		return cloud.LaunchRequest{}, err
	}
	launch := l.edge.Status.Launch
	placed := l.edge.DeepCopy()
	placed.Spec.Zone = launch.Zone
	machine := edgecluster.Machine{
		Provider: l.location.Spec.Provider, GPU: l.kind().GPU,
		NodeName: l.nodeName(), ProviderID: edgenode.ProviderID(l.edge, l.location), Labels: edgenode.KubeletLabels(placed, l.location, l.machine()),
		Server: cluster.Server, CA: cluster.CA, BootstrapToken: token.Value, Version: l.location.Status.EdgeClusterVersion,
	}
	defaults := l.location.Spec.NodeDefaults
	if defaults != nil {
		machine.UserData = defaults.UserData
	}
	userData, err := edgecluster.UserData(machine)
	if err != nil {
		return cloud.LaunchRequest{}, err
	}
	request := cloud.LaunchRequest{
		ClientToken: launch.ClientToken, EdgeUID: string(l.edge.UID), Name: l.nodeName(),
		InstanceType: l.edge.Spec.InstanceType, Zone: launch.Zone, Image: launch.ImageID,
		CapacityType: string(l.edge.Spec.CapacityType), DiskGiB: defaultDiskGiB, UserData: userData,
	}
	if defaults != nil {
		request.Tags = maps.Clone(defaults.Tags)
		request.DiskGiB = cmp.Or(defaults.DiskGiB, defaultDiskGiB)
	}
	return request, nil
}

// settleTime is how long a cloud may take to show in a list what it has launched.
// EC2 documents eventual consistency without a bound; two minutes is far above what
// is seen.
const settleTime = 2 * time.Minute

// defaultDiskGiB is the default of spec.nodeDefaults.diskGiB.
const defaultDiskGiB = 30

// refused handles what the cloud, or the way to it, answered instead of a machine.
func (l *life) refused(ctx context.Context, err error) (reconcile.Result, error) {
	class := cloud.ClassOf(err)
	l.set(v1beta1.ConditionLaunched, metav1.ConditionFalse, string(class), err.Error())
	switch class {
	case cloud.ClassTransient, cloud.ClassThrottle:
		l.set(v1beta1.ConditionLaunched, metav1.ConditionUnknown, string(class), err.Error())
		return reconcile.Result{}, err
	case cloud.ClassIdempotency:
		// The token is spent. Either its machine is not visible yet, or it is
		// dead: only time tells, and a second machine would be the worse error.
		if l.Clock.Since(l.edge.Status.Launch.StartTime.Time) < settleTime {
			return reconcile.Result{RequeueAfter: progressInterval}, nil
		}
		provider, providerErr := l.Connect.Provider(ctx, l.location)
		if providerErr != nil {
			return reconcile.Result{}, providerErr
		}
		return l.intend(ctx, provider, l.edge.Status.Launch.Attempt+1)
	case cloud.ClassCapacity, cloud.ClassQuota:
		l.event(corev1.EventTypeWarning, string(class), "Launch", "%v", err)
		if l.edge.Spec.NodeTemplateName != "" && l.edge.Status.Launch != nil {
			l.giveUp(class)
			return reconcile.Result{}, nil
		}
	default:
		l.event(corev1.EventTypeWarning, string(class), "Launch", "%v", err)
	}
	return reconcile.Result{RequeueAfter: checkInterval}, nil
}

// giveUp lets go of an Edge the cloud has no machine for, or whose machine is of
// no use, so that the next decision takes another offering.
func (l *life) giveUp(class cloud.ErrorClass) {
	offering := unavailable.Offering{
		Location: l.location.Namespace + "/" + l.location.Name, CapacityType: string(l.edge.Spec.CapacityType),
		InstanceType: l.edge.Spec.InstanceType, Zone: l.edge.Status.Launch.Zone,
	}
	if machine := l.machine(); machine != nil {
		offering.Family, offering.GPUName = machine.Family, machine.GPUName
	}
	if class == cloud.ClassQuota {
		l.Unavailable.QuotaReached(offering)
	} else {
		l.Unavailable.NoCapacity(offering)
	}
	l.over = true
}
