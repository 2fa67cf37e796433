// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

func statusCommand(find finder) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the lab's processes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lab, err := find()
			if err != nil {
				return err
			}
			records, err := lab.Table().List()
			if err != nil {
				return err
			}
			if len(records) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing runs in", lab.Dir)
				return nil
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tSTATE\tPID\tHEALTH\tLOG")
			for _, r := range records {
				state, pid := "stopped", "-"
				if r.Alive() {
					state, pid = "running", fmt.Sprint(r.PID)
				} else if r.PID != 0 {
					state = "dead" // nobody of the lab has stopped it
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Name, state, pid, orDash(r.HealthURL), lab.Table().LogFile(r.Name))
			}
			return table.Flush()
		},
	}
}

func startCommand(find finder) *cobra.Command {
	return &cobra.Command{
		Use:     "start NAME",
		Short:   "Start one process that up has started before, and wait until it is ready",
		Example: "  lab start omni-controller",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lab, unlock, err := find.exclusive(cmd.Context())
			if err != nil {
				return err
			}
			defer unlock()
			record, err := lab.Table().Get(args[0])
			if err != nil {
				return err
			}
			return printer(cmd).Step(cmd.Context(), record.Name, func(ctx context.Context) error {
				return lab.Table().Run(ctx, record.Spec)
			})
		},
	}
}

// signals that stop knows.
var signals = map[string]unix.Signal{
	"TERM": unix.SIGTERM, "KILL": unix.SIGKILL, "STOP": unix.SIGSTOP, "CONT": unix.SIGCONT,
}

func stopCommand(find finder) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "stop NAME",
		Short: "End one process, or send it a signal",
		Example: `  lab stop moto
  lab stop omni-controller --signal KILL
  lab stop edge-kube-apiserver --signal STOP   # it hangs; CONT wakes it up`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			signal, ok := signals[name]
			if !ok {
				return fmt.Errorf("--signal %q: one of KILL, TERM, STOP, CONT", name)
			}
			lab, unlock, err := find.exclusive(cmd.Context())
			if err != nil {
				return err
			}
			defer unlock()
			record, err := lab.Table().Get(args[0])
			if err != nil {
				return err
			}
			if signal == unix.SIGTERM {
				return lab.Table().Stop(record, grace)
			}
			return lab.Table().Signal(record, signal)
		},
	}
	cmd.Flags().StringVar(&name, "signal", "TERM", "KILL, TERM (KILL after 5 s), STOP or CONT")
	return cmd
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
