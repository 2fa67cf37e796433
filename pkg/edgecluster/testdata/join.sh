#!/usr/bin/env bash
# Joins this machine to the OMNI edge location team-a/berlin as the node
# cast-0b1c2d3e-4f50-4161-8273-8495a6b7c8d9. Run it as root on Ubuntu 22.04 or later, or
# Debian 12 or later. It holds a token that is good for one machine until
# 2026-01-02T03:04:05Z: keep it secret until then.
set -euo pipefail

die() {
  echo "omni: $*" >&2
  exit 1
}

check() {
  local tool
  ((EUID == 0)) || die 'run this script as root'
  [[ $(uname -m) == x86_64 ]] || die "this machine is of the kind $(uname -m): edges are of x86_64"
  for tool in apt-get systemctl modprobe; do
    command -v "$tool" >/dev/null || die "$tool is not here: machines join with Ubuntu or Debian, and systemd"
  done
  for tool in curl gpg; do
    command -v "$tool" >/dev/null || die "$tool is not here: apt-get install -y curl gpg"
  done
  [[ ! -e /etc/kubernetes/kubelet.conf ]] || die 'this machine is a node already: if it is of no use to its cluster any more, kubeadm reset -f'
}

# put MODE PATH: write what comes in.
put() {
  install -D -m "$1" /dev/stdin "$2"
}

write_files() {
  put 0700 /usr/local/sbin/omni-install <<'OMNI_END_OF_FILE'
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
OMNI_END_OF_FILE
  put 0600 /etc/kubernetes/omni-bootstrap.kubeconfig <<'OMNI_END_OF_FILE'
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://edge.example.com:6443
  name: edge
contexts:
- context:
    cluster: edge
    user: ""
  name: edge
current-context: edge
kind: Config
users: null
OMNI_END_OF_FILE
  put 0600 /etc/kubernetes/omni-join.yaml <<'OMNI_END_OF_FILE'
apiVersion: kubeadm.k8s.io/v1beta4
discovery:
  file:
    kubeConfigPath: /etc/kubernetes/omni-bootstrap.kubeconfig
  tlsBootstrapToken: abcdef.0123456789abcdef
kind: JoinConfiguration
nodeRegistration:
  criSocket: unix:///run/containerd/containerd.sock
  kubeletExtraArgs:
  - name: node-labels
    value: omni.cast.ai/edge-node=true,topology.kubernetes.io/region=us-west-2
  - name: provider-id
    value: castai-omni://aws/us-west-2/0b1c2d3e-4f50-4161-8273-8495a6b7c8d9
  name: cast-0b1c2d3e-4f50-4161-8273-8495a6b7c8d9
  taints: []
OMNI_END_OF_FILE
}

main() {
  check
  # The token is of no use later, and nobody else's business.
  trap 'rm -f /etc/kubernetes/omni-join.yaml /etc/kubernetes/omni-bootstrap.kubeconfig' EXIT
  echo '1/3 Write the configuration'
  write_files
  echo '2/3 Install containerd, kubelet and kubeadm 1.37.1'
  bash /usr/local/sbin/omni-install 1.37.1
  echo '3/3 Join'
  kubeadm join --config /etc/kubernetes/omni-join.yaml
  echo 'This machine has joined team-a/berlin. Watch it become Ready: kubectl get edges'
}

# Nothing runs before the whole script is there.
main "$@"
