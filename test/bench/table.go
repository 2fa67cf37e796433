// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// print writes the result as Markdown, which docs/benchmarks.md takes as it is.
func (r *result) print(out io.Writer) {
	fmt.Fprintf(out, "\n%s, commit %s, %d CPUs, load %s before and %s after, %d repetitions, %s\n\n",
		r.Time.Format("2006-01-02 15:04"), r.Commit, r.CPUs, firstThree(r.LoadStart), firstThree(r.LoadEnd), r.Sizes.Repetitions, r.Duration)
	fmt.Fprintln(out, "| median | unit | OMNI | OMNI by the aggregator | CRD | OMNI / CRD | aggregator / CRD |")
	fmt.Fprintln(out, "| --- | --- | ---: | ---: | ---: | ---: | ---: |")
	for _, m := range r.Measurements {
		fmt.Fprintf(out, "| %s | %s |", m.Name, m.Unit)
		for _, target := range []string{omni, aggregated, crd} {
			fmt.Fprintf(out, " %s |", cell(m.Medians, target))
		}
		fmt.Fprintf(out, " %s | %s |\n", cell(m.Ratios, omni), cell(m.Ratios, aggregated))
	}
	fmt.Fprintln(out, "\n| goal | at most | is | |")
	fmt.Fprintln(out, "| --- | ---: | ---: | --- |")
	for _, g := range r.Goals {
		verdict := "met"
		if !g.Met {
			verdict = fmt.Sprintf("missed by %s %%", significant(100*(g.Value/g.Limit-1)))
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s |\n", g.Name, significant(g.Limit), significant(g.Value), verdict)
	}
}

func cell(values map[string]float64, target string) string {
	value, ok := values[target]
	if !ok {
		return ""
	}
	return significant(value)
}

// significant prints three significant digits and never an exponent.
func significant(value float64) string {
	if value >= 100 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	text := strconv.FormatFloat(value, 'g', 3, 64)
	if strings.Contains(text, "e") {
		return strconv.FormatFloat(value, 'f', 4, 64)
	}
	return text
}

func firstThree(loadavg string) string {
	fields := strings.Fields(loadavg)
	return strings.Join(fields[:min(3, len(fields))], " ")
}
