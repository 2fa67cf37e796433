// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package health waits for a process to say that it is ready.
package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	interval = 50 * time.Millisecond
	// bound is generous: a control plane that takes 3 s on an idle machine has
	// been seen to take 30 s beside a cold build.
	bound = 2 * time.Minute
)

// Probe asks one health endpoint.
type Probe struct {
	// URL answers 200 once the process is ready.
	URL string
	// CA is what an https URL is verified against, PEM.
	CA []byte
	// Alive is asked while waiting: a process that has ended never gets ready.
	Alive func() error
}

// Wait returns when the endpoint answers 200, or with what it last said.
func (p Probe) Wait(ctx context.Context) error {
	client := &http.Client{Timeout: 5 * time.Second}
	if p.CA != nil {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(p.CA)
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	}
	defer client.CloseIdleConnections()
	var last error
	err := wait.PollUntilContextTimeout(ctx, interval, bound, true, func(ctx context.Context) (bool, error) {
		if p.Alive != nil {
			if err := p.Alive(); err != nil {
				return false, err
			}
		}
		last = p.ask(ctx, client)
		return last == nil, nil
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return fmt.Errorf("%s is not ready after %s: %w", p.URL, bound, last)
	}
	return err
}

func (p Probe) ask(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 2048))
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, body)
	}
	return err
}
