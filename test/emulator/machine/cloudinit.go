// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// boot is what cloud-init made of user data: files and commands, in order.
type boot struct {
	files    map[string][]byte
	commands []string
}

// modules are the top-level keys of cloud-init's modules that user data of a
// Kubernetes node may want; the rest is most likely a slip of the pen.
// https://docs.cloud-init.io/en/latest/reference/modules.html
var modules = []string{
	"apt", "apt_pipelining", "bootcmd", "ca_certs", "chpasswd", "disable_root", "disk_setup",
	"final_message", "fqdn", "fs_setup", "groups", "growpart", "hostname", "keyboard", "locale",
	"manage_etc_hosts", "manage_resolv_conf", "mounts", "network", "ntp", "output",
	"package_reboot_if_required", "package_update", "package_upgrade", "packages", "phone_home",
	"power_state", "prefer_fqdn_over_hostname", "preserve_hostname", "random_seed", "resize_rootfs",
	"resolv_conf", "rsyslog", "runcmd", "snap", "ssh", "ssh_authorized_keys", "ssh_deletekeys",
	"ssh_genkeytypes", "ssh_import_id", "ssh_keys", "ssh_publish_hostkeys", "ssh_pwauth", "swap",
	"timezone", "updates", "user", "users", "vendor_data", "version", "wireguard", "write_files",
}

// cloudConfig is the part of #cloud-config that is played.
type cloudConfig struct {
	WriteFiles []writeFile       `json:"write_files"`
	RunCommand []json.RawMessage `json:"runcmd"`
}

type writeFile struct {
	Path        string `json:"path"`
	Content     string `json:"content"`
	Encoding    string `json:"encoding"`
	Owner       string `json:"owner"`
	Permissions string `json:"permissions"`
	Append      bool   `json:"append"`
	Defer       bool   `json:"defer"`
}

// parseUserData reads user data as cloud-init does, but is strict where cloud-init
// warns and goes on: a machine that half boots is a bug of who wrote its user data.
func parseUserData(data []byte) (*boot, error) {
	parts, err := splitUserData(data)
	if err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	config := &cloudConfig{}
	for _, p := range parts {
		if p.script {
			continue
		}
		next, err := parseConfig(p.body)
		if err != nil {
			return nil, err
		}
		if p.appends {
			next.WriteFiles = append(config.WriteFiles, next.WriteFiles...)
			next.RunCommand = append(config.RunCommand, next.RunCommand...)
		}
		config = next
	}
	return config.boot()
}

// parseConfig reads one #cloud-config.
func parseConfig(data []byte) (*cloudConfig, error) {
	if line, _, _ := bytes.Cut(data, []byte("\n")); strings.TrimSpace(string(line)) != "#cloud-config" {
		return nil, fmt.Errorf("user data: the first line is %.40q, want #cloud-config", line)
	}
	keys := map[string]any{}
	if err := yaml.UnmarshalStrict(data, &keys); err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(modules, key) {
			return nil, fmt.Errorf("user data: %s is no module of cloud-init", key)
		}
	}
	config := &cloudConfig{}
	if err := yaml.Unmarshal(data, config); err != nil {
		return nil, fmt.Errorf("user data: %w", err)
	}
	return config, nil
}

// boot is what comes of a configuration.
func (config *cloudConfig) boot() (*boot, error) {
	b := &boot{files: map[string][]byte{}}
	for i, f := range config.WriteFiles {
		if err := b.write(f); err != nil {
			return nil, fmt.Errorf("user data: write_files[%d]: %w", i, err)
		}
	}
	for i, raw := range config.RunCommand {
		command, err := parseCommand(raw)
		if err != nil {
			return nil, fmt.Errorf("user data: runcmd[%d]: %w", i, err)
		}
		b.commands = append(b.commands, command)
	}
	return b, nil
}

func (b *boot) write(f writeFile) error {
	if !path.IsAbs(f.Path) {
		return fmt.Errorf("path %q is not absolute", f.Path)
	}
	content := []byte(f.Content)
	switch f.Encoding {
	case "", "text/plain":
	case "b64", "base64":
		var err error
		if content, err = base64.StdEncoding.DecodeString(f.Content); err != nil {
			return fmt.Errorf("content: %w", err)
		}
	default:
		return fmt.Errorf("encoding %q is not simulated", f.Encoding)
	}
	name := path.Clean(f.Path)
	if f.Append {
		content = append(b.files[name], content...)
	}
	b.files[name] = content
	return nil
}

// parseCommand reads an entry of runcmd, a line for the shell or a list of
// arguments, into one line.
func parseCommand(raw json.RawMessage) (string, error) {
	var line string
	if json.Unmarshal(raw, &line) == nil {
		return line, nil
	}
	var args []string
	if err := json.Unmarshal(raw, &args); err != nil {
		return "", fmt.Errorf("neither a string nor a list of strings: %w", err)
	}
	return strings.Join(args, " "), nil
}
