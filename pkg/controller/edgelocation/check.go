// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgelocation

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/catalog"
	"github.com/castai/omni/pkg/cloud"
	"github.com/castai/omni/pkg/controller/connection"
	"github.com/castai/omni/pkg/edgecluster"
	"github.com/castai/omni/pkg/peering"
)

// finding is what one check found. Unknown means that nobody could be asked, or
// that it is not finished: it is never taken for a failure.
type finding struct {
	status          metav1.ConditionStatus
	reason, message string
}

var (
	good = func(reason, message string) finding { return finding{metav1.ConditionTrue, reason, message} }
	bad  = func(reason string, err error) finding { return finding{metav1.ConditionFalse, reason, err.Error()} }
	open = func(reason, message string) finding { return finding{metav1.ConditionUnknown, reason, message} }
)

// check looks at everything a location depends on, in the order in which one
// needs the other, and writes a condition for each.
func (r *Reconciler) check(ctx context.Context, location *v1beta1.EdgeLocation) reconcile.Result {
	set := func(condition string, f finding) bool {
		meta.SetStatusCondition(&location.Status.Conditions, metav1.Condition{
			Type: condition, Status: f.status, Reason: f.reason, Message: f.message, ObservedGeneration: location.Generation,
		})
		return f.status == metav1.ConditionTrue
	}
	set(v1beta1.ConditionInUse, inUse(location))

	onboarded := meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionOnboarded)
	switch {
	case location.IsCustom():
		onboarded = set(v1beta1.ConditionOnboarded, good("NothingToDo", "a Custom location has nothing to on-board"))
	case !onboarded && location.HasNetwork():
		onboarded = set(v1beta1.ConditionOnboarded, good("NetworkGiven", "the network was set by hand"))
	}
	if !onboarded {
		set(v1beta1.ConditionOnboarded, finding{metav1.ConditionFalse, "ScriptNotRun", "run the onboarding script: kubectl get --raw …/onboard-script | bash"})
		set(v1beta1.ConditionReady, finding{metav1.ConditionFalse, "ScriptNotRun", "the onboarding script has not run"})
		return reconcile.Result{}
	}
	if !location.IsCustom() {
		set(v1beta1.ConditionCredentialsValid, r.checkCredentials(ctx, location))
		set(v1beta1.ConditionCatalogFresh, r.checkCatalog(location))
	}
	cluster, controlPlane := r.checkControlPlane(ctx, location)
	set(v1beta1.ConditionControlPlaneReady, controlPlane)
	peered := open("WaitingForControlPlane", "the edge cluster has to answer first")
	if cluster != nil {
		peered = r.checkPeering(ctx, location, cluster)
	}
	set(v1beta1.ConditionPeered, peered)

	summary := ready(location)
	if err := r.Connect.Hold(ctx, location); err != nil {
		summary = open("SecretsNotHeld", err.Error())
	}
	switch {
	case set(v1beta1.ConditionReady, summary):
		return reconcile.Result{RequeueAfter: checkInterval}
	case peered.reason == reasonInProgress:
		return reconcile.Result{RequeueAfter: progressInterval}
	default:
		return reconcile.Result{RequeueAfter: retryInterval}
	}
}

const reasonInProgress = "InProgress"

// inUse says whether machines may come: because a template may buy them, or
// because somebody joins them.
func inUse(location *v1beta1.EdgeLocation) finding {
	switch {
	case location.IsCustom() && location.Status.Edges > 0:
		return good("Machines", "machines have joined, or are about to")
	case location.IsCustom():
		return finding{metav1.ConditionFalse, "NoMachine", "no machine has joined: kubectl omni join " + location.Name + " -n " + location.Namespace}
	case len(location.Status.NodeTemplates) > 0:
		return good("NodeTemplates", "a node template allows this location")
	}
	return finding{metav1.ConditionFalse, "NoNodeTemplate", "no node template of the namespace allows this location: name it in spec.edgeLocations"}
}

// needs are the conditions without which a location is of no use, in the order in
// which one needs the other.
func needs(location *v1beta1.EdgeLocation) []string {
	needs := []string{v1beta1.ConditionCredentialsValid, v1beta1.ConditionControlPlaneReady, v1beta1.ConditionPeered}
	if location.IsCustom() {
		return needs[1:]
	}
	return needs
}

