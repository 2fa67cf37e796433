// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "github.com/castai/omni/pkg/apis/omni/v1beta1"

// RegionOf returns the region of an edge location as its account sees it.
func RegionOf(spec *v1beta1.EdgeLocationSpec) Region {
	region := Region{Provider: string(spec.Provider), Name: spec.Region}
	if spec.AWS != nil {
		region.Account = spec.AWS.AccountID
	}
	return region
}
