// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/castai/omni/hack/lab/internal/build"
	"github.com/castai/omni/hack/lab/internal/clouds"
	"github.com/castai/omni/hack/lab/internal/controlplane"
	"github.com/castai/omni/hack/lab/internal/layout"
	liqopkg "github.com/castai/omni/hack/lab/internal/liqo"
	"github.com/castai/omni/hack/lab/internal/product"
	"github.com/castai/omni/hack/lab/internal/progress"
)

func upCommand(find finder) *cobra.Command {
	var (
		components []string
		portBase   int
		fsync      bool
	)
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start what does not run, and wait until it is ready",
		Args:  cobra.NoArgs,
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
			if err := lab.Prepare(portBase); err != nil {
				return err
			}
			lab.Fsync = fsync
			print := printer(cmd)
			built, err := buildAll(cmd.Context(), build.Builder{Lab: lab, Print: print}, selected)
			if err != nil {
				return err
			}
			err = print.Step(cmd.Context(), "the lab is up", func(ctx context.Context) error {
				return up(ctx, lab, built, selected, print)
			})
			if err != nil {
				return err
			}
			print.Printf("\nsource %s   # KUBECONFIG, PATH with kubectl, and where aws, gcloud and oci find the emulators", lab.Path("env"))
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&components, "components", all(), "the groups to run")
	cmd.Flags().IntVar(&portBase, "port-base", 0, "the first port on loopback, of about 60 (default 26000, or that of last time)")
	cmd.Flags().BoolVar(&fsync, "fsync", false, "let the etcd of the clusters wait for the disk, as in production; for benchmarks")
	return cmd
}

// up starts everything, all at once as far as one thing does not need another.
func up(ctx context.Context, lab layout.Lab, built programs, selected selection, print *progress.Printer) error {
	if err := writeEnv(lab, built.kubernetes); err != nil {
		return err
	}
	main, edge := controlplane.NewMain(lab, built.kubernetes, print), controlplane.NewEdge(lab, built.kubernetes, print)
	peering := liqopkg.New(lab, built.liqo, built.liqoSource, print)
	own, err := product.New(lab, main, print)
	if err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	start := func(name string, do func(context.Context) error) {
		if selected.Has(name) {
			group.Go(func() error { return do(groupCtx) })
		}
	}
	start(cloud, func(ctx context.Context) error { return clouds.Start(ctx, lab, print) })
	start(kubernetes, func(ctx context.Context) error {
		return startPlane(ctx, edge, selected, map[string]func(context.Context) error{
			liqo: func(ctx context.Context) error { return peering.StartEdge(ctx, edge) },
		})
	})
	start(mainAPI, func(ctx context.Context) error {
		return startPlane(ctx, main, selected, map[string]func(context.Context) error{
			liqo:    func(ctx context.Context) error { return peering.StartMain(ctx, main) },
			omniAPI: own.StartAPIServer,
		})
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if selected.Has(omni) {
		return own.StartController(ctx)
	}
	return nil
}

// startPlane brings up a cluster's API and then all else selected that lives on it.
func startPlane(ctx context.Context, plane *controlplane.Plane, selected selection, then map[string]func(context.Context) error) error {
	if err := plane.StartAPI(ctx); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	if selected.Has(kubernetes) {
		group.Go(func() error { return plane.StartRest(ctx) })
	}
	for name, do := range then {
		if selected.Has(name) {
			group.Go(func() error { return do(ctx) })
		}
	}
	return group.Wait()
}
