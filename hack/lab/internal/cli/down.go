// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/castai/omni/hack/lab/internal/layout"
)

// grace is what a process has between SIGTERM and SIGKILL. kube-apiserver drains
// for about 3 s.
const grace = 5 * time.Second

func downCommand(find finder) *cobra.Command {
	var keepData bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "End every process of the lab and delete its data",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lab, unlock, err := find.exclusive(cmd.Context())
			if err != nil {
				return err
			}
			defer unlock()
			print := printer(cmd)
			err = print.Step(cmd.Context(), "the lab is down", func(ctx context.Context) error {
				return lab.Table().StopAll(ctx, grace, func(name string) { print.Printf("  ended %s", name) })
			})
			if err != nil || keepData {
				return err
			}
			return deleteData(lab)
		},
	}
	cmd.Flags().BoolVar(&keepData, "keep-data", false, "leave the clusters' data and the logs for the next up")
	return cmd
}

// deleteData removes what up has made, by name: --dir may be a directory that
// holds other things too. The built programs stay.
func deleteData(lab layout.Lab) error {
	var errs []error
	for _, pattern := range []string{
		"run", "log", "pki", "main", "edge", "liqo", "machines", "gcloud", "oci", "omni-apiserver", "omni-controller",
		"lab.json", "env", "*.kubeconfig",
	} {
		paths, err := filepath.Glob(lab.Path(pattern))
		errs = append(errs, err)
		for _, path := range paths {
			errs = append(errs, os.RemoveAll(path))
		}
	}
	return errors.Join(errs...)
}