// ready sums up: the first condition that is not True says why not.
func ready(location *v1beta1.EdgeLocation) finding {
	for _, name := range needs(location) {
		if c := meta.FindStatusCondition(location.Status.Conditions, name); c.Status != metav1.ConditionTrue {
			return finding{c.Status, c.Reason, name + ": " + c.Message}
		}
	}
	if location.IsCustom() {
		return good("Ready", "machines can join here: kubectl omni join "+location.Name+" -n "+location.Namespace)
	}
	return good("Ready", "machines can be bought here")
}

func (r *Reconciler) checkCredentials(ctx context.Context, location *v1beta1.EdgeLocation) finding {
	provider, err := r.Connect.Provider(ctx, location)
	if err == nil {
		err = provider.CheckCredentials(ctx)
	}
	var secret *connection.SecretError
	switch class := cloud.ClassOf(err); {
	case err == nil:
		return good("Accepted", "the cloud accepts the credentials")
	case errors.As(err, &secret):
		return bad("SecretUnusable", err)
	case class == cloud.ClassTransient, class == cloud.ClassThrottle:
		return open(string(class), err.Error())
	default:
		return bad(string(class), err)
	}
}

// checkCatalog says how well the catalog of this process knows the region. Who asks
// the cloud is the controller of the catalog.
func (r *Reconciler) checkCatalog(location *v1beta1.EdgeLocation) finding {
	known := r.Catalog.Freshness(catalog.RegionOf(&location.Spec))
	if known.Fresh {
		return good(known.Reason, known.Message)
	}
	return finding{metav1.ConditionFalse, known.Reason, known.Message}
}

func (r *Reconciler) checkControlPlane(ctx context.Context, location *v1beta1.EdgeLocation) (*edgecluster.Cluster, finding) {
	cluster, err := r.Connect.EdgeCluster(ctx, location)
	var facts edgecluster.Facts
	if err == nil {
		facts, err = cluster.Probe(ctx)
	}
	var secret *connection.SecretError
	var missing *edgecluster.NotInstalledError
	switch {
	case errors.As(err, &secret):
		return nil, bad("SecretUnusable", err)
	case errors.As(err, &missing):
		return nil, bad("LiqoNotInstalled", err)
	case err != nil:
		return nil, open("Unreachable", err.Error())
	}
	location.Status.EdgeClusterVersion = facts.Version
	return cluster, good("Answers", "the edge cluster answers and Liqo is installed")
}

func (r *Reconciler) checkPeering(ctx context.Context, location *v1beta1.EdgeLocation, cluster *edgecluster.Cluster) finding {
	progress, err := r.ensurePeering(ctx, location, cluster)
	var taken *peering.TakenError
	var secret *connection.SecretError
	switch {
	case errors.As(err, &taken):
		return bad("EdgeClusterTaken", err)
	case errors.As(err, &secret):
		return bad("SecretUnusable", err)
	case err != nil:
		return open("Unreachable", err.Error())
	case !progress.Done:
		return open(reasonInProgress, progress.Waiting)
	}
	return good("Peered", "the main and the edge cluster have exchanged identities")
}

// ensurePeering notes with whom the location peers before it makes anything: who
// deletes the location a moment later has to know what there is to remove.
func (r *Reconciler) ensurePeering(ctx context.Context, location *v1beta1.EdgeLocation, cluster *edgecluster.Cluster) (peering.Progress, error) {
	p, err := r.Connect.Peering(ctx, location, cluster)
	if err != nil {
		return peering.Progress{}, err
	}
	if location.Status.EdgeClusterID != "" {
		return p.Ensure(ctx)
	}
	if err := p.CheckOwner(ctx); err != nil {
		return peering.Progress{}, err
	}
	location.Status.EdgeClusterID = p.EdgeID
	return peering.Progress{Waiting: "about to begin"}, nil
}

// phase sums the conditions up in one word.
func phase(location *v1beta1.EdgeLocation) v1beta1.EdgeLocationPhase {
	if !location.DeletionTimestamp.IsZero() {
		return v1beta1.EdgeLocationOffboarding
	}
	if !meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionOnboarded) {
		return v1beta1.EdgeLocationPending
	}
	for _, name := range needs(location) {
		if meta.IsStatusConditionFalse(location.Status.Conditions, name) {
			return v1beta1.EdgeLocationFailed
		}
	}
	switch {
	case location.IsCustom() && location.Status.EdgeClusterVersion == "":
		return v1beta1.EdgeLocationPending // its edge cluster has never answered
	case meta.IsStatusConditionTrue(location.Status.Conditions, v1beta1.ConditionInUse):
		return v1beta1.EdgeLocationInUse
	}
	return v1beta1.EdgeLocationIncompleteSetup
}
