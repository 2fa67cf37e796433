// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"fmt"
	"slices"
	"strings"
)

// createInstance refuses what Compute Engine refuses before it begins, and fills in
// what it adds.
func (e *Emulator) createInstance(c *call) *Error {
	if err := e.resolve(c, c.body, "machineType"); err != nil {
		return err
	}
	machineType := e.objects[e.pathOf(text(c.body["machineType"]), "")]
	if text(machineType["zone"]) != c.values["zone"] {
		return invalid("Invalid value for field 'resource.machineType': '%s'. It is in another zone.", c.body["machineType"])
	}
	for _, check := range []func(*call, object) *Error{e.checkDisks, e.checkNetwork, checkScheduling, e.checkQuotas} {
		if err := check(c, machineType); err != nil {
			return err
		}
	}
	if err := checkMetadata(c.body); err != nil {
		return err
	}
	if err := checkLabels(c.body); err != nil {
		return err
	}
	c.body["labelFingerprint"] = "42WmSpB8rSM="
	return nil
}

// checkDisks wants one boot disk, of an image and a type that the machine can use.
func (e *Emulator) checkDisks(c *call, machineType object) *Error {
	disks := objects(c.body["disks"])
	if len(disks) == 0 || disks[0]["boot"] != true {
		return invalid("Invalid value for field 'resource.disks': ''. Boot disk must be the first disk attached to the instance.")
	}
	for _, disk := range disks {
		parameters, ok := disk["initializeParams"].(object)
		if !ok {
			return invalid("Invalid value for field 'resource.disks[0]': no initializeParams")
		}
		image, err := e.image(text(parameters["sourceImage"]), c.values["project"])
		if err != nil {
			return err
		}
		if image["architecture"] != machineType["architecture"] {
			return invalid("Requested boot disk architecture (%s) is not compatible with machine type architecture (%s).", image["architecture"], machineType["architecture"])
		}
		if size := number(parameters["diskSizeGb"]); size != 0 && size < number(image["diskSizeGb"]) {
			return invalid("Invalid value for field 'resource.disks[0].initializeParams.diskSizeGb': '%d'. Requested disk size cannot be smaller than the image size (%d GB)", size, number(image["diskSizeGb"]))
		}
		kind := base(text(parameters["diskType"]))
		if hyperdisk := strings.HasPrefix(kind, "hyperdisk-"); hyperdisk != hyperdiskOnly(text(machineType["name"])) {
			return invalid("%s disk type cannot be used by %s machine type.", kind, machineType["name"])
		}
	}
	return nil
}

// attachDisks makes the disks of a machine that is made: objects of their own, of
// which the machine names the link and the size.
func (e *Emulator) attachDisks(c *call) {
	for i, disk := range objects(c.body["disks"]) {
		parameters, _ := disk["initializeParams"].(object)
		delete(disk, "initializeParams") // it is input only
		name := text(c.body["name"])
		if i > 0 {
			name = fmt.Sprintf("%s-%d", name, i)
		}
		image, err := e.image(text(parameters["sourceImage"]), c.values["project"])
		if err != nil {
			continue // checked before
		}
		size := text(parameters["diskSizeGb"])
		if size == "" {
			size = text(image["diskSizeGb"])
		}
		place := "projects/" + c.values["project"] + "/zones/" + c.values["zone"]
		target := place + "/disks/" + name
		e.objects[target] = object{
			"kind": "compute#disk", "id": e.newID(), "name": name, "status": "READY", "sizeGb": size, "labels": parameters["labels"],
			"type": e.link(place + "/diskTypes/" + base(text(parameters["diskType"]))), "zone": e.link(place),
			"sourceImage": image["selfLink"], "creationTimestamp": e.now(), "selfLink": e.link(target),
		}
		disk["kind"], disk["type"], disk["index"], disk["mode"] = "compute#attachedDisk", "PERSISTENT", i, "READ_WRITE"
		disk["source"], disk["diskSizeGb"], disk["deviceName"] = e.link(target), size, fmt.Sprintf("persistent-disk-%d", i)
	}
}

// detachDisks deletes the disks that go with their machine.
func (e *Emulator) detachDisks(o object) {
	for _, disk := range objects(o["disks"]) {
		if disk["autoDelete"] == true {
			delete(e.objects, e.pathOf(text(disk["source"]), ""))
		}
	}
}

