// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package onboard prepares a region of a cloud for an edge location and registers it.
package onboard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cmd/oracle"
	"github.com/castai/omni/pkg/cmd/shell"
	"github.com/castai/omni/pkg/cmd/target"
	"github.com/castai/omni/pkg/generated/clientset/versioned/scheme"
)

const long = `Prepare a region of a cloud for an EdgeLocation and register it.

What is made is shown first: a network with a way out and none in, and an identity
that may launch and terminate machines. Everything is found again by its tags, so the
command can be run as often as you like, and goes on where it broke off.

In AWS and Google Cloud the script of the API server is run with bash, aws or gcloud,
and your own sign-in there. In Oracle Cloud the work is done here, with the
configuration of the OCI CLI; the API key goes into a Secret of the main cluster.`

const example = `  # Prepare the region of a location, and register it
  kubectl omni onboard aws-oregon

  # Look at the script and do nothing
  kubectl omni onboard aws-oregon --print

  # For a person who has no access to the cluster: the script holds a secret
  kubectl omni onboard aws-oregon --with-token --output-file onboard.sh

  # In Oracle Cloud, in a compartment, with a profile of ~/.oci/config
  kubectl omni onboard oci-phoenix --compartment ocid1.compartment.oc1..aaaa --oci-profile PROD

  # In a network of your own
  kubectl omni onboard oci-phoenix --subnet ocid1.subnet.oc1.phx.aaaa`

// Options are what kubectl omni onboard is told.
type Options struct {
	Print, WithToken, DryRun, Yes bool
	OutputFile                    string
	Expiration                    time.Duration

	Script v1beta1.OnboardScriptOptions
	Oracle oracle.Flags
	// SubnetIDs, NSGID and UserEmail are those of Oracle Cloud.
	SubnetIDs        []string
	NSGID, UserEmail string

	Target  *target.Target
	Streams genericiooptions.IOStreams
}

// New returns kubectl omni onboard.
func New(getter genericclioptions.RESTClientGetter, streams genericiooptions.IOStreams) *cobra.Command {
	o := &Options{Streams: streams}
	printing := genericclioptions.NewPrintFlags("onboarded").WithTypeSetter(scheme.Scheme)
	cmd := &cobra.Command{
		Use: "onboard NAME", Short: "Prepare a region of a cloud for an edge location", Long: long, Example: example,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			printer, err := printing.ToPrinter()
			if err != nil {
				return err
			}
			if o.Target, err = target.New(getter, args[0]); err != nil {
				return err
			}
			location, err := o.Run(ctx)
			if err != nil || location == nil {
				return err
			}
			return printer.PrintObj(location, streams.Out)
		},
	}
	o.addFlags(cmd)
	printing.AddFlags(cmd)
	return cmd
}

func (o *Options) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&o.Print, "print", false, "print the script and do nothing")
	flags.StringVar(&o.OutputFile, "output-file", "", "write the script to this file and do nothing")
	flags.BoolVar(&o.WithToken, "with-token", false, "put a registration token into the script of --print or --output-file, which needs no access to the cluster then; keep it secret")
	flags.DurationVar(&o.Expiration, "token-expiration", time.Hour, "life of that token, 1m to 24h")
	flags.BoolVar(&o.DryRun, "dry-run", false, "say what would be made and do nothing")
	flags.BoolVarP(&o.Yes, "yes", "y", false, "do not ask")
	flags.StringVar(&o.Script.VPCCIDR, "vpc-cidr", "", "IPv4 range of the network that is made (default 10.77.0.0/16)")
	flags.StringVar(&o.Script.Network, "network", "", "Google Cloud: VPC network of your own")
	flags.StringVar(&o.Script.Subnetwork, "subnetwork", "", "Google Cloud: subnetwork of that network")
	flags.StringSliceVar(&o.SubnetIDs, "subnet", nil, "Oracle Cloud: OCIDs of private subnets of your own, in one VCN")
	flags.StringVar(&o.NSGID, "nsg", "", "Oracle Cloud: OCID of a network security group of your own")
	flags.StringVar(&o.UserEmail, "user-email", "", "Oracle Cloud: e-mail address of the user that is made, if the tenancy wants one")
	o.Oracle.AddFlags(flags)
	cmd.MarkFlagsMutuallyExclusive("print", "output-file", "dry-run")
}

