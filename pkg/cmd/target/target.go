// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package target is the edge location that a command of kubectl omni is about, as the
// main cluster knows it.
package target

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/generated/clientset/versioned"
	"github.com/castai/omni/pkg/generated/clientset/versioned/scheme"
	omniclient "github.com/castai/omni/pkg/generated/clientset/versioned/typed/omni/v1beta1"
)

// resource of the API.
const resource = "edgelocations"

// Target is one EdgeLocation and the person's way to the main cluster.
type Target struct {
	Namespace, Name string
	// Config of the person's kubeconfig, with the flags of the command.
	Config *rest.Config
	// Omni and Secrets are clients for the namespace.
	Omni    omniclient.OmniV1beta1Interface
	Secrets corev1client.SecretInterface
}

// New finds the namespace and the cluster as kubectl does.
func New(getter genericclioptions.RESTClientGetter, name string) (*Target, error) {
	namespace, _, err := getter.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, err
	}
	config, err := getter.ToRESTConfig()
	if err != nil {
		return nil, err
	}
	return For(config, namespace, name)
}

// For is New for a namespace and a cluster that are known.
func For(config *rest.Config, namespace, name string) (*Target, error) {
	omni, err := versioned.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	core, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Target{Namespace: namespace, Name: name, Config: config, Omni: omni.OmniV1beta1(), Secrets: core.Secrets(namespace)}, nil
}

// Get reads the location.
func (t *Target) Get(ctx context.Context) (*v1beta1.EdgeLocation, error) {
	return t.Omni.EdgeLocations(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
}

// OnboardScript returns the script without a token.
func (t *Target) OnboardScript(ctx context.Context, options *v1beta1.OnboardScriptOptions) (string, error) {
	body, err := t.Omni.RESTClient().Get().Namespace(t.Namespace).Resource(resource).Name(t.Name).SubResource("onboard-script").
		VersionedParams(options, scheme.ParameterCodec).Do(ctx).Raw()
	return string(body), err
}

// OffboardScript returns the script.
func (t *Target) OffboardScript(ctx context.Context) (string, error) {
	body, err := t.Omni.RESTClient().Get().Namespace(t.Namespace).Resource(resource).Name(t.Name).SubResource("offboard-script").Do(ctx).Raw()
	return string(body), err
}

// Mint returns the script with a registration token in it, which is a secret.
func (t *Target) Mint(ctx context.Context, spec v1beta1.OnboardScriptRequestSpec) (*v1beta1.OnboardScriptRequestStatus, error) {
	return t.request(ctx, spec, metav1.CreateOptions{})
}

// ClusterID is what the server calls the main cluster in the tags of resources. It
// needs the right to mint a token, and mints none.
func (t *Target) ClusterID(ctx context.Context) (string, error) {
	answer, err := t.request(ctx, v1beta1.OnboardScriptRequestSpec{}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return "", err
	}
	return answer.ClusterID, nil
}

func (t *Target) request(ctx context.Context, spec v1beta1.OnboardScriptRequestSpec, options metav1.CreateOptions) (*v1beta1.OnboardScriptRequestStatus, error) {
	request := &v1beta1.OnboardScriptRequest{Spec: spec}
	err := t.Omni.RESTClient().Post().Namespace(t.Namespace).Resource(resource).Name(t.Name).SubResource("onboard-script").
		VersionedParams(&options, scheme.ParameterCodec).Body(request).Do(ctx).Into(request)
	return &request.Status, err
}

// Register tells the main cluster what was made, with the person's own rights.
func (t *Target) Register(ctx context.Context, spec v1beta1.OnboardingSpec) error {
	return t.Omni.RESTClient().Post().Namespace(t.Namespace).Resource(resource).Name(t.Name).SubResource("onboarding").
		Body(&v1beta1.Onboarding{Spec: spec}).Do(ctx).Error()
}

// UseSecret sets spec.credentials.secretRef.
func (t *Target) UseSecret(ctx context.Context, secret string) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"credentials": map[string]any{"secretRef": map[string]string{"name": secret}}}})
	if err != nil {
		return err
	}
	_, err = t.Omni.EdgeLocations(t.Namespace).Patch(ctx, t.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("set spec.credentials.secretRef.name of the EdgeLocation to %s, or let somebody do it: %w", secret, err)
	}
	return nil
}
