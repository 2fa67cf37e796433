// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command aws-emulator runs the strict front of moto. See package aws.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/aws"
	"github.com/castai/omni/test/emulator/cmd/internal/serve"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:5556", "address to serve on")
	upstream := flag.String("upstream", "http://127.0.0.1:5555", "URL of moto_server")
	model := flag.String("model", os.Getenv("OMNI_EC2_MODEL"), "botocore's ec2/2016-11-15/service-2.json(.gz); default: $OMNI_EC2_MODEL, else found by python3")
	flag.Parse()
	serve.Main("aws-emulator", func(ctx context.Context) error { return run(ctx, *listen, *upstream, *model) })
}

func run(ctx context.Context, listen, upstream, model string) error {
	u, err := url.Parse(upstream)
	if err != nil || u.Host == "" {
		return fmt.Errorf("--upstream: %q is no URL such as http://127.0.0.1:5555", upstream)
	}
	if model == "" {
		if model, err = aws.FindModel(ctx); err != nil {
			return err
		}
	}
	m, err := aws.LoadModel(model)
	if err != nil {
		return err
	}
	emulator, err := aws.New(u, m, clock.RealClock{})
	if err != nil {
		return err
	}
	l, err := serve.Listen(listen)
	if err != nil {
		return err
	}
	log.Printf("serving on %s in front of %s, %d EC2 operations", l.Addr(), u, len(m.Operations))
	return serve.Until(ctx, l, emulator)
}
