// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apis/omni/validation"
)

// CauseAlreadyRegistered in the details of a 403 says that the token was used
// before with the very same values: a script that is run twice has nothing to do.
const CauseAlreadyRegistered metav1.CauseType = "AlreadyRegistered"

const remedy = "mint a new token by creating edgelocations/onboard-script"

// OnboardingREST serves edgelocations/onboarding: what the onboarding script
// posts when it has finished. Anybody may call it; the registration token, or
// the permission to mint one, is what lets a caller in.
type OnboardingREST struct {
	// store has the rules of the onboarding endpoint.
	store  *genericregistry.Store
	config OnboardConfig
}

var _ rest.NamedCreater = &OnboardingREST{}

// New returns an empty Onboarding.
func (*OnboardingREST) New() runtime.Object { return &omni.Onboarding{} }

// Destroy does nothing: the store belongs to REST.
func (*OnboardingREST) Destroy() {}

// Create records what the script made, and spends the token in the same write.
// The answer has no token in it.
func (r *OnboardingREST) Create(ctx context.Context, name string, obj runtime.Object, validate rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	request := obj.(*omni.Onboarding).DeepCopy()
	token := request.Spec.Token
	request.Spec.Token = ""
	if token == "" {
		if err := r.authorize(ctx, name); err != nil {
			return nil, err
		}
	}
	if err := validate(ctx, request.DeepCopy()); err != nil {
		return nil, err
	}
	record := func(_ context.Context, updated, _ runtime.Object) (runtime.Object, error) {
		location := updated.(*omni.EdgeLocation)
		if token != "" {
			if err := r.checkToken(token, location, request); err != nil {
				return nil, err
			}
		}
		if location.DeletionTimestamp != nil {
			return nil, beingDeleted(name)
		}
		if err := registers(request, location.Spec.Provider); err != nil {
			return nil, apierrors.NewInvalid(omni.Kind("Onboarding"), name, field.ErrorList{err})
		}
		r.record(location, request, token != "")
		return location, nil
	}
	object, err := update(ctx, r.store, name, record, options)
	if token != "" && apierrors.IsNotFound(err) {
		// A stranger does not learn from this endpoint which locations exist.
		return nil, forbidden(name, "the registration token is not valid for this edge location: "+remedy)
	}
	if err != nil {
		return nil, err
	}
	request.ObjectMeta = metav1.ObjectMeta{Name: name, Namespace: object.(*omni.EdgeLocation).Namespace}
	return request, nil
}

// registers says what is missing of a registration for a cloud. What is for another
// one is refused with the location it makes.
func registers(request *omni.Onboarding, provider omni.CloudProvider) *field.Error {
	path := field.NewPath("spec")
	switch {
	case provider == omni.ProviderAWS && request.Spec.AWS == nil:
		return field.Required(path.Child("aws"), "the location is in AWS")
	case provider == omni.ProviderGCP && request.Spec.GCP == nil:
		return field.Required(path.Child("gcp"), "the location is in GCP")
	case provider == omni.ProviderOCI && request.Spec.OCI == nil:
		return field.Required(path.Child("oci"), "the location is in OCI")
	}
	return nil
}

// put writes what is registered into the location.
func put(location *omni.EdgeLocation, request *omni.Onboarding) {
	network := request.Spec.DeepCopy()
	location.Spec.AWS, location.Spec.GCP, location.Spec.OCI = network.AWS, network.GCP, network.OCI
}

// isRegistered says whether the location has the values of the request already.
func isRegistered(location *omni.EdgeLocation, request *omni.Onboarding) bool {
	wanted := location.DeepCopy()
	put(wanted, request)
	return apiequality.Semantic.DeepEqual(wanted.Spec, location.Spec)
}

// authorize lets those in who could mint a token for this location.
func (r *OnboardingREST) authorize(ctx context.Context, name string) error {
	caller, ok := genericapirequest.UserFrom(ctx)
	if !ok {
		return apierrors.NewInternalError(errors.New("the request has no user"))
	}
	decision, reason, err := r.config.Authorizer.Authorize(ctx, authorizer.AttributesRecord{
		User:            caller,
		Verb:            "create",
		APIGroup:        v1beta1.GroupName,
		APIVersion:      v1beta1.SchemeGroupVersion.Version,
		Resource:        "edgelocations",
		Subresource:     "onboard-script",
		Namespace:       genericapirequest.NamespaceValue(ctx),
		Name:            name,
		ResourceRequest: true,
	})
	if err != nil {
		return apierrors.NewInternalError(fmt.Errorf("ask whether %q may create edgelocations/onboard-script: %w", caller.GetName(), err))
	}
	if decision != authorizer.DecisionAllow {
		message := "spec.token is empty and the caller may not create edgelocations/onboard-script of this location: " +
			"set spec.token, or be bound to the role omni-onboarder"
		if reason != "" {
			message += " (" + reason + ")"
		}
		return forbidden(name, message)
	}
	return nil
}

func (r *OnboardingREST) checkToken(token string, location *omni.EdgeLocation, request *omni.Onboarding) error {
	registration := location.Status.Registration
	switch {
	case !tokenMatches(token, registration):
		return forbidden(location.Name, "the registration token is not valid for this edge location: "+remedy)
	case registration.UsedTime != nil && isRegistered(location, request):
		err := forbidden(location.Name, "the registration token is used: the location is already registered with the same values")
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{
			Type: CauseAlreadyRegistered, Field: "spec.token", Message: "nothing is left to do",
		}}
		return err
	case registration.UsedTime != nil:
		return forbidden(location.Name, "the registration token is used: "+remedy)
	}
	left := registration.ExpirationTime.Sub(r.config.Clock.Now())
	switch {
	case left <= 0:
		return apierrors.NewUnauthorized("the registration token is expired: " + remedy)
	case left > validation.MaxTokenSeconds*time.Second:
		// Minted by a server whose clock is ahead: it would live too long.
		return apierrors.NewUnauthorized("the registration token expires later than any may: the clocks of the servers differ, set them right, then " + remedy)
	}
	return nil
}

// record writes the same values twice without a change.
func (r *OnboardingREST) record(location *omni.EdgeLocation, request *omni.Onboarding, spendToken bool) {
	now := metav1.NewTime(r.config.Clock.Now())
	put(location, request)
	if spendToken {
		location.Status.Registration.UsedTime = &now
	}
	meta.SetStatusCondition(&location.Status.Conditions, metav1.Condition{
		Type:               omni.ConditionOnboarded,
		Status:             metav1.ConditionTrue,
		Reason:             "Registered",
		Message:            "The onboarding has registered the location.",
		LastTransitionTime: now,
	})
}

func forbidden(name, message string) *apierrors.StatusError {
	return apierrors.NewForbidden(omni.Resource("edgelocations/onboarding"), name, errors.New(message))
}

func beingDeleted(name string) error {
	return apierrors.NewConflict(omni.Resource("edgelocations"), name,
		errors.New("the location is being deleted: on-board a new one under another name"))
}
