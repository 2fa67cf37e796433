// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/cli-runtime/pkg/printers"
)

// shownReasons bounds how many unplaced pods the table explains.
const shownReasons = 10

// podName is how a pod is called in the output: files have one namespace only.
func (o *options) podName(pod *corev1.Pod) string {
	if o.workload != "" {
		return pod.Name
	}
	return pod.Namespace + "/" + pod.Name
}

func printJSON(out io.Writer, r *result) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

func printTable(out io.Writer, r *result) error {
	sections := []func(io.Writer, *result){printMachines, printLocations, printSummary}
	if len(r.Placement) == 0 {
		sections = sections[2:]
	}
	for i, print := range sections {
		if i > 0 {
			fmt.Fprintln(out)
		}
		w := printers.GetNewTabWriter(out) // one for each: it remembers widths
		print(w, r)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func printMachines(w io.Writer, r *result) {
	fmt.Fprintln(w, "TYPE\tLOCATION\tZONE\tCAPACITY\t$/H\tMACHINES\tPODS")
	for _, row := range rows(r.Placement) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.4f\t%d\t%d\n", row.Type, row.Location, row.Zone, row.CapacityType, row.Price, row.machines, row.pods)
	}
}

func printLocations(w io.Writer, r *result) {
	fmt.Fprintln(w, "LOCATION\tMACHINES\tPODS\t$/H")
	for _, l := range r.Locations {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.4f\n", l.Name, l.Machines, l.Pods, l.HourlyBill)
	}
}

func printSummary(w io.Writer, r *result) {
	fmt.Fprintf(w, "Bill:\t%.4f $/h for %d machines, each with %v $/h of overhead\n", r.HourlyBill, len(r.Placement), r.EdgeOverhead)
	if r.LowerBound > 0 {
		fmt.Fprintf(w, "Lower bound:\t%.4f $/h; the bill is within %.1f %% of the possible\n", r.LowerBound, r.WithinPercent)
	}
	if without := r.WithoutEdges; without != nil {
		saved := ""
		if without.SavedPercent != nil {
			saved = fmt.Sprintf("; edges save %.1f %%", *without.SavedPercent)
		}
		fmt.Fprintf(w, "Without edges:\t%.4f $/h for %d machines, unplaced pods: %d%s\n", without.HourlyBill, without.Machines, without.Unplaced, saved)
	}
	fmt.Fprintf(w, "Pods:\t%d; on nodes that are there: %d, unplaced: %d\n", r.Pods, r.OnNodes, len(r.Unplaced))
	for _, name := range r.Unplaced[:min(len(r.Unplaced), shownReasons)] {
		fmt.Fprintf(w, "\t%s: %s\n", name, r.Reasons[name])
	}
	if more := len(r.Unplaced) - shownReasons; more > 0 {
		fmt.Fprintf(w, "\tand %d more: see -o json\n", more)
	}
	fmt.Fprintf(w, "Decided in:\t%.3f s, %.3f s of CPU\n", r.Seconds, r.CPUSeconds)
}

// row is equal machines together.
type row struct {
	machine
	machines, pods int
}

func rows(machines []machine) []row {
	var all []row
	for _, m := range machines {
		same := func(r row) bool {
			return r.Type == m.Type && r.Location == m.Location && r.Zone == m.Zone && r.CapacityType == m.CapacityType && r.Price == m.Price
		}
		i := slices.IndexFunc(all, same)
		if i < 0 {
			i = len(all)
			all = append(all, row{machine: m})
		}
		all[i].machines++
		all[i].pods += len(m.Pods)
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(
			cmp.Compare(float64(b.machines)*b.Price, float64(a.machines)*a.Price),
			cmp.Compare(a.Type, b.Type), cmp.Compare(a.Location, b.Location), cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.CapacityType, b.CapacityType),
		)
	})
	return all
}
