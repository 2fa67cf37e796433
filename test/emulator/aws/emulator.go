// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package aws is a strict front of moto (https://github.com/getmoto/moto), the
// third-party AWS emulator of the lab. moto answers for the cloud's state; this
// proxy refuses what AWS refuses and moto does not: unsigned requests, unknown
// or malformed parameters, a reused client token, what the policies of a role do
// not allow. It also injects the faults a
// cloud has (no capacity, throttling, lost answers), pages what AWS pages, and has
// prices: see market.
package aws

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/fault"
)

// maxBodyBytes bounds a request; the largest real one is RunInstances with 16 KiB
// of user data.
const maxBodyBytes = 1 << 20

// Emulator is the HTTP handler of the emulated cloud.
type Emulator struct {
	model    *Model
	upstream upstream
	proxy    *httputil.ReverseProxy
	clock    clock.Clock
	faults   fault.Rules
	tokens   clientTokens
	access   access
	market   *market
	pager    pager
	notices  notices
	admin    *http.ServeMux
}

// New returns an Emulator in front of the moto server at upstream. The model
// validates the EC2 requests.
func New(upstreamURL *url.URL, model *Model, clk clock.Clock) (*Emulator, error) {
	market, err := newMarket()
	if err != nil {
		return nil, err
	}
	e := &Emulator{
		model:    model,
		upstream: upstream{url: upstreamURL, client: &http.Client{Timeout: time.Minute}},
		clock:    clk,
		tokens:   clientTokens{calls: map[string]*call{}},
		access:   access{roles: map[string]string{}},
		market:   market,
		pager:    pager{kept: map[string][]item{}},
		notices:  notices{times: map[string]time.Time{}},
		admin:    http.NewServeMux(),
		proxy: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstreamURL) },
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				http.Error(w, "moto does not answer: "+err.Error(), http.StatusBadGateway)
			},
		},
	}
	e.admin.HandleFunc("GET /_emulator/healthz", e.healthz)
	e.admin.Handle("/_emulator/faults", &e.faults)
	e.admin.Handle("/_emulator/prices", &e.market.set)
	e.admin.HandleFunc("POST /_emulator/preempt/{region}/{instance}", e.preempt)
	e.admin.HandleFunc("GET /_emulator/preempt/{region}/{instance}", e.notice)
	return e, nil
}

// ServeHTTP answers a request as AWS would.
func (e *Emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := e.admin.Handler(r); pattern != "" {
		e.admin.ServeHTTP(w, r)
		return
	}
	req, err := readRequest(w, r)
	if err == nil {
		err = e.check(r.Context(), req)
	}
	var rule *fault.Rule
	if err == nil {
		rule = e.takeFault(r.Context(), req)
		err = e.suffer(r.Context(), rule)
	}
	if err != nil {
		writeError(w, req, err)
		return
	}
	answer, err := e.answer(r, req)
	if err == nil && rule != nil && rule.After {
		err = faultError(rule)
	}
	if err != nil {
		writeError(w, req, err)
		return
	}
	answer.writeTo(w)
}

// check refuses what AWS refuses before it looks at its state.
func (e *Emulator) check(ctx context.Context, req *request) *Error {
	if req.service == serviceSTS && req.action == "AssumeRoleWithWebIdentity" {
		return e.checkWebIdentity(ctx, req)
	}
	if err := req.checkSigned(); err != nil {
		return err
	}
	if req.service == serviceEC2 {
		if err := e.model.Validate(req.action, req.params); err != nil {
			return err
		}
		if err := checkUserData(req); err != nil {
			return err
		}
	}
	return e.checkAccess(ctx, req)
}

// answer is what the cloud says; nothing is locked while moto works.
func (e *Emulator) answer(r *http.Request, req *request) (*response, *Error) {
	if name, ok := imageParameter(req); ok {
		return e.publicImage(r.Context(), req, name)
	}
	if answer, err, ok := e.own(r, req); ok {
		return answer, cmp.Or(err, e.delay(r.Context(), latency))
	}
	if req.service == serviceSTS && req.action == "AssumeRoleWithWebIdentity" {
		answer := e.forward(r.Context(), r, req)
		e.access.remember(req, answer)
		return answer, nil
	}
	token := req.params.Get("ClientToken")
	if req.service != serviceEC2 || token == "" {
		return e.forward(r.Context(), r, req), nil
	}
	key := req.region + "/" + req.action + "/" + token
	return e.tokens.do(r.Context(), key, req.params.Encode(), func() *response {
		// A caller that hangs up does not undo what the cloud has begun.
		return e.forward(context.WithoutCancel(r.Context()), r, req)
	})
}

// delay waits as long as an answer takes.
func (e *Emulator) delay(ctx context.Context, d time.Duration) *Error {
	select {
	case <-e.clock.After(d):
		return nil
	case <-ctx.Done():
		return &Error{"RequestTimeout", "The caller went away."}
	}
}

// latency of what the front answers without moto. The SDK closes the body of a
// request as soon as its answer begins, and net/http drops the connection when it
// is not done with that body yet: an answer that is long and comes within
// microseconds, as no cloud's does, would be lost time and again.
const latency = 5 * time.Millisecond

// own is what the front answers without moto, or once for all of moto's pages.
func (e *Emulator) own(r *http.Request, req *request) (answer *response, err *Error, ok bool) {
	switch {
	case req.service == servicePricing:
		answer, err = e.products(req)
	case req.service == serviceEC2 && req.action == "DescribeSpotPriceHistory":
		answer, err = e.spotHistory(r.Context(), req)
	case req.service == serviceEC2 && defaultPage[req.action] != 0:
		answer, err = e.pager.serve(req, func(query url.Values) *response {
			whole := *req
			whole.params, whole.body = query, []byte(query.Encode())
			return e.forward(r.Context(), r, &whole)
		})
	default:
		return nil, nil, false
	}
	return answer, err, true
}

// forward passes the request to moto and keeps the whole answer.
func (e *Emulator) forward(ctx context.Context, r *http.Request, req *request) *response {
	out := r.Clone(ctx)
	out.Body = io.NopCloser(bytes.NewReader(req.body))
	out.ContentLength = int64(len(req.body))
	res := newResponse()
	e.proxy.ServeHTTP(res, out)
	return res
}

// healthz is 200 when moto answers too.
func (e *Emulator) healthz(w http.ResponseWriter, r *http.Request) {
	if err := e.upstream.healthy(r.Context()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok\n")
}
