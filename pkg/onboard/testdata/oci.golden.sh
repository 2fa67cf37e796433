#!/usr/bin/env bash
# Prepares a region of your Oracle Cloud tenancy for OMNI and registers it: a VCN of
# its own whose only way out is a NAT gateway, a private subnet for all availability
# domains, a security group that is closed to the internet, and a user with an API key
# who may launch and terminate machines in one compartment. The key goes into a Secret
# of the main cluster and nowhere else.
# Run it as often as you like: what is there already is found by its tags and kept.
#
# Needs: kubectl with your kubeconfig of the main cluster and its plugin kubectl-omni,
# which does the work and is given the arguments of this script, and the configuration
# of the OCI CLI (~/.oci/config) with a user who may make the above.
set -euo pipefail

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "omni: bash $BASH_VERSION is too old: install bash 4.4 or newer" >&2
  exit 1
fi
shopt -s inherit_errexit

if ! command -v kubectl-omni >/dev/null; then
  echo 'omni: the kubectl plugin is not installed: go install github.com/castai/omni/cmd/kubectl-omni@latest' >&2
  exit 1
fi

exec kubectl omni onboard 'oci-phoenix' --namespace 'team-a' "$@"
