#!/usr/bin/env bash
# Installs containerd, kubelet and kubeadm on Ubuntu or Debian, and with gpu what
# containers need to use NVIDIA GPUs. Usage: omni-install VERSION [gpu]
set -euo pipefail
version=$1
minor=${version%.*}
variant=${2:-}
# The branch of NVIDIA's driver; its -server packages are for data centres.
driver=580
export DEBIAN_FRONTEND=noninteractive

# A machine behind a new NAT gateway may have to wait for its network.
fetch() { curl --fail --silent --show-error --location --retry 10 --retry-all-errors --retry-delay 3 "$@"; }
apt() { apt-get -o Acquire::Retries=10 "$@"; }

# add_repository NAME KEY URL: one whose packages lie in one directory.
add_repository() {
  install -d -m 0755 /etc/apt/keyrings
  fetch "$2" | gpg --batch --yes --dearmor -o "/etc/apt/keyrings/$1.gpg"
  echo "deb [signed-by=/etc/apt/keyrings/$1.gpg] $3 /" >"/etc/apt/sources.list.d/$1.list"
}

prepare_kernel() {
  modprobe overlay
  modprobe br_netfilter
  printf '%s\n' overlay br_netfilter >/etc/modules-load.d/omni.conf
  printf '%s\n' net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 >/etc/sysctl.d/90-omni.conf
  sysctl --system >/dev/null
  swapoff -a
}

install_kubernetes() {
  local packages=(nftables "kubelet=$version-*" "kubeadm=$version-*")
  # Images for GPUs bring a containerd of Docker's, which Ubuntu's would replace.
  command -v containerd >/dev/null || packages+=(containerd)
  add_repository kubernetes "https://pkgs.k8s.io/core:/stable:/v$minor/deb/Release.key" "https://pkgs.k8s.io/core:/stable:/v$minor/deb/"
  apt update
  apt install -y "${packages[@]}"
  apt-mark hold kubelet kubeadm
  install -d -m 0755 /etc/containerd
  containerd config default | sed 's/SystemdCgroup = false/SystemdCgroup = true/' >/etc/containerd/config.toml
}

# The modules are built and signed by Canonical for the kernel that runs: nothing
# is compiled, and secure boot lets them in.
install_driver() {
  apt install -y "linux-modules-nvidia-$driver-server-open-$(uname -r)" \
    "nvidia-headless-no-dkms-$driver-server-open" "nvidia-utils-$driver-server"
  modprobe nvidia
  if compgen -G '/proc/driver/nvidia-nvswitch/devices/*' >/dev/null; then
    apt install -y "nvidia-fabricmanager-$driver"
    systemctl enable --now nvidia-fabricmanager
  fi
}

install_gpu() {
  command -v nvidia-smi >/dev/null || install_driver
  # A machine whose GPUs do not answer must not join.
  nvidia-smi
  if ! command -v nvidia-ctk >/dev/null; then
    # apt itself puts the architecture in.
    # shellcheck disable=SC2016
    add_repository nvidia-container-toolkit https://nvidia.github.io/libnvidia-container/gpgkey \
      'https://nvidia.github.io/libnvidia-container/stable/deb/$(ARCH)'
    apt update
    apt install -y nvidia-container-toolkit
  fi
  nvidia-ctk runtime configure --runtime=containerd --set-as-default
}

prepare_kernel
install_kubernetes
[[ $variant != gpu ]] || install_gpu
systemctl restart containerd
systemctl enable containerd kubelet
