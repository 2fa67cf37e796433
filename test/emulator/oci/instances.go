// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"encoding/base64"
	"strconv"
	"time"
)

const (
	// maxMetadataBytes is the size of all keys and values of a machine's metadata.
	maxMetadataBytes = 32000
	// minBootVolumeGB is the smallest boot volume of a Linux machine.
	minBootVolumeGB = 50
	// preemptionNotice is how long a machine runs on after it was told that it
	// will be taken back.
	preemptionNotice = 30 * time.Second
	// terminatedShown is how long a terminated machine can be read still. OCI
	// says "temporarily"; hours are seen.
	terminatedShown = time.Hour
)

// createInstance launches a machine with its VNIC and its boot volume.
func createInstance(c *cloud, _ *call, t *thing) *Error {
	d := t.fields
	if !c.hasDomain(t.text("availabilityDomain")) {
		return refuse("InvalidParameter", "availabilityDomain %q is none of this tenancy in %s", d["availabilityDomain"], c.Region)
	}
	s := c.shape(t.text("shape"))
	if s == nil {
		return refuse("NotAuthorizedOrNotFound", "shape %s not found", d["shape"])
	}
	config, err := s.configure(d["shapeConfig"])
	if err != nil {
		return err
	}
	if err := checkMetadata(d["metadata"]); err != nil {
		return err
	}
	if _, spot := d["preemptibleInstanceConfig"]; spot && !s.preemptible {
		return refuse("InvalidParameter", "Shape %s does not support preemptible instances", s.name)
	}
	image, size, err := c.source(d["sourceDetails"], s)
	if err != nil {
		return err
	}
	if err := c.attachVNIC(t); err != nil {
		return err
	}
	c.attachBootVolume(t, size)
	d["region"], d["shapeConfig"], d["imageId"], d["launchMode"] = c.Region, config, image, "PARAVIRTUALIZED"
	if d["faultDomain"] == nil {
		d["faultDomain"] = "FAULT-DOMAIN-1"
	}
	t.ahead = c.soon("STARTING", "RUNNING")
	return nil
}

func checkMetadata(value any) *Error {
	metadata, _ := value.(object)
	size := 0
	for key, v := range metadata {
		text, _ := v.(string)
		size += len(key) + len(text)
	}
	if size > maxMetadataBytes {
		return refuse("InvalidParameter", "The metadata has %d bytes, more than %d", size, maxMetadataBytes)
	}
	if text, ok := metadata["user_data"].(string); ok {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			return refuse("InvalidParameter", "metadata.user_data is not base64")
		}
	}
	return nil
}

// source reads what a machine boots from: the image and the size of the volume.
func (c *cloud) source(value any, s *shape) (image string, sizeGB int, err *Error) {
	details, _ := value.(object)
	image, _ = details["imageId"].(string)
	if image == "" {
		return "", 0, notEmulated("machines that boot from anything but sourceDetails.imageId")
	}
	if c.things[image].fields["_architecture"] != s.architecture() {
		return "", 0, refuse("InvalidParameter", "Shape %s is not valid for image %s.", s.name, image)
	}
	sizeGB = minBootVolumeGB
	if size, ok := details["bootVolumeSizeInGBs"].(float64); ok {
		sizeGB = int(size)
	}
	if sizeGB < minBootVolumeGB {
		return "", 0, refuse("InvalidParameter", "bootVolumeSizeInGBs must be %d at least", minBootVolumeGB)
	}
	return image, sizeGB, nil
}

// attachBootVolume makes the machine's disk. It is not owned by the machine: it may
// outlive it.
func (c *cloud) attachBootVolume(t *thing, sizeGB int) {
	where := object{"compartmentId": t.fields["compartmentId"], "availabilityDomain": t.fields["availabilityDomain"]}
	volume := c.add("bootVolumes", object{
		"displayName": t.text("displayName") + " (Boot Volume)", "sizeInGBs": sizeGB, "sizeInMBs": sizeGB * 1024,
		"compartmentId": where["compartmentId"], "availabilityDomain": where["availabilityDomain"],
	})
	where["bootVolumeId"], where["instanceId"] = volume.id(), t.id()
	c.add("bootVolumeAttachments", where).owner = t.id()
	t.fields["_bootVolume"] = volume.id()
}

// terminateInstance ends a machine, and its disk unless preserveBootVolume.
func terminateInstance(c *cloud, r *call) (*answer, *Error) {
	t, err := c.find("instances", r.vars["instanceId"])
	if err != nil {
		return nil, err
	}
	if t.state() == "TERMINATED" {
		return nil, notFound()
	}
	if t.state() != "TERMINATING" {
		c.terminate(t, c.Clock.Now(), r.query.Get("preserveBootVolume") == "true")
	}
	return &answer{}, nil
}

// terminate begins the end of a machine at a time, which may lie ahead.
func (c *cloud) terminate(t *thing, at time.Time, preserveBootVolume bool) {
	done := at.Add(c.StateDelay)
	t.ahead = []phase{{at, "TERMINATING"}, {done, "TERMINATED"}, {done.Add(terminatedShown), ""}}
	if volume := c.things[t.text("_bootVolume")]; volume != nil && !preserveBootVolume {
		volume.ahead = []phase{{done, ""}}
	}
	c.advance()
}

// preempt takes a machine back as the cloud does: with a notice.
func (c *cloud) preempt(id string) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	t, err := c.find("instances", id)
	if err != nil {
		return err
	}
	config, spot := t.fields["preemptibleInstanceConfig"].(object)
	if !spot || t.state() != "RUNNING" {
		return refuse("IncorrectState", "%s is not a preemptible machine that runs", id)
	}
	action, _ := config["preemptionAction"].(object)
	c.terminate(t, c.Clock.Now().Add(preemptionNotice), action["preserveBootVolume"] == true)
	return nil
}

// createConsoleHistory captures a machine's console.
func createConsoleHistory(c *cloud, _ *call, t *thing) *Error {
	instance, err := c.find("instances", t.text("instanceId"))
	if err != nil {
		return err
	}
	t.fields["compartmentId"] = instance.fields["compartmentId"]
	t.fields["availabilityDomain"] = instance.fields["availabilityDomain"]
	t.owner = instance.id()
	t.ahead = c.soon("GETTING-HISTORY", "SUCCEEDED")
	return nil
}

// getConsoleHistoryContent answers with what a machine would have said.
func getConsoleHistoryContent(c *cloud, r *call) (*answer, *Error) {
	t, err := c.find("instanceConsoleHistories", r.vars["instanceConsoleHistoryId"])
	if err != nil {
		return nil, err
	}
	if t.state() != "SUCCEEDED" {
		return nil, refuse("IncorrectState", "The console history is %s", t.state())
	}
	text := "[    0.000000] console of " + t.text("instanceId") + "\n"
	if offset, err := strconv.Atoi(r.query.Get("offset")); err == nil {
		text = text[min(max(offset, 0), len(text)):]
	}
	if length, err := strconv.Atoi(r.query.Get("length")); err == nil {
		text = text[:min(max(length, 0), len(text))]
	}
	return &answer{body: text}, nil
}
