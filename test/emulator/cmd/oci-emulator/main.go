// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command oci-emulator runs the emulated Oracle Cloud. See package oci.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/cmd/internal/serve"
	"github.com/castai/omni/test/emulator/oci"
)

func main() {
	o := oci.Options{Clock: clock.RealClock{}}
	listen := flag.String("listen", "127.0.0.1:5570", "address to serve on")
	directory := flag.String("config-dir", "", "directory of the administrator's config and key.pem; what is missing is made")
	flag.StringVar(&o.Region, "region", "us-ashburn-1", "region that is played")
	flag.StringVar(&o.TenancyID, "tenancy", "ocid1.tenancy.oc1..aaaaaaaaomniemulatedtenancy", "OCID of the root compartment")
	flag.StringVar(&o.CompartmentID, "compartment", "ocid1.compartment.oc1..aaaaaaaaomniemulatedcompartment", "OCID of the compartment below it")
	flag.DurationVar(&o.StateDelay, "state-delay", time.Second, "time between two states of a machine")
	flag.Parse()
	serve.Main("oci-emulator", func(ctx context.Context) error { return run(ctx, o, *listen, *directory) })
}

func run(ctx context.Context, o oci.Options, listen, directory string) error {
	if directory == "" {
		return errors.New("--config-dir is needed: requests are signed with the key in it")
	}
	e := oci.New(o)
	if err := e.Administrator(directory); err != nil {
		return fmt.Errorf("--config-dir: %w", err)
	}
	l, err := serve.Listen(listen)
	if err != nil {
		return err
	}
	log.Printf("serving %s at http://%s, the administrator is in %s/config", o.Region, l.Addr(), directory)
	return serve.Until(ctx, l, e)
}
