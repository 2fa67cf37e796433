// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package karpenter

// exception is a set of cases on which we decide otherwise than Karpenter.
type exception struct {
	verdict verdict
	reason  string
	cases   []int
}

var exceptions = []exception{
	{
		verdict: more,
		reason: "Karpenter counts domains in which no node is yet, kube-scheduler those of nodes only: " +
			"it lets more pods into the domains there are",
		cases: []int{94, 99, 100, 101},
	},
	{
		verdict: more,
		reason: "Karpenter leaves the zone of a new node open until launch, and so cannot place what asks for, or keeps from, " +
			"the zone of its pods in the same round; a machine of ours has its zone from the start",
		cases: []int{116, 118, 124},
	},
	{
		verdict: more,
		reason:  "minValues: Karpenter launches nothing when too few types are left to choose from; we have no such demand",
		cases:   []int{60},
	},
	{
		verdict: more,
		reason:  "reserved offerings: Karpenter waits for a reservation that has too few machines left; our offerings have no number",
		cases:   []int{248, 249, 251},
	},
	{
		verdict: beyond,
		reason:  "reserved offerings: the case counts a machine as given back to a full reservation, which is not recorded",
		cases:   []int{136},
	},
	{
		verdict: more,
		reason:  "the zones of a volume that is yet to be made are in its StorageClass, which is not recorded",
		cases:   []int{240},
	},
}
