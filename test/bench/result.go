// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// unit of a measurement; more of a rate is better, less of all else.
type unit string

const (
	perSecond    unit = "1/s"
	milliseconds unit = "ms"
	seconds      unit = "s"
	megabytes    unit = "MB" // 10^6 bytes
)

// result is the file that --out names.
type result struct {
	Time     time.Time `json:"time"`
	Commit   string    `json:"commit"`
	Duration string    `json:"duration"`
	// Versions are of the programs that took part.
	Versions map[string]string `json:"versions"`
	CPUs     int               `json:"cpus"`
	// LoadStart and LoadEnd are /proc/loadavg around the run: the first three
	// numbers are the averages of 1, 5 and 15 minutes.
	LoadStart string `json:"loadStart"`
	LoadEnd   string `json:"loadEnd"`
	Sizes     sizes  `json:"sizes"`
	// Measurements in the order in which they were made.
	Measurements []*measurement `json:"measurements"`
	Goals        []goal         `json:"goals"`
}

// measurement is one thing measured of some targets.
type measurement struct {
	Name string `json:"name"`
	Unit unit   `json:"unit"`
	// Values has one for each repetition, by target.
	Values  map[string][]float64 `json:"values"`
	Medians map[string]float64   `json:"medians"`
	// Ratios are the medians divided by the CRD's.
	Ratios map[string]float64 `json:"ratios,omitempty"`
}

// goal is what a value should not exceed.
type goal struct {
	Name  string  `json:"name"`
	Limit float64 `json:"limit"`
	Value float64 `json:"value"`
	Met   bool    `json:"met"`
}

// add notes the value of one repetition.
func (r *result) add(name string, u unit, target string, value float64) {
	i := slices.IndexFunc(r.Measurements, func(m *measurement) bool { return m.Name == name })
	if i < 0 {
		i = len(r.Measurements)
		r.Measurements = append(r.Measurements, &measurement{Name: name, Unit: u, Values: map[string][]float64{}})
	}
	values := r.Measurements[i].Values
	values[target] = append(values[target], value)
}

// conclude computes the medians, the ratios and what has become of the goals.
func (r *result) conclude() {
	for _, m := range r.Measurements {
		m.Medians, m.Ratios = map[string]float64{}, map[string]float64{}
		for target, values := range m.Values {
			m.Medians[target] = median(values)
		}
		for target, value := range m.Medians {
			if rival := m.Medians[crd]; rival > 0 && target != crd {
				m.Ratios[target] = value / rival
			}
		}
		r.judge(m)
	}
}

// The goals of issue B: what the product promises of its API server.
const (
	maxListRatio  = 0.5
	maxGetRatio   = 0.6
	maxReady      = 2.0   // seconds
	maxStandalone = 110.0 // megabytes
)

func (r *result) judge(m *measurement) {
	want := func(name string, value, limit float64) {
		r.Goals = append(r.Goals, goal{Name: name, Limit: limit, Value: value, Met: value <= limit})
	}
	switch {
	case strings.HasPrefix(m.Name, "LIST") && m.Unit == seconds:
		want(m.Name+": ratio to the CRD", m.Ratios[omni], maxListRatio)
	case strings.HasPrefix(m.Name, "GET") && strings.HasSuffix(m.Name, "p99"):
		want(m.Name+": ratio to the CRD", m.Ratios[omni], maxGetRatio)
	case m.Name == standaloneReady:
		want(m.Name+": seconds", m.Medians[omni], maxReady)
	case m.Name == standaloneMemory:
		want(m.Name+": MB", m.Medians[omni], maxStandalone)
	}
}

// write replaces the file.
func (r *result) write(path string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}
