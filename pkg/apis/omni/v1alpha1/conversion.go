// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/conversion"

	"github.com/castai/omni/pkg/apis/omni"
)

// RenamedFields are the JSON names of fields that later versions and the hub call
// otherwise, by their new names. Later versions call every identifier of a cloud
// an ID.
var RenamedFields = map[string]string{"imageID": "image"}

// Convert_v1alpha1_EdgeSpec_To_omni_EdgeSpec carries image to imageID.
func Convert_v1alpha1_EdgeSpec_To_omni_EdgeSpec(in *EdgeSpec, out *omni.EdgeSpec, s conversion.Scope) error {
	out.ImageID = in.Image
	return autoConvert_v1alpha1_EdgeSpec_To_omni_EdgeSpec(in, out, s)
}

// Convert_omni_EdgeSpec_To_v1alpha1_EdgeSpec carries imageID to image.
func Convert_omni_EdgeSpec_To_v1alpha1_EdgeSpec(in *omni.EdgeSpec, out *EdgeSpec, s conversion.Scope) error {
	out.Image = in.ImageID
	return autoConvert_omni_EdgeSpec_To_v1alpha1_EdgeSpec(in, out, s)
}

// Convert_v1alpha1_EdgeLaunch_To_omni_EdgeLaunch carries image to imageID.
func Convert_v1alpha1_EdgeLaunch_To_omni_EdgeLaunch(in *EdgeLaunch, out *omni.EdgeLaunch, s conversion.Scope) error {
	out.ImageID = in.Image
	return autoConvert_v1alpha1_EdgeLaunch_To_omni_EdgeLaunch(in, out, s)
}

// Convert_omni_EdgeLaunch_To_v1alpha1_EdgeLaunch carries imageID to image.
func Convert_omni_EdgeLaunch_To_v1alpha1_EdgeLaunch(in *omni.EdgeLaunch, out *EdgeLaunch, s conversion.Scope) error {
	out.Image = in.ImageID
	return autoConvert_omni_EdgeLaunch_To_v1alpha1_EdgeLaunch(in, out, s)
}

// Convert_v1alpha1_NodeDefaults_To_omni_NodeDefaults carries image to imageID.
func Convert_v1alpha1_NodeDefaults_To_omni_NodeDefaults(in *NodeDefaults, out *omni.NodeDefaults, s conversion.Scope) error {
	out.ImageID = in.Image
	return autoConvert_v1alpha1_NodeDefaults_To_omni_NodeDefaults(in, out, s)
}

// Convert_omni_NodeDefaults_To_v1alpha1_NodeDefaults carries imageID to image.
func Convert_omni_NodeDefaults_To_v1alpha1_NodeDefaults(in *omni.NodeDefaults, out *NodeDefaults, s conversion.Scope) error {
	out.Image = in.ImageID
	return autoConvert_omni_NodeDefaults_To_v1alpha1_NodeDefaults(in, out, s)
}
