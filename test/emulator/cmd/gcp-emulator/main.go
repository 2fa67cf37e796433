// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command gcp-emulator runs the emulated Google Cloud. See package gcp.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/cmd/internal/serve"
	"github.com/castai/omni/test/emulator/gcp"
)

func main() {
	o := gcp.Options{Clock: clock.RealClock{}}
	listen := flag.String("listen", "127.0.0.1:5560", "address to serve on")
	directory := flag.String("api-dir", os.Getenv("OMNI_GOOGLE_API_DIR"), "directory of the module google.golang.org/api; default: $OMNI_GOOGLE_API_DIR, else found by go list")
	flag.StringVar(&o.Project, "project", "omni-lab", "ID of the project that exists")
	flag.StringVar(&o.ProjectNumber, "project-number", "123456789012", "its number")
	flag.DurationVar(&o.Step, "step", time.Second, "time between two states of a machine")
	flag.Parse()
	serve.Main("gcp-emulator", func(ctx context.Context) error { return run(ctx, o, *listen, *directory) })
}

func run(ctx context.Context, o gcp.Options, listen, directory string) error {
	var err error
	if directory == "" {
		if directory, err = gcp.FindAPI(ctx); err != nil {
			return fmt.Errorf("--api-dir: %w", err)
		}
	}
	if o.API, err = gcp.LoadAPI(directory); err != nil {
		return fmt.Errorf("--api-dir: %w", err)
	}
	l, err := serve.Listen(listen)
	if err != nil {
		return err
	}
	o.BaseURL = "http://" + l.Addr().String()
	log.Printf("serving project %s at %s, %d methods described", o.Project, o.BaseURL, o.API.Methods())
	return serve.Until(ctx, l, gcp.New(o))
}
