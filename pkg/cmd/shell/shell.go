// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package shell shows the scripts of omni-apiserver to the person and runs them.
package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Description is the comment at the beginning of a script: what it makes or deletes.
func Description(script string) string {
	var lines []string
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "#!"):
		case strings.HasPrefix(line, "#"):
			lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(line, "#"), " "))
		default:
			return strings.Join(lines, "\n")
		}
	}
	return strings.Join(lines, "\n")
}

// Confirm asks the question; anything but the answer is an error.
func Confirm(streams genericiooptions.IOStreams, question, answer string) error {
	fmt.Fprintf(streams.ErrOut, "%s ", question)
	line, err := bufio.NewReader(streams.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(line) != answer {
		return fmt.Errorf("nothing was done: the answer was not %q; --yes asks nothing", answer)
	}
	return nil
}

// interruptGrace is how long a script may go on after an interrupt: until the call
// that it has begun is over.
const interruptGrace = 30 * time.Second

// Run runs a script with bash, and with a kubeconfig that leads where config does. Its
// output is progress.
func Run(ctx context.Context, script string, config *rest.Config, streams genericiooptions.IOStreams) error {
	bash, err := exec.LookPath("bash")
	if err != nil {
		return errors.New("bash is not installed: install bash 4.4 or newer, or run the script elsewhere: --print")
	}
	dir, err := os.MkdirTemp("", "kubectl-omni-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	kubeconfig, err := Kubeconfig(config)
	if err != nil {
		return err
	}
	kubeconfigFile, scriptFile := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "script.sh")
	if err := errors.Join(clientcmd.WriteToFile(*kubeconfig, kubeconfigFile), os.WriteFile(scriptFile, []byte(script), 0o600)); err != nil {
		return err
	}
	command := exec.CommandContext(ctx, bash, scriptFile)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = interruptGrace
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfigFile)
	command.Stdin, command.Stdout, command.Stderr = streams.In, streams.ErrOut, streams.ErrOut
	if err := command.Run(); err != nil {
		return fmt.Errorf("the script: %w", errors.Join(err, ctx.Err()))
	}
	return nil
}
