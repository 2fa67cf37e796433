// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command machine-simulator plays the machines of emulated clouds. See package
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
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/castai/omni/test/emulator/cmd/internal/serve"
	"github.com/castai/omni/test/emulator/machine"
)

type options struct {
	clouds                              clouds
	healthListen, stateDir, nodeAddress string
	kubeletPort                         int
	pollInterval                        time.Duration
}

func main() {
	o := options{}
	o.clouds.addFlags(flag.CommandLine)
	flag.StringVar(&o.healthListen, "health-listen", "127.0.0.1:5557", "address of /healthz and /console/<instance ID>")
	flag.StringVar(&o.stateDir, "state-dir", "", "directory that keeps the certificates of the machines")
	flag.StringVar(&o.nodeAddress, "node-address", "", "InternalIP of every node, where kwok serves its logs (default: the machine's private address)")
	flag.IntVar(&o.kubeletPort, "kubelet-port", 10250, "port at that address")
	flag.DurationVar(&o.pollInterval, "poll-interval", 500*time.Millisecond, "how often each emulator is asked")
	flag.Parse()
	serve.Main("machine-simulator", func(ctx context.Context) error { return run(ctx, o) })
}

func run(ctx context.Context, o options) error {
	fleets, err := o.clouds.fleets()
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
	server := &http.Server{Handler: machine.Handler(fleets...), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Printf("health listener: %v", err)
		}
	}()
	defer server.Close()
	log.Printf("health at %s", l.Addr())
	var playing sync.WaitGroup
	for _, f := range fleets {
		f.PollInterval, f.Clock, f.StateDir = o.pollInterval, clock.RealClock{}, o.stateDir
		f.Kubelet = machine.Kubelet{Address: o.nodeAddress, Port: int32(o.kubeletPort)}
		log.Printf("playing the machines of %s", f.Name)
		playing.Go(func() { f.Run(ctx) })
	}
	playing.Wait()
	return nil
}
