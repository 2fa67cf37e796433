#!/usr/bin/env bash
# Deletes what the onboarding of OMNI made in your Oracle Cloud tenancy for one edge
# location: the network, the user with its key, the group, the policy, and the Secret
# of the main cluster. All of it is found by its tags; what OMNI did not make is left
# as it is. Machines have to be gone first, and nothing is deleted before that is
# certain.
# Run it again if it breaks off: what is gone is gone, and it goes on from there.
#
# Needs: kubectl with your kubeconfig of the main cluster and its plugin kubectl-omni,
# which does the work and is given the arguments of this script, and the configuration
# of the OCI CLI (~/.oci/config) with a user who may delete the above.
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

exec kubectl omni offboard 'oci-phoenix' --namespace 'team-a' \
  --cluster-id 'main' --region 'us-phoenix-1' \
  --compartment 'ocid1.compartment.oc1..aaaaaaaa' \
  --vcn 'ocid1.vcn.oc1.phx.aaaaaaaa' \
  --secret 'oci-phoenix-oci' "$@"
