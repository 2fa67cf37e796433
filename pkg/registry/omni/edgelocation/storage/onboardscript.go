// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apis/omni/validation"
	"github.com/castai/omni/pkg/onboard"
	"github.com/castai/omni/pkg/registry/endpoint"
	"github.com/castai/omni/pkg/registry/text"
)

// OnboardConfig is what on-boarding needs to know about this server and the
// main cluster.
type OnboardConfig struct {
	// ClusterID names the main cluster on everything the scripts make.
	ClusterID string
	// Issuer is the URL of the main cluster's service account issuer, and
	// Subject the service account in it that the scripts let into the cloud.
	Issuer, Subject string
	// PublicURL is the https URL under which the clouds' shells reach this API.
	PublicURL *url.URL
	// CABundle, in PEM, verifies PublicURL; empty: the system's authorities.
	CABundle []byte

	// Authorizer is asked whether a caller without a token may on-board.
	Authorizer authorizer.UnconditionalAuthorizer
	// Clock and Random make the life and the secret of tokens.
	Clock  clock.PassiveClock
	Random io.Reader
}

// render makes the script of the location; of asked, it takes what a caller can ask
// for, and the token, which may be empty.
func (c *OnboardConfig) render(location *omni.EdgeLocation, asked onboard.Parameters) (string, error) {
	if err := hasScript(location); err != nil {
		return "", err
	}
	if asked.Network != "" && location.Spec.Provider != omni.ProviderGCP {
		return "", apierrors.NewBadRequest(fmt.Sprintf("network: only a location in GCP can be on-boarded in a network of yours, and this one is in %s: leave network and subnetwork out",
			location.Spec.Provider))
	}
	endpoint := c.PublicURL.JoinPath("apis", v1beta1.GroupName, v1beta1.SchemeGroupVersion.Version,
		"namespaces", location.Namespace, "edgelocations", location.Name, "onboarding")
	asked.Place = c.place(location)
	asked.Zones = location.Spec.Zones
	asked.Subject = c.Subject
	asked.OnboardingURL = endpoint.String()
	asked.CABundle = c.CABundle
	asked.GCP = registeredGCP(location)
	return onboard.Render(asked)
}

// registeredGCP is what the scripts know of a location in Google Cloud.
func registeredGCP(location *omni.EdgeLocation) onboard.GCPRegistered {
	if gcp := location.Spec.GCP; gcp != nil {
		return onboard.GCPRegistered{ProjectID: gcp.ProjectID, Network: gcp.Network, ServiceAccount: gcp.ServiceAccount}
	}
	return onboard.GCPRegistered{}
}

// hasScript says why there is nothing to prepare in a Custom location.
func hasScript(location *omni.EdgeLocation) error {
	if location.Spec.Provider != omni.ProviderCustom {
		return nil
	}
	return apierrors.NewBadRequest("a Custom location needs no script: run kubectl omni join " + location.Name + " for each of its machines")
}

func (c *OnboardConfig) place(location *omni.EdgeLocation) onboard.Place {
	return onboard.Place{
		Provider:  v1beta1.CloudProvider(location.Spec.Provider),
		ClusterID: c.ClusterID,
		Namespace: location.Namespace,
		Location:  location.Name,
		Region:    location.Spec.Region,
		Issuer:    c.Issuer,
	}
}

// OnboardScriptREST serves edgelocations/onboard-script. GET returns the script
// and never a secret; create mints a registration token and returns the script
// with it. RBAC tells the two verbs apart.
type OnboardScriptREST struct {
	text.Metadata
	// status is the store with the rules of the status endpoint.
	status *endpoint.StatusREST
	config OnboardConfig
}

var (
	_ rest.GetterWithOptions = &OnboardScriptREST{}
	_ rest.NamedCreater      = &OnboardScriptREST{}
	_ rest.StorageMetadata   = &OnboardScriptREST{}
)

// New returns an empty OnboardScriptRequest.
func (*OnboardScriptREST) New() runtime.Object { return &omni.OnboardScriptRequest{} }

