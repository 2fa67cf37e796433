// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package v1beta1 is the second external version of the omni.cast.ai API: the one
// that discovery prefers and that is stored.
//
// +k8s:deepcopy-gen=package
// +k8s:conversion-gen=github.com/castai/omni/pkg/apis/omni
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=ai.cast.omni.v1beta1
// +groupName=omni.cast.ai
package v1beta1
