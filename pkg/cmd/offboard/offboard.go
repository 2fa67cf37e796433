// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package offboard deletes an edge location and then what the onboarding made for it.
package offboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cmd/oracle"
	"github.com/castai/omni/pkg/cmd/shell"
	"github.com/castai/omni/pkg/cmd/target"
)

const long = `Delete an EdgeLocation, and then what its onboarding made in the cloud.

The order is the safe one: edges and their machines, the peering, the EdgeLocation, the
network, and last the identity with which machines can be terminated. Nothing is
deleted in the cloud before it is certain that no machine is left there. What OMNI did
not make is left as it is, and named.

If it breaks off, the error names a script with which it goes on: the EdgeLocation is
gone by then, and the script remembers where it was.`

const example = `  # Delete a location and all that was made for it
  kubectl omni offboard aws-oregon

  # Look at the script and do nothing
  kubectl omni offboard aws-oregon --print`

// Options are what kubectl omni offboard is told.
type Options struct {
	Print, DryRun, Yes bool
	Timeout            time.Duration

	Oracle oracle.Flags
	// ClusterID, Region, VCNID and Secret are of a location in Oracle Cloud that
	// is gone: what the script remembers of it.
	ClusterID, Region, VCNID, Secret string

	Target  *target.Target
	Streams genericiooptions.IOStreams
}

// New returns kubectl omni offboard.
func New(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	o := &Options{Streams: streams}
	cmd := &cobra.Command{
		Use: "offboard NAME", Short: "Delete an edge location and what was made for it in the cloud", Long: long, Example: example,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if o.Target, err = target.New(getter, args[0]); err != nil {
				return err
			}
			return o.Run(ctx)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.Print, "print", false, "print the script and do nothing")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be deleted and do nothing")
	flags.BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	flags.DurationVar(&o.Timeout, "timeout", 10*time.Minute, "how long to wait until the EdgeLocation is gone")
	flags.StringVar(&o.ClusterID, "cluster-id", "", "Oracle Cloud, when the EdgeLocation is gone: ID of the main cluster, from the tags")
	flags.StringVar(&o.Region, "region", "", "Oracle Cloud, when the EdgeLocation is gone: its region")
	flags.StringVar(&o.VCNID, "vcn", "", "Oracle Cloud, when the EdgeLocation is gone: OCID of its VCN")
	flags.StringVar(&o.Secret, "secret", "", "Oracle Cloud, when the EdgeLocation is gone: Secret of its API key")
	o.Oracle.AddFlags(flags)
	cmd.MarkFlagsMutuallyExclusive("print", "dry-run")
	cmd.MarkFlagsRequiredTogether("cluster-id", "region")
	return cmd
}

// Run deletes the location, if it is there, and then what was made for it.
func (o *Options) Run(ctx context.Context) error {
	location, err := o.Target.Get(ctx)
	if apierrors.IsNotFound(err) && o.ClusterID != "" {
		fmt.Fprintf(o.Streams.ErrOut, "The EdgeLocation %s/%s is gone. What was made for it in Oracle Cloud, %s, is deleted.\n\n", o.Target.Namespace, o.Target.Name, o.Region)
		if err := o.confirm(); err != nil {
			return err
		}
		return o.oracle(ctx, nil)
	}
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("%w. If it was deleted by hand, run the off-boarding script that was saved before; "+
			"for Oracle Cloud --cluster-id and --region are enough", err)
	}
	if err != nil {
		return err
	}
	script, err := o.Target.OffboardScript(ctx)
	if err != nil {
		return err
	}
	if o.Print {
		_, err := fmt.Fprint(o.Streams.Out, script)
		return err
	}
	if location.Spec.Provider == v1beta1.ProviderOCI && o.ClusterID == "" {
		// Now: the server tells it for a location that is there.
		if o.ClusterID, err = o.Target.ClusterID(ctx); err != nil {
			return fmt.Errorf("ask for the ID of the main cluster; --cluster-id, as in the script of --print, needs no answer: %w", err)
		}
	}
	fmt.Fprintf(o.Streams.ErrOut, "EdgeLocation %s/%s: %s, %s, %d edges. It is deleted with its edges and their machines. Then:\n\n%s\n\n",
		o.Target.Namespace, o.Target.Name, location.Spec.Provider, location.Spec.Region, location.Status.Edges, shell.Description(script))
	if o.DryRun {
		return nil
	}
	if err := o.confirm(); err != nil {
		return err
	}
	return o.leave(ctx, location, script)
}

// confirm asks for the name: a yes comes too easily.
func (o *Options) confirm() error {
	if o.Yes {
		return nil
	}
	return shell.Confirm(o.Streams, "Type the name of the location to go on:", o.Target.Name)
}

// leave keeps the script until everything is gone: without the location the server
// cannot make it again.
func (o *Options) leave(ctx context.Context, location *v1beta1.EdgeLocation, script string) error {
	saved, err := save(script, o.Target.Name)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Streams.ErrOut, "Deleting the EdgeLocation, waiting until it is gone\n")
	if err := o.Target.Delete(ctx, location); err != nil {
		return errors.Join(err, os.Remove(saved))
	}
	if err := o.waitGone(ctx); err != nil {
		return fmt.Errorf("%w\nNothing was deleted in the cloud. Mend it and run this again or, when the EdgeLocation is gone, with the flags of this command: bash %s", err, saved)
	}
	if location.Spec.Provider == v1beta1.ProviderOCI {
		err = o.oracle(ctx, location)
	} else {
		err = shell.Run(ctx, script, o.Target.Config, o.Streams)
	}
	if err != nil {
		return fmt.Errorf("%w\nNot finished: the EdgeLocation is gone, the cloud is not cleaned up. Mend it and run, with the flags of this command: bash %s", err, saved)
	}
	return os.Remove(saved)
}

func save(script, name string) (string, error) {
	file, err := os.CreateTemp("", "omni-offboard-"+name+"-*.sh")
	if err != nil {
		return "", fmt.Errorf("save the script: %w", err)
	}
	_, err = file.WriteString(script)
	return file.Name(), errors.Join(err, file.Close())
}

func (o *Options) waitGone(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	return o.Target.WaitGone(ctx)
}

// secret with the API key.
func (o *Options) secret(location *v1beta1.EdgeLocation) string {
	if location != nil && location.Spec.Credentials != nil && location.Spec.Credentials.SecretRef != nil {
		return location.Spec.Credentials.SecretRef.Name
	}
	return cmp.Or(o.Secret, oracle.SecretName(o.Target.Name))
}
