// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package offerings keeps the catalog of omni-apiserver as fresh as that of
// omni-controller, which holds the credentials of the clouds.
package offerings

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"

	"github.com/castai/omni/pkg/catalog"
)

const (
	// interval between two questions; most are answered by 304.
	interval = time.Minute
	// jitter keeps replicas apart.
	jitter = 0.1
	// maxReportBytes bounds a report. A region of AWS is less than 1 MiB.
	maxReportBytes = 256 << 20
)

// Controller asks omni-controller, as console.Client does.
type Controller interface {
	Get(ctx context.Context, header http.Header, path ...string) (*http.Response, error)
}

// Follower makes a catalog like that of omni-controller.
type Follower struct {
	Controller Controller
	Catalog    *catalog.Catalog

	etag   string
	failed string
}

// Run follows until the context ends. While omni-controller does not answer, the
// catalog stays as it is.
func (f *Follower) Run(ctx context.Context) {
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		if err := f.Follow(ctx); err == nil {
			f.failed = ""
		} else if ctx.Err() == nil && err.Error() != f.failed {
			f.failed = err.Error()
			klog.FromContext(ctx).Error(err, "The catalog is not refreshed; prices get older")
		}
	}, interval, jitter, true)
}

// Follow asks once.
func (f *Follower) Follow(ctx context.Context) error {
	header := http.Header{}
	if f.etag != "" {
		header.Set("If-None-Match", f.etag)
	}
	answer, err := f.Controller.Get(ctx, header, catalog.ReportPath)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusNotModified:
		return nil
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("omni-controller lets omni-apiserver in no further (%d): bind its ServiceAccount to a role with get on the nonResourceURL %s", answer.StatusCode, catalog.ReportPath)
	default:
		return fmt.Errorf("omni-controller answers %s with %d: look into its log", catalog.ReportPath, answer.StatusCode)
	}
	var report catalog.Report
	body := &io.LimitedReader{R: answer.Body, N: maxReportBytes}
	if err := json.NewDecoder(body).Decode(&report); err != nil {
		return fmt.Errorf("the report of omni-controller: %w", err)
	}
	f.Catalog.Adopt(report)
	f.etag = answer.Header.Get("ETag")
	return nil
}
