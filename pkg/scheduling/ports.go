// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package scheduling

import corev1 "k8s.io/api/core/v1"

// hostPort is a port of the node that a pod wants for itself.
type hostPort struct {
	ip       string
	protocol corev1.Protocol
	port     int32
}

// anyIP is every address of the node.
const anyIP = "0.0.0.0"

// hostPorts returns the ports of the host that a pod's containers want, as the
// scheduler's NodePorts plugin does: those of init containers count when they go on
// running.
func hostPorts(spec *corev1.PodSpec) (ports []hostPort) {
	add := func(c *corev1.Container) {
		for _, p := range c.Ports {
			if p.HostPort <= 0 {
				continue
			}
			port := hostPort{p.HostIP, p.Protocol, p.HostPort}
			if port.ip == "" {
				port.ip = anyIP
			}
			if port.protocol == "" {
				port.protocol = corev1.ProtocolTCP
			}
			ports = append(ports, port)
		}
	}
	for i := range spec.Containers {
		add(&spec.Containers[i])
	}
	for i := range spec.InitContainers {
		if policy := spec.InitContainers[i].RestartPolicy; policy != nil && *policy == corev1.ContainerRestartPolicyAlways {
			add(&spec.InitContainers[i])
		}
	}
	return ports
}

// collide says whether two pods with these ports cannot share a node.
func collide(a, b []hostPort) bool {
	for _, x := range a {
		for _, y := range b {
			if x.port == y.port && x.protocol == y.protocol && (x.ip == y.ip || x.ip == anyIP || y.ip == anyIP) {
				return true
			}
		}
	}
	return false
}
