// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// omni-apiserver serves the omni.cast.ai API to the main cluster.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"

	"github.com/castai/omni/cmd/apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewCommand()))
}
