// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

// NodeDefaults are the defaults of every machine of a location.
type NodeDefaults struct {
	// ImageID is the cloud's identifier of the machine image.
	// Default: the newest Ubuntu 24.04 of the cloud.
	// Example: ami-0a1b2c3d4e5f60718.
	// +optional
	ImageID string `json:"imageID,omitempty"`

	// DiskGiB is the size of the root disk in GiB: 8, which holds an operating
	// system, to 16384, the largest gp3 volume of AWS. Default: 30.
	// Example: 100.
	// +optional
	// +default=30
	// +k8s:optional
	// +k8s:minimum=8
	// +k8s:maximum=16384
	DiskGiB int32 `json:"diskGiB,omitempty"`

	// Tags are added to every machine, besides OMNI's own. At most 40, because AWS
	// allows 50 on a resource. Default: none.
	// Example: {"cost-center": "ml"}.
	// +optional
	// +k8s:optional
	// +k8s:maxProperties=40
	Tags map[string]string `json:"tags,omitempty"`

	// UserData is given to every machine besides OMNI's own: a cloud-init
	// configuration that begins with #cloud-config, or a script that begins with
	// #!. It takes effect before the machine joins. It is no place for secrets:
	// whoever may read the location reads it. At most 32768 characters, and less
	// where the cloud takes less. Default: none.
	// Example: "#cloud-config\npackages: [nfs-common]\n".
	// +optional
	// +k8s:optional
	// +k8s:maxLength=32768
	UserData string `json:"userData,omitempty"`
}
