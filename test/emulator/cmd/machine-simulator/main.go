// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command machine-simulator plays the machines of an emulated AWS. See package
// machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/machine"
)

type options struct {
	endpoint, region, healthListen, stateDir, nodeAddress string
	kubeletPort                                           int
	pollInterval                                          time.Duration
}

func main() {
	o := options{}
	flag.StringVar(&o.endpoint, "aws-endpoint", "http://127.0.0.1:5556", "URL of the AWS emulator")
	flag.StringVar(&o.region, "region", "", "AWS region of the machines")
	flag.StringVar(&o.healthListen, "health-listen", "127.0.0.1:5557", "address of /healthz and /console/<instance ID>")
	flag.StringVar(&o.stateDir, "state-dir", "", "directory that keeps the certificates of the machines")
	flag.StringVar(&o.nodeAddress, "node-address", "", "InternalIP of every node, where kwok serves its logs (default: the machine's private address)")
	flag.IntVar(&o.kubeletPort, "kubelet-port", 10250, "port at that address")
	flag.DurationVar(&o.pollInterval, "poll-interval", 500*time.Millisecond, "how often the emulator is asked")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "machine-simulator:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.region == "" || o.stateDir == "" {
		return errors.New("--region and --state-dir are needed")
	}
	if err := os.MkdirAll(o.stateDir, 0o700); err != nil {
		return fmt.Errorf("--state-dir: %w", err)
	}
	l, err := net.Listen("tcp", o.healthListen)
	if err != nil {
		return fmt.Errorf("--health-listen: %w", err)
	}
	fleet := &machine.Fleet{
		Cloud: machine.EC2{Client: ec2.New(ec2.Options{
			Region: o.region, BaseEndpoint: &o.endpoint,
			Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("simulator", "emulated", "")),
		})},
		PollInterval: o.pollInterval,
		Clock:        clock.RealClock{},
		StateDir:     o.stateDir,
		Kubelet:      machine.Kubelet{Address: o.nodeAddress, Port: int32(o.kubeletPort)},
	}
	server := &http.Server{Handler: fleet.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Printf("health listener: %v", err)
		}
	}()
	defer server.Close()
	log.Printf("playing the machines of %s in %s, health at %s", o.endpoint, o.region, l.Addr())
	fleet.Run(ctx)
	return nil
}
