// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command machine-simulator plays the machines of an emulated cloud. See package
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
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/cmd/internal/serve"
	"github.com/castai/omni/test/emulator/machine"
)

type options struct {
	awsEndpoint, region, gcpEndpoint, gcpProject string
	healthListen, stateDir, nodeAddress          string
	kubeletPort                                  int
	pollInterval                                 time.Duration
}

func main() {
	o := options{}
	flag.StringVar(&o.awsEndpoint, "aws-endpoint", "http://127.0.0.1:5556", "URL of the AWS emulator")
	flag.StringVar(&o.region, "region", "", "AWS region of the machines")
	flag.StringVar(&o.gcpEndpoint, "gcp-endpoint", "", "URL of the Google Cloud emulator; its machines are played instead of those of AWS")
	flag.StringVar(&o.gcpProject, "gcp-project", "", "project of the machines")
	flag.StringVar(&o.healthListen, "health-listen", "127.0.0.1:5557", "address of /healthz and /console/<instance ID>")
	flag.StringVar(&o.stateDir, "state-dir", "", "directory that keeps the certificates of the machines")
	flag.StringVar(&o.nodeAddress, "node-address", "", "InternalIP of every node, where kwok serves its logs (default: the machine's private address)")
	flag.IntVar(&o.kubeletPort, "kubelet-port", 10250, "port at that address")
	flag.DurationVar(&o.pollInterval, "poll-interval", 500*time.Millisecond, "how often the emulator is asked")
	flag.Parse()
	serve.Main("machine-simulator", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) error {
	cloud, endpoint, err := o.cloud()
	if err != nil {
		return err
	}
	if o.stateDir == "" {
		return errors.New("--state-dir is needed")
	}
	if err := os.MkdirAll(o.stateDir, 0o700); err != nil {
		return fmt.Errorf("--state-dir: %w", err)
	}
	l, err := net.Listen("tcp", o.healthListen)
	if err != nil {
		return fmt.Errorf("--health-listen: %w", err)
	}
	fleet := &machine.Fleet{
		Cloud:        cloud,
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
	log.Printf("playing the machines of %s, health at %s", endpoint, l.Addr())
	fleet.Run(ctx)
	return nil
}

// cloud returns the cloud whose machines are played, and where it is.
func (o *options) cloud() (cloud machine.Cloud, endpoint string, err error) {
	switch {
	case o.gcpEndpoint != "" && o.gcpProject == "":
		return nil, "", errors.New("--gcp-project is needed with --gcp-endpoint")
	case o.gcpEndpoint != "":
		return machine.GCE{Endpoint: o.gcpEndpoint, Project: o.gcpProject, Token: "machine-simulator"}, o.gcpEndpoint, nil
	case o.region == "":
		return nil, "", errors.New("--region is needed, or --gcp-endpoint")
	}
	return machine.EC2{Client: ec2.New(ec2.Options{
		Region: o.region, BaseEndpoint: &o.awsEndpoint,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("simulator", "emulated", "")),
	})}, o.awsEndpoint, nil
}
