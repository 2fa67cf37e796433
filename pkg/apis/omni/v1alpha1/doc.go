// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 is the first external version of the omni.cast.ai API. It is
// served for clients that still speak it; new ones speak v1beta1, which calls the
// identifier of a machine image imageID.
//
// +k8s:deepcopy-gen=package
// +k8s:conversion-gen=github.com/castai/omni/pkg/apis/omni
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=ai.cast.omni.v1alpha1
// +groupName=omni.cast.ai
package v1alpha1
