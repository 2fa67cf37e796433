// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package karpenter

// exception is a set of cases on which we decide otherwise than Karpenter.
type exception struct {
	verdict verdict
	reason  string
	cases   []int
}

var exceptions = []exception{}
