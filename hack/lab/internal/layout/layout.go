// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package layout is where everything of a lab is: its files and its ports.
package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/castai/omni/hack/lab/internal/process"
)

// DefaultPortBase is the first port of a lab unless told otherwise.
const DefaultPortBase = 26000

// Lab is one lab on this machine.
type Lab struct {
	// Root is the checkout, Dir the lab's own directory; both are absolute.
	Root, Dir string
	// PortBase is the first of its ports; Ports are counted from it.
	PortBase int
	// Fsync lets etcd wait for the disk. What it has been started with stays.
	Fsync bool
}

// The ports of a lab, counted from its base.
const (
	MainPorts = 0  // and the nine after it, see package controlplane
	EdgePorts = 20 // and the nine after it
)

// Port numbers the processes beside the control planes, counted from the base.
type Port int

// One constant for each address that something of the lab listens on.
const (
	LiqoWebhook Port = 40 + iota
	LiqoWebhookHealth
	LiqoMainWebhook
	LiqoMainHealth
	LiqoEdgeWebhook
	LiqoEdgeHealth
	Moto
	AWSEmulator
	MachineSimulatorHealth
	OmniAPIServer
	OmniControllerMetrics
	OmniControllerHealth
	OmniControllerWebhook
	GCPEmulator
	OCIEmulator
)

// Number is the TCP port.
func (l Lab) Number(p Port) int { return l.PortBase + int(p) }

// Address is the port on loopback: nothing of a lab listens elsewhere.
func (l Lab) Address(p Port) string { return fmt.Sprintf("127.0.0.1:%d", l.Number(p)) }

// Path is a path inside the lab's directory.
func (l Lab) Path(elem ...string) string { return filepath.Join(append([]string{l.Dir}, elem...)...) }

// Table is the lab's processes.
func (l Lab) Table() process.Table {
	return process.Table{RunDir: l.Path("run"), LogDir: l.Path("log")}
}

// AdminKubeconfig is the administrator's kubeconfig of the main cluster.
func (l Lab) AdminKubeconfig() string { return l.Path("admin.kubeconfig") }

// EdgeKubeconfig is the administrator's kubeconfig of the edge cluster.
func (l Lab) EdgeKubeconfig() string { return l.Path("edge.kubeconfig") }

// PKI is the directory of the certificates that belong to neither cluster.
func (l Lab) PKI() string { return l.Path("pki") }

// Binary is the path of a program of the product or of the lab itself.
func (l Lab) Binary(name string) string { return l.Path("bin", name) }

// Prepare makes the directories and holds the lab to the ports it has: what is
// in its files names them. portBase 0 means those of last time.
func (l *Lab) Prepare(portBase int) error {
	for _, dir := range []string{"run", "log", "bin", "pki"} {
		if err := os.MkdirAll(l.Path(dir), 0o700); err != nil {
			return err
		}
	}
	before, err := l.readPortBase()
	if err != nil {
		return err
	}
	switch {
	case before != 0 && portBase != 0 && before != portBase:
		return fmt.Errorf("--port-base %d: %s was brought up with %d; take it down first (lab down) or leave the flag out", portBase, l.Dir, before)
	case before != 0:
		l.PortBase = before
		return nil
	case portBase == 0:
		portBase = DefaultPortBase
	}
	l.PortBase = portBase
	data, err := json.Marshal(settings{PortBase: portBase})
	if err != nil {
		return err
	}
	return os.WriteFile(l.settingsFile(), data, 0o600)
}

// settings is what a lab remembers of its own `up`.
type settings struct {
	PortBase int `json:"portBase"`
}

func (l *Lab) settingsFile() string { return l.Path("lab.json") }

func (l *Lab) readPortBase() (int, error) {
	data, err := os.ReadFile(l.settingsFile())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var s settings
	if err := json.Unmarshal(data, &s); err != nil {
		return 0, fmt.Errorf("%s: %w", l.settingsFile(), err)
	}
	return s.PortBase, nil
}

// Find returns the lab in dir, or in .lab of the checkout when dir is empty. The
// checkout is looked for upwards from the working directory.
func Find(dir string) (Lab, error) {
	root, err := findRoot()
	if err != nil {
		return Lab{}, err
	}
	if dir == "" {
		dir = filepath.Join(root, ".lab")
	}
	dir, err = filepath.Abs(dir)
	return Lab{Root: root, Dir: dir}, err
}

// Module is the product's Go module: its go.mod marks the checkout's root.
const module = "github.com/castai/omni"

func findRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if first, _, _ := strings.Cut(string(data), "\n"); err == nil && strings.TrimSpace(first) == "module "+module {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a checkout of %s: change to one", start, module)
		}
	}
}