// Destroy does nothing: the store belongs to REST.
func (*OnboardScriptREST) Destroy() {}

// NewGetOptions returns the query parameters.
func (*OnboardScriptREST) NewGetOptions() (runtime.Object, bool, string) {
	return &omni.OnboardScriptOptions{}, false, ""
}

// Get returns the script as a stream.
func (r *OnboardScriptREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	query := options.(*omni.OnboardScriptOptions)
	if errs := validation.ValidateOnboardNetwork(query.VPCCIDR, query.Network, query.Subnetwork, nil); len(errs) > 0 {
		return nil, apierrors.NewBadRequest(errs.ToAggregate().Error())
	}
	object, err := r.status.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	script, err := r.config.render(object.(*omni.EdgeLocation), onboard.Parameters{
		VPCCIDR: query.VPCCIDR, Network: query.Network, Subnetwork: query.Subnetwork,
	})
	if err != nil {
		return nil, err
	}
	return text.Text{MediaType: text.ShellScript, Body: script}, nil
}

// Create mints a token; the token before, if any, is good for nothing from then
// on.
func (r *OnboardScriptREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	request := obj.(*omni.OnboardScriptRequest)
	if errs := validation.ValidateOnboardScriptRequest(request); len(errs) > 0 {
		return nil, apierrors.NewInvalid(omni.Kind("OnboardScriptRequest"), name, errs)
	}
	if err := validate(ctx, request.DeepCopy()); err != nil {
		return nil, err
	}
	token, err := mintToken(r.config.Random)
	if err != nil {
		return nil, err
	}
	// RFC 3339 in the store has whole seconds; the answer says the same.
	now := r.config.Clock.Now().Truncate(time.Second)
	expiration := metav1.NewTime(now.Add(time.Duration(request.Spec.ExpirationSeconds) * time.Second))
	register := func(_ context.Context, updated, _ runtime.Object) (runtime.Object, error) {
		location := updated.(*omni.EdgeLocation)
		if location.DeletionTimestamp != nil {
			return nil, beingDeleted(name)
		}
		if err := hasScript(location); err != nil {
			return nil, err
		}
		if location.Spec.Provider == omni.ProviderOCI && !dryrun.IsDryRun(options.DryRun) {
			return nil, apierrors.NewBadRequest("a location in Oracle Cloud is on-boarded without a token, because its API key is kept in a Secret of this cluster: run kubectl omni onboard " + name)
		}
		location.Status.Registration = &omni.Registration{TokenHash: hashToken(token), ExpirationTime: expiration}
		return location, nil
	}
	object, err := update(ctx, r.status, name, register, options)
	if err != nil {
		return nil, err
	}
	if dryrun.IsDryRun(options.DryRun) {
		// Nothing knows this token: show the script as GET does.
		token, expiration = "", metav1.Time{}
	}
	script, err := r.config.render(object.(*omni.EdgeLocation), onboard.Parameters{
		VPCCIDR: request.Spec.VPCCIDR, Network: request.Spec.Network, Subnetwork: request.Spec.Subnetwork, Token: token,
	})
	if err != nil {
		return nil, err
	}
	return &omni.OnboardScriptRequest{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: object.(*omni.EdgeLocation).Namespace},
		Spec:       request.Spec,
		Status:     omni.OnboardScriptRequestStatus{Script: script, Token: token, ExpirationTime: expiration, ClusterID: r.config.ClusterID},
	}, nil
}

// update changes the stored object as change says, whatever its version is.
func update(ctx context.Context, store rest.Updater, name string, change rest.TransformFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	object, _, err := store.Update(ctx, name, rest.DefaultUpdatedObjectInfo(nil, latest, change),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{DryRun: options.DryRun})
	return object, err
}

// latest starts the change from the object that is stored.
func latest(_ context.Context, _, stored runtime.Object) (runtime.Object, error) {
	return stored.DeepCopyObject(), nil
}
