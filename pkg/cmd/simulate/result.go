// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package simulate

import (
	"cmp"
	"math"
	"slices"

	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/scheduling"
	"github.com/castai/omni/pkg/scheduling/workload"
)

// result is what is printed. Prices are US dollars per hour; those of a bill count
// the overhead of every machine.
type result struct {
	HourlyBill float64 `json:"hourlyBill"`
	LowerBound float64 `json:"lowerBound"`
	// Unplaced are the pods that fit on nothing.
	Unplaced  []string  `json:"unplaced"`
	Placement []machine `json:"placement"`
	// Seconds and CPUSeconds are those of the decision.
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`

	// WithinPercent is how far the bill is above the lower bound.
	WithinPercent float64 `json:"withinPercent"`
	Pods          int     `json:"pods"`
	// OnNodes is the number of pods that fit on nodes that are there.
	OnNodes      int     `json:"onNodes,omitempty"`
	EdgeOverhead float64 `json:"edgeOverhead"`
	// Reasons say why each unplaced pod is.
	Reasons   map[string]string `json:"reasons,omitempty"`
	Locations []location        `json:"locations"`
	// WithoutEdges is the decision of the main cluster alone, absent when it takes
	// no part.
	WithoutEdges *withoutEdges `json:"withoutEdges,omitempty"`
}

// machine is one that would be bought, at the price of the cloud.
type machine struct {
	Type         string   `json:"type"`
	Location     string   `json:"location"`
	Zone         string   `json:"zone"`
	CapacityType string   `json:"capacityType"`
	Price        float64  `json:"price"`
	Pods         []string `json:"pods"`
}

// location is the part of the bill that a location has.
type location struct {
	Name       string  `json:"name"`
	Machines   int     `json:"machines"`
	Pods       int     `json:"pods"`
	HourlyBill float64 `json:"hourlyBill"`
}

type withoutEdges struct {
	HourlyBill float64 `json:"hourlyBill"`
	LowerBound float64 `json:"lowerBound"`
	Machines   int     `json:"machines"`
	Unplaced   int     `json:"unplaced"`
	// SavedPercent is the part of this bill that edges save, absent unless both
	// decisions place the same number of pods.
	SavedPercent *float64 `json:"savedPercent,omitempty"`
}

// decide solves the problem, with edges and without.
func (o *options) decide(problem *scheduling.Problem, clock clock.PassiveClock) *result {
	start, cpu := clock.Now(), cpuSeconds()
	decision := scheduling.Solve(*problem)
	r := &result{
		Seconds: clock.Since(start).Seconds(), CPUSeconds: cpuSeconds() - cpu,
		LowerBound: decision.LowerBound, EdgeOverhead: o.overhead, Pods: len(problem.Pods), OnNodes: len(decision.Placed),
		Unplaced: []string{}, Placement: []machine{}, Locations: []location{},
	}
	r.HourlyBill = bill(&decision)
	r.WithinPercent = percentAbove(r.HourlyBill, r.LowerBound)
	for _, u := range decision.Unschedulable {
		if r.Reasons == nil {
			r.Reasons = map[string]string{}
		}
		name := o.podName(u.Pod)
		r.Unplaced = append(r.Unplaced, name)
		r.Reasons[name] = u.Reason
	}
	slices.Sort(r.Unplaced)
	for i := range decision.Purchases {
		r.add(o, &decision.Purchases[i])
	}
	slices.SortFunc(r.Locations, func(a, b location) int {
		return cmp.Or(cmp.Compare(b.HourlyBill, a.HourlyBill), cmp.Compare(a.Name, b.Name))
	})
	r.WithoutEdges = r.compare(problem)
	return r
}

func (r *result) add(o *options, p *scheduling.Purchase) {
	offering := &p.Candidate.Offering
	where := p.Candidate.Location
	if p.Candidate.Main() {
		where = workload.MainLocation
	}
	m := machine{
		Type: offering.InstanceType, Location: where, Zone: offering.Zone, CapacityType: offering.CapacityType, Price: offering.HourlyPrice,
	}
	for _, pod := range p.Pods {
		m.Pods = append(m.Pods, o.podName(pod))
	}
	r.Placement = append(r.Placement, m)
	i := slices.IndexFunc(r.Locations, func(l location) bool { return l.Name == where })
	if i < 0 {
		i = len(r.Locations)
		r.Locations = append(r.Locations, location{Name: where})
	}
	l := &r.Locations[i]
	l.Machines++
	l.Pods += len(p.Pods)
	l.HourlyBill += p.Candidate.Cost.Total()
}

// compare decides without edges, when there is a main cluster and an edge to leave
// out.
func (r *result) compare(problem *scheduling.Problem) *withoutEdges {
	main := *problem
	main.Candidates = slices.DeleteFunc(slices.Clone(problem.Candidates), func(c scheduling.Candidate) bool { return !c.Main() })
	if len(main.Candidates) == 0 || len(main.Candidates) == len(problem.Candidates) {
		return nil
	}
	decision := scheduling.Solve(main)
	w := &withoutEdges{
		HourlyBill: bill(&decision), LowerBound: decision.LowerBound, Machines: len(decision.Purchases), Unplaced: len(decision.Unschedulable),
	}
	if w.Unplaced == len(r.Unplaced) && w.HourlyBill > 0 {
		w.SavedPercent = new(100 * (1 - r.HourlyBill/w.HourlyBill))
	}
	return w
}

func bill(decision *scheduling.Decision) float64 {
	sum := 0.0
	for i := range decision.Purchases {
		sum += decision.Purchases[i].Candidate.Cost.Total()
	}
	return sum
}

// percentAbove is how far a bill is above its bound; 0 when there is no bound.
func percentAbove(bill, bound float64) float64 {
	if bound <= 0 {
		return 0
	}
	return math.Max(0, 100*(bill/bound-1))
}
