// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package console asks omni-controller, which holds the credentials of the clouds
// and of the edge clusters, for the consoles of machines and for what joins them, as
// kube-apiserver asks a kubelet for logs.
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
	"strings"
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
	return c.do(ctx, http.MethodGet, header, path...)
}

func (c *Client) do(ctx context.Context, method string, header http.Header, path ...string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.controller.JoinPath(path...).String(), nil)
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
	body, err := c.ask(ctx, http.MethodGet, v1beta1.ConsoleOutputPath, namespace, name)
	return string(body), err
}

// JoinCommand mints a bootstrap token for the machine of an edge, and returns the
// script with it. Errors are as those of Output.
func (c *Client) JoinCommand(ctx context.Context, namespace, name string) (v1beta1.JoinCommandStatus, error) {
	var status v1beta1.JoinCommandStatus
	body, err := c.ask(ctx, http.MethodPost, v1beta1.JoinCommandPath, namespace, name)
	if err != nil {
		return status, err
	}
	if err := json.Unmarshal(body, &status); err != nil {
		// What could not be read may hold the token.
		return status, apierrors.NewServiceUnavailable("the answer of omni-controller is no join command: update it together with omni-apiserver")
	}
	return status, nil
}

func (c *Client) ask(ctx context.Context, method, path, namespace, name string) ([]byte, error) {
	answer, err := c.do(ctx, method, nil, path, namespace, name)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, v1beta1.MaxConsoleOutputBytes))
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(fmt.Sprintf("the answer of omni-controller broke off: %v", err))
	}
	if answer.StatusCode == http.StatusOK {
		return body, nil
	}
	return nil, failure(answer.StatusCode, body, fmt.Sprintf("%s on the nonResourceURL %s*", strings.ToLower(method), path))
}

// failure is what omni-controller says about the edge. What it says about us, such
// as 403, is not the caller's doing but for want of a right.
func failure(code int, body []byte, right string) error {
	switch code {
	case http.StatusNotFound, http.StatusConflict, http.StatusServiceUnavailable:
		var status metav1.Status
		if err := json.Unmarshal(body, &status); err == nil && status.Status == metav1.StatusFailure && int(status.Code) == code {
			return &apierrors.StatusError{ErrStatus: status}
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		return apierrors.NewServiceUnavailable(fmt.Sprintf(
			"omni-controller lets omni-apiserver in no further (%d): bind its ServiceAccount to a role with %s", code, right))
	}
	return apierrors.NewServiceUnavailable(fmt.Sprintf("omni-controller answers with %d: look into its log", code))
}
