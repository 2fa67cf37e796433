// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/castai/omni/hack/lab/internal/build"
)

func buildCommand(find finder) *cobra.Command {
	var components []string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build everything that up runs, and keep it",
		Long: `Build everything that up runs. Kubernetes and Liqo are built once and kept in
$` + build.CacheEnv + `, or omni-lab in the user's cache directory; the checkout's own
programs go to the lab's bin directory.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			selected, err := newSelection(components)
			if err != nil {
				return err
			}
			lab, unlock, err := find.exclusive(cmd.Context())
			if err != nil {
				return err
			}
			defer unlock()
			if err := lab.Prepare(0); err != nil {
				return err
			}
			_, err = buildAll(cmd.Context(), build.Builder{Lab: lab, Print: printer(cmd)}, selected)
			return err
		},
	}
	cmd.Flags().StringSliceVar(&components, "components", all(), "the groups to build for")
	return cmd
}

// programs is where what has been built is.
type programs struct {
	kubernetes, liqo, liqoSource string
}

// buildAll builds one after the other: each build uses all cores by itself.
func buildAll(ctx context.Context, builder build.Builder, selected selection) (programs, error) {
	var p programs
	if err := builder.Self(); err != nil {
		return p, err
	}
	var err error
	if selected.Has(mainAPI) {
		if p.kubernetes, err = builder.Kubernetes(ctx); err != nil {
			return p, err
		}
	}
	if selected.Has(liqo) {
		if p.liqo, err = builder.Liqo(ctx); err != nil {
			return p, err
		}
		if p.liqoSource, err = builder.LiqoSource(ctx); err != nil {
			return p, err
		}
	}
	return p, builder.Checkout(ctx, selected.programs()...)
}
