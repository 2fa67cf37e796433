// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/options"
)

const etcdExample = `  # How full is the store, and what are the objects encrypted with?
  omni-apiserver etcd status --data-dir=/var/lib/omni-apiserver

  # Back up, with the key apart from the snapshot:
  omni-apiserver etcd snapshot /backup/omni.db --data-dir=/var/lib/omni-apiserver
  cp /var/lib/omni-apiserver/encryption.yaml /vault/

  # Restore both into a new directory:
  omni-apiserver etcd restore /backup/omni.db --data-dir=/var/lib/omni-restored \
    --encryption-provider-config=/vault/encryption.yaml

  # After the alarm NOSPACE:
  omni-apiserver etcd defrag --data-dir=/var/lib/omni-apiserver`

// newEtcdCommand returns the commands that maintain the storage.
func newEtcdCommand() *cobra.Command {
	m := &etcd.Maintenance{Prefix: options.EtcdPrefix, Clock: clock.RealClock{}}
	cmd := &cobra.Command{
		Use:   "etcd",
		Short: "Back up, restore and maintain the storage",
		Long: `Back up, restore and maintain the storage of omni-apiserver: the embedded etcd of
--data-dir, whether its server runs or not, or an etcd cluster.

The objects are encrypted: a snapshot is worth nothing without the key. Keep a copy of
encryption.yaml (of --data-dir, or what --encryption-provider-config names) with your
snapshots, but apart from them.`,
		Example: etcdExample,
		// Instead of the root's: errors go to the terminal, not to the log.
		PersistentPreRun: func(cmd *cobra.Command, _ []string) { m.Out = cmd.ErrOrStderr() },
	}
	// The root prints its help by sections, and its children would inherit that.
	plain := &cobra.Command{}
	cmd.SetHelpFunc(plain.HelpFunc())
	cmd.SetUsageFunc(plain.UsageFunc())
	fs, servers := cmd.PersistentFlags(), &m.Servers
	fs.StringVar(&m.DataDir, "data-dir", "", "Directory of the embedded etcd.")
	fs.StringSliceVar(&servers.ServerList, "etcd-servers", nil, "URLs of an etcd cluster, comma separated.")
	fs.StringVar(&servers.TrustedCAFile, "etcd-cafile", "", "File with the certificate authority of the etcd cluster.")
	fs.StringVar(&servers.CertFile, "etcd-certfile", "", "File with a client certificate for the etcd cluster.")
	fs.StringVar(&servers.KeyFile, "etcd-keyfile", "", "File with the key of the client certificate.")
	fs.StringVar(&m.Prefix, "etcd-prefix", m.Prefix, "Prefix of all keys of objects.")
	cmd.AddCommand(newStatusCommand(m), newSnapshotCommand(m), newRestoreCommand(m), newDefragCommand(m))
	return cmd
}

func newStatusCommand(m *etcd.Maintenance) *cobra.Command {
	output := "table"
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show size, quota, alarms and encryption of the storage",
		Example: "  omni-apiserver etcd status --data-dir=/var/lib/omni-apiserver -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o %q: want json or table", output)
			}
			if err := m.Validate(); err != nil {
				return err
			}
			status, err := m.Status(cmd.Context())
			if err != nil {
				return err
			}
			if output == "table" {
				return status.Print(cmd.OutOrStdout())
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(status)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "json or table.")
	return cmd
}

func newSnapshotCommand(m *etcd.Maintenance) *cobra.Command {
	return &cobra.Command{
		Use:   "snapshot FILE",
		Short: "Save all that is stored in a new file",
		Long: `Save all that is stored, as of one moment, in a new file of mode 0600, and check it.
The encryption key is not in it: keep a copy of encryption.yaml too, apart from it.`,
		Example: "  omni-apiserver etcd snapshot /backup/omni-$(date +%F).db --data-dir=/var/lib/omni-apiserver",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := m.Validate(); err != nil {
				return err
			}
			return m.Snapshot(cmd.Context(), arguments[0])
		},
	}
}

func newRestoreCommand(m *etcd.Maintenance) *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the store of a new --data-dir from a snapshot",
		Long: `Make the store of a new --data-dir from a snapshot, whose hash is checked. The directory
must not exist or be empty, but for the encryption.yaml that the snapshot needs to be read.
To restore an etcd cluster, use etcdutl with --bump-revision and --mark-compacted.`,
		Example: `  omni-apiserver etcd restore /backup/omni.db --data-dir=/var/lib/omni-restored \
    --encryption-provider-config=/vault/encryption.yaml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if len(m.Servers.ServerList) > 0 {
				return fmt.Errorf("--etcd-servers: restore makes the store of a --data-dir; restore an etcd cluster with etcdutl on each of its members")
			}
			return m.Restore(cmd.Context(), arguments[0], keyFile)
		},
	}
	cmd.Flags().StringVar(&keyFile, "encryption-provider-config", "", "EncryptionConfiguration with the key of the snapshot; it is checked and copied into --data-dir as encryption.yaml.")
	return cmd
}

func newDefragCommand(m *etcd.Maintenance) *cobra.Command {
	return &cobra.Command{
		Use:   "defrag",
		Short: "Give unused space back, and clear the alarm NOSPACE",
		Long: `Give unused space of the database back to the file system. Requests wait meanwhile. After the
alarm NOSPACE, history is dropped first, and writes are accepted again if that was enough.`,
		Example: "  omni-apiserver etcd defrag --data-dir=/var/lib/omni-apiserver",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := m.Validate(); err != nil {
				return err
			}
			return m.Defragment(cmd.Context())
		},
	}
}
