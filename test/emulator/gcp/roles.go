// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

// predefined are the parts that matter here of Google's own roles, as permissions
// or what they begin with.
// https://cloud.google.com/iam/docs/roles-permissions
var predefined = map[string][]string{
	"roles/owner": {""},
	"roles/compute.instanceAdmin.v1": {
		"compute.instances.", "compute.disks.", "compute.machineTypes.", "compute.zones.", "compute.zoneOperations.", "compute.images.",
		"compute.subnetworks.use", "compute.subnetworks.get", "compute.subnetworks.list", "compute.regions.", "compute.projects.get", "resourcemanager.projects.get",
	},
	"roles/compute.networkAdmin": {
		"compute.networks.", "compute.subnetworks.", "compute.routers.", "compute.addresses.", "compute.firewalls.get", "compute.firewalls.list",
		"compute.instances.get", "compute.instances.list", "compute.zones.", "compute.regions.", "compute.projects.get",
		"compute.globalOperations.get", "compute.regionOperations.get", "compute.zoneOperations.get", "resourcemanager.projects.get",
	},
	"roles/compute.securityAdmin": {
		"compute.firewalls.", "compute.networks.get", "compute.networks.list", "compute.networks.updatePolicy",
		"compute.globalOperations.get", "compute.projects.get", "resourcemanager.projects.get",
	},
	"roles/compute.viewer":                    {"compute.instances.get", "compute.instances.list", "compute.zones.", "compute.machineTypes."},
	"roles/iam.roleAdmin":                     {"iam.roles.", "resourcemanager.projects.get"},
	"roles/iam.serviceAccountAdmin":           {"iam.serviceAccounts.create", "iam.serviceAccounts.delete", "iam.serviceAccounts.get", "iam.serviceAccounts.list", "iam.serviceAccounts.setIamPolicy", "resourcemanager.projects.get"},
	"roles/iam.serviceAccountUser":            {"iam.serviceAccounts.actAs", "iam.serviceAccounts.get", "iam.serviceAccounts.list"},
	"roles/iam.workloadIdentityPoolAdmin":     {"iam.workloadIdentityPools.", "iam.workloadIdentityPoolProviders.", "resourcemanager.projects.get"},
	"roles/resourcemanager.projectIamAdmin":   {"resourcemanager.projects.get", "resourcemanager.projects.setIamPolicy"},
	"roles/serviceusage.serviceUsageAdmin":    {"serviceusage.services."},
	"roles/serviceusage.serviceUsageConsumer": {"serviceusage.services.get", "serviceusage.services.list", "serviceusage.services.use"},
}
