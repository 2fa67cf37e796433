// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "github.com/castai/omni/pkg/apis/omni/v1beta1"

// RegionOf returns the region of an edge location as its account sees it.
func RegionOf(spec *v1beta1.EdgeLocationSpec) Region {
	region := Region{Provider: string(spec.Provider), Name: spec.Region}
	switch {
	case spec.AWS != nil:
		region.Account = spec.AWS.AccountID
	case spec.GCP != nil:
		region.Account = spec.GCP.ProjectID
	case spec.OCI != nil:
		region.Account = spec.OCI.TenancyID
	}
	return region
}

// MainRegion returns the region whose prices stand for the main cluster, whose
// account nobody tells OMNI.
func MainRegion(spec *v1beta1.TemplateMainCluster) Region {
	return Region{Provider: string(spec.Provider), Name: spec.Region}
}
