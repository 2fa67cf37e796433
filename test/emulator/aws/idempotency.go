// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"sync"
)

// clientTokens makes calls with a ClientToken idempotent, which moto does not:
// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
type clientTokens struct {
	mu    sync.Mutex
	calls map[string]*call
}

// call is the one call of a token. done is closed when answer is set; a nil answer
// then means the call failed and the token is free again.
type call struct {
	params string
	done   chan struct{}
	answer *response
}

// do runs launch once for a key. The same key and parameters give the same
// answer, at once or when the first call has ended; other parameters are an
// IdempotentParameterMismatch. Only success is remembered.
func (t *clientTokens) do(ctx context.Context, key, params string, launch func() *response) (*response, *Error) {
	for {
		c, first := t.claim(key, params)
		if first {
			return t.run(key, c, launch), nil
		}
		if c.params != params {
			return nil, &Error{"IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."}
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			return nil, &Error{"RequestTimeout", "The caller went away."}
		}
		if c.answer != nil {
			return c.answer, nil
		}
	}
}

// claim returns the call of a key and whether it is the caller's to make.
func (t *clientTokens) claim(key, params string) (c *call, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c, ok := t.calls[key]; ok {
		return c, false
	}
	c = &call{params: params, done: make(chan struct{})}
	t.calls[key] = c
	return c, true
}

func (t *clientTokens) run(key string, c *call, launch func() *response) *response {
	defer close(c.done)
	answer := launch()
	if answer.ok() {
		c.answer = answer
		return answer
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.calls, key)
	return answer
}
