// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package console asks omni-controller, which holds the credentials of the clouds,
// for the consoles of machines, as kube-apiserver asks a kubelet for logs.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	restclient "k8s.io/client-go/rest"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// timeout of one request is more than omni-controller gives the cloud, and less
// than the 60 s that a request to an API server may take.
const timeout = 45 * time.Second

// Client asks omni-controller.
type Client struct {
	controller *url.URL
	client     *http.Client
}

// New returns a client of omni-controller at the https URL. Its certificate has to
// be of the authorities in caFile, PEM; empty means the system's. The client
// authenticates with the bearer token of main, the configuration of the main
// cluster: omni-controller has the main cluster review it.
func New(controller *url.URL, caFile string, main *restclient.Config) (*Client, error) {
	if main == nil || main.BearerToken == "" && main.BearerTokenFile == "" {
		return nil, errors.New("omni-controller wants a bearer token of the main cluster: give --kubeconfig one of a ServiceAccount, or run in a pod")
	}
	client, err := restclient.HTTPClientFor(&restclient.Config{
		Host:            controller.String(),
		BearerToken:     main.BearerToken,
		BearerTokenFile: main.BearerTokenFile,
		TLSClientConfig: restclient.TLSClientConfig{CAFile: caFile},
		Timeout:         timeout,
	})
	if err != nil {
		return nil, err
	}
	return &Client{controller: controller, client: client}, nil
}

// Get asks omni-controller for a path. An error is the API status 503: it did not
// answer. The caller closes the body of the answer.
func (c *Client) Get(ctx context.Context, header http.Header, path ...string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.controller.JoinPath(path...).String(), nil)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	maps.Copy(request.Header, header)
	answer, err := c.client.Do(request)
	if err != nil {
		// Where omni-controller lives is no business of the caller's.
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("omni-controller does not answer: %v", err))
	}
	return answer, nil
}

// Output returns the console of an edge's machine. Errors are API statuses: those
// omni-controller answers with, or 503 when it cannot be asked.
func (c *Client) Output(ctx context.Context, namespace, name string) (string, error) {
	answer, err := c.Get(ctx, nil, v1beta1.ConsoleOutputPath, namespace, name)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, v1beta1.MaxConsoleOutputBytes))
	if err != nil {
		return "", apierrors.NewServiceUnavailable(fmt.Sprintf("the answer of omni-controller broke off: %v", err))
	}
	if answer.StatusCode == http.StatusOK {
		return string(body), nil
	}
	return "", failure(answer.StatusCode, body)
}

// failure is what omni-controller says about the edge. What it says about us, such
// as 403, is not the caller's doing.
func failure(code int, body []byte) error {
	switch code {
	case http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable:
		var status metav1.Status
		if err := json.Unmarshal(body, &status); err == nil && status.Status == metav1.StatusFailure && int(status.Code) == code {
			return &apierrors.StatusError{ErrStatus: status}
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		return apierrors.NewServiceUnavailable(fmt.Sprintf(
			"omni-controller lets omni-apiserver in no further (%d): bind its ServiceAccount to a role with get on the nonResourceURL %s*", code, v1beta1.ConsoleOutputPath))
	}
	return apierrors.NewServiceUnavailable(fmt.Sprintf("omni-controller answers with %d: look into its log", code))
}
