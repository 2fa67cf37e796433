// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/oracle/oci-go-sdk/v65/core"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/castai/omni/pkg/cloud"
)

const (
	// captureTimeout is how long OCI may take to capture a console: seconds,
	// as a rule.
	captureTimeout  = time.Minute
	captureInterval = 500 * time.Millisecond
	// maxConsoleBytes is the most OCI keeps of a console.
	maxConsoleBytes = 1 << 20
)

// ConsoleOutput implements cloud.Provider. OCI captures a console on demand, into a
// resource that has to be deleted again.
func (p *Provider) ConsoleOutput(ctx context.Context, id string) (text string, err error) {
	captured, err := p.compute.CaptureConsoleHistory(ctx, core.CaptureConsoleHistoryRequest{
		CaptureConsoleHistoryDetails: core.CaptureConsoleHistoryDetails{InstanceId: &id},
	})
	if err != nil {
		return "", classify(err)
	}
	defer func() {
		_, deleteErr := p.compute.DeleteConsoleHistory(context.WithoutCancel(ctx), core.DeleteConsoleHistoryRequest{InstanceConsoleHistoryId: captured.Id})
		if deleteErr != nil && err == nil {
			err = classify(deleteErr)
		}
	}()
	if err := p.waitCaptured(ctx, captured.Id); err != nil {
		return "", err
	}
	out, err := p.compute.GetConsoleHistoryContent(ctx, core.GetConsoleHistoryContentRequest{
		InstanceConsoleHistoryId: captured.Id, Length: new(maxConsoleBytes),
	})
	if err != nil {
		return "", classify(err)
	}
	if out.Value == nil {
		return "", nil
	}
	return *out.Value, nil
}

func (p *Provider) waitCaptured(ctx context.Context, id *string) error {
	err := wait.PollUntilContextTimeout(ctx, captureInterval, captureTimeout, true, func(ctx context.Context) (bool, error) {
		out, err := p.compute.GetConsoleHistory(ctx, core.GetConsoleHistoryRequest{InstanceConsoleHistoryId: id})
		if err != nil {
			return false, classify(err)
		}
		if out.LifecycleState == core.ConsoleHistoryLifecycleStateFailed {
			return false, &cloud.Error{Class: cloud.ClassTransient, Err: errors.New("OCI could not capture the console")}
		}
		return out.LifecycleState == core.ConsoleHistoryLifecycleStateSucceeded, nil
	})
	if err != nil {
		return classify(fmt.Errorf("capture the console: %w", err))
	}
	return nil
}
