// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Command kubectl-omni is the kubectl plugin of OMNI: kubectl omni.
package main

import (
	"os"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // every way to sign in that kubectl knows
	"k8s.io/component-base/cli"

	"github.com/castai/omni/pkg/cmd"
)

func main() {
	os.Exit(cli.Run(cmd.New(genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})))
}
