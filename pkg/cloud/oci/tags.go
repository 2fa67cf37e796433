// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"fmt"
	"maps"
	"strings"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/cloud"
)

// maxTags is how many free-form tags a resource may have:
// https://docs.oracle.com/iaas/Content/General/Concepts/resourcetags.htm
const maxTags = 10

// TagKey is a key of OMNI's as OCI takes it: no key may have a period.
func TagKey(key string) string { return strings.ReplaceAll(key, ".", "-") }

// Tags are on everything of a location.
func Tags(clusterID, namespace, location string) map[string]string {
	return map[string]string{
		TagKey(v1beta1.TagClusterID):    clusterID,
		TagKey(v1beta1.TagNamespace):    namespace,
		TagKey(v1beta1.TagEdgeLocation): location,
	}
}

func (p *Provider) own() map[string]string {
	return Tags(p.location.ClusterID, p.location.Namespace, p.location.Name)
}

// ours tells whether something belongs to the location.
func (p *Provider) ours(tags map[string]string) bool {
	for key, value := range p.own() {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// tags are those of a machine, with the user's.
func (p *Provider) tags(r cloud.LaunchRequest) (map[string]string, error) {
	all := map[string]string{}
	for key, value := range r.Tags {
		if strings.ContainsAny(key, ". ") {
			return nil, fmt.Errorf("spec.nodeDefaults.tags: the key %q has a period or a space, which OCI does not take", key)
		}
		all[key] = value
	}
	maps.Copy(all, p.own())
	all[TagKey(v1beta1.TagEdgeID)] = r.EdgeUID
	if len(all) > maxTags {
		return nil, fmt.Errorf("spec.nodeDefaults.tags has %d tags; with OMNI's own OCI takes %d of them", len(r.Tags), maxTags-len(p.own())-1)
	}
	return all, nil
}