// validate checks the flags with one another.
func (o *Options) validate(provider v1beta1.CloudProvider) error {
	if o.WithToken && !o.Print && o.OutputFile == "" {
		return errors.New("--with-token is for somebody else: add --print or --output-file")
	}
	own := map[string]struct {
		provider v1beta1.CloudProvider
		set      bool
	}{
		"--network":     {v1beta1.ProviderGCP, o.Script.Network != ""},
		"--subnetwork":  {v1beta1.ProviderGCP, o.Script.Subnetwork != ""},
		"--subnet":      {v1beta1.ProviderOCI, len(o.SubnetIDs) > 0},
		"--nsg":         {v1beta1.ProviderOCI, o.NSGID != ""},
		"--user-email":  {v1beta1.ProviderOCI, o.UserEmail != ""},
		"--compartment": {v1beta1.ProviderOCI, o.Oracle.CompartmentID != ""},
	}
	for flag, of := range own {
		if of.set && of.provider != provider {
			return fmt.Errorf("%s is for locations in %s; %s is in %s", flag, of.provider, o.Target.Name, provider)
		}
	}
	return nil
}

// Run prepares and registers the location and returns it; nil if nothing was to be
// done but to show what would be.
func (o *Options) Run(ctx context.Context) (*v1beta1.EdgeLocation, error) {
	location, err := o.Target.Get(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.validate(location.Spec.Provider); err != nil {
		return nil, err
	}
	if location.DeletionTimestamp != nil {
		return nil, fmt.Errorf("the EdgeLocation %s/%s is being deleted: make another one", o.Target.Namespace, o.Target.Name)
	}
	if o.WithToken {
		return nil, o.handOut(ctx)
	}
	script, err := o.Target.OnboardScript(ctx, &o.Script)
	if err != nil {
		return nil, err
	}
	if o.Print || o.OutputFile != "" {
		return nil, o.write(script)
	}
	fmt.Fprintf(o.Streams.ErrOut, "EdgeLocation %s/%s: %s, %s\n\n%s\n\n", o.Target.Namespace, o.Target.Name, location.Spec.Provider, location.Spec.Region, shell.Description(script))
	if o.DryRun {
		return nil, nil
	}
	if !o.Yes {
		if err := shell.Confirm(o.Streams, "Go on? (yes)", "yes"); err != nil {
			return nil, err
		}
	}
	if location.Spec.Provider == v1beta1.ProviderOCI {
		err = o.oracle(ctx, location)
	} else {
		err = shell.Run(ctx, script, o.Target.Config, o.Streams)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\nNot finished: what is there stays, and kubectl omni onboard %s with the same flags goes on from there", err, o.Target.Name)
	}
	return o.Target.Get(ctx)
}

// handOut writes the script with a token.
func (o *Options) handOut(ctx context.Context) error {
	answer, err := o.Target.Mint(ctx, v1beta1.OnboardScriptRequestSpec{
		ExpirationSeconds: int64(o.Expiration.Seconds()), VPCCIDR: o.Script.VPCCIDR, Network: o.Script.Network, Subnetwork: o.Script.Subnetwork,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Streams.ErrOut, "The script holds a secret: it registers %s/%s once, until %s.\n", o.Target.Namespace, o.Target.Name, answer.ExpirationTime.UTC().Format(time.RFC3339))
	return o.write(answer.Script)
}

// write prints the script, or puts it into a file that only its owner may read.
func (o *Options) write(script string) error {
	if o.OutputFile == "" {
		_, err := fmt.Fprint(o.Streams.Out, script)
		return err
	}
	file, err := os.OpenFile(o.OutputFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("--output-file: %w", err)
	}
	_, err = file.WriteString(script)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("--output-file: %w", err)
	}
	fmt.Fprintf(o.Streams.ErrOut, "Written to %s: run it with bash.\n", o.OutputFile)
	return nil
}
