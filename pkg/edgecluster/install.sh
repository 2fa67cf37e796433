#!/usr/bin/env bash
# Installs containerd, kubelet and kubeadm on Ubuntu. Usage: omni-install VERSION
set -euo pipefail
version=$1
minor=${version%.*}
export DEBIAN_FRONTEND=noninteractive

modprobe overlay
modprobe br_netfilter
printf '%s\n' overlay br_netfilter >/etc/modules-load.d/omni.conf
printf '%s\n' net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 >/etc/sysctl.d/90-omni.conf
sysctl --system >/dev/null
swapoff -a

# A machine behind a new NAT gateway may have to wait for its network.
fetch() { curl --fail --silent --show-error --location --retry 10 --retry-all-errors --retry-delay 3 "$@"; }

packages="https://pkgs.k8s.io/core:/stable:/v$minor/deb"
install -d -m 0755 /etc/apt/keyrings
fetch "$packages/Release.key" | gpg --batch --yes --dearmor -o /etc/apt/keyrings/kubernetes.gpg
echo "deb [signed-by=/etc/apt/keyrings/kubernetes.gpg] $packages/ /" >/etc/apt/sources.list.d/kubernetes.list
apt-get -o Acquire::Retries=10 update
apt-get -o Acquire::Retries=10 install -y containerd "kubelet=$version-*" "kubeadm=$version-*"
apt-mark hold kubelet kubeadm

install -d -m 0755 /etc/containerd
containerd config default | sed 's/SystemdCgroup = false/SystemdCgroup = true/' >/etc/containerd/config.toml
systemctl restart containerd
systemctl enable containerd kubelet