// image returns the image that a link names, itself or by its family in one of two
// ways.
func (e *Emulator) image(reference, project string) (object, *Error) {
	target := e.pathOf(reference, project)
	for _, families := range []string{"/global/images/family/", "/zones/-/imageFamilyViews/"} {
		if before, family, ok := strings.Cut(target, families); ok {
			return e.newestOfFamily(strings.TrimPrefix(before, "projects/"), family)
		}
	}
	return e.get(target)
}

// checkNetwork wants the networks to exist, in the region of the machine.
func (e *Emulator) checkNetwork(c *call, _ object) *Error {
	interfaces := objects(c.body["networkInterfaces"])
	if len(interfaces) == 0 {
		return invalid("Invalid value for field 'resource.networkInterfaces': ''. At least one network interface is required.")
	}
	for i, nic := range interfaces {
		for _, field := range []string{"network", "subnetwork"} {
			if nic[field] == nil {
				continue
			}
			if err := e.resolve(c, nic, field); err != nil {
				return err
			}
		}
		subnetwork := text(nic["subnetwork"])
		if o := e.objects[e.pathOf(subnetwork, "")]; o != nil {
			nic["network"] = o["network"]
		}
		if region := regionOf(c.values["zone"]); subnetwork != "" && !strings.Contains(subnetwork, "/regions/"+region+"/") {
			return invalid("Invalid value for field 'resource.networkInterfaces[%d].subnetwork': '%s'. It is not in the region %s.", i, subnetwork, region)
		}
		e.lastID++
		nic["name"], nic["networkIP"] = fmt.Sprintf("nic%d", i), fmt.Sprintf("10.0.%d.%d", e.lastID/250%250, e.lastID%250+2)
	}
	return nil
}

// checkScheduling refuses what the kinds of machines cannot do.
// https://cloud.google.com/compute/docs/instances/setting-vm-host-options
func checkScheduling(c *call, machineType object) *Error {
	s, _ := c.body["scheduling"].(object)
	spot := s["provisioningModel"] == "SPOT"
	if machineType["accelerators"] != nil && s["onHostMaintenance"] != "TERMINATE" {
		return invalid("Instances with guest accelerators do not support live migration.")
	}
	if spot && (s["onHostMaintenance"] == "MIGRATE" || s["automaticRestart"] == true) {
		return invalid("Scheduling must have onHostMaintenance = TERMINATE and automaticRestart = false when provisioningModel is SPOT.")
	}
	if !spot && s["instanceTerminationAction"] != nil {
		return invalid("You cannot specify a termination action for a VM instance that has the standard provisioning model.")
	}
	return nil
}

// Limits of metadata: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata
const (
	maxMetadataValueBytes = 256 << 10
	maxMetadataBytes      = 512 << 10
)

func checkMetadata(body object) *Error {
	metadata, _ := body["metadata"].(object)
	total := 0
	var seen []string
	for i, item := range objects(metadata["items"]) {
		key, value := text(item["key"]), text(item["value"])
		total += len(key) + len(value)
		if len(value) > maxMetadataValueBytes || total > maxMetadataBytes {
			return invalid("Value for field 'metadata.items[%d].value' is too large: maximum size 262144 character(s); actual size %d.", i, len(value))
		}
		if slices.Contains(seen, key) {
			return invalid("Invalid value for field 'metadata': duplicate key '%s'", key)
		}
		seen = append(seen, key)
	}
	return nil
}

// checkLabels keeps the rules of labels:
// https://cloud.google.com/compute/docs/labeling-resources#restrictions
func checkLabels(body object) *Error {
	labels, _ := body["labels"].(object)
	if len(labels) > 64 {
		return invalid("Invalid value for field 'resource.labels': '%d labels'. At most 64 are allowed.", len(labels))
	}
	for key, value := range labels {
		if !matches(`[a-z][a-z0-9_-]{0,62}`, key) || !matches(`[a-z0-9_-]{0,63}`, text(value)) {
			return invalid("Invalid value for field 'resource.labels': '%s=%s'. Label must match '[a-z0-9_-]{0,63}'", key, value)
		}
	}
	return nil
}

// objects returns the elements of a list of objects.
func objects(value any) []object {
	list, _ := value.([]any)
	var out []object
	for _, child := range list {
		if o, ok := child.(object); ok {
			out = append(out, o)
		}
	}
	return out
}

// regionOf returns the region of a zone: us-central1 of us-central1-a.
func regionOf(zone string) string {
	if i := strings.LastIndex(zone, "-"); i >= 0 {
		return zone[:i]
	}
	return zone
}
