#!/usr/bin/env bash
# Deletes what the onboarding script of OMNI made in your Google Cloud project for
# one edge location: the network, the role, the identity pool and the service
# account. All of it is found by its name; what OMNI did not make is left as it is,
# and so are the services that were enabled.
# Machines have to be gone first, and nothing is deleted before that is certain.
# Run it again if it breaks off: what is gone is gone, and it goes on from there.
#
# Needs: bash 4.4, gcloud with credentials that may delete the above, and kubectl
# with your kubeconfig of the main cluster.
set -euo pipefail

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "omni: bash $BASH_VERSION is too old: install bash 4.4 or newer" >&2
  exit 1
fi
shopt -s inherit_errexit

readonly LOCATION='gcp-iowa' NAMESPACE='team-a' CLUSTER_ID='8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d'
readonly REGION='us-central1'
# Names of what is made: of the network, what is in it and its network tag; of the
# service account and the identity pool; of the role.
readonly NAME='omni-gcp-iowa-9fdfbe87' ACCOUNT_ID='omni-9fdfbe8774872c7eaf31' ROLE_ID='omni_9fdfbe8774872c7eaf31'
# Says whose a thing is: of all that is made here, nothing can carry labels.
readonly DESCRIPTION="OMNI edge location $NAMESPACE/$LOCATION of cluster $CLUSTER_ID"
# What is registered in spec.gcp; empty: nothing, and the project is gcloud's own.
readonly REGISTERED_PROJECT='my-project-123456'
readonly REGISTERED_NETWORK='omni-gcp-iowa-47c0f0ab' REGISTERED_ACCOUNT='omni-47c0f0ab47c0f0ab47c0@my-project-123456.iam.gserviceaccount.com'
# Labels of the location's machines.
readonly LABELS='8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d|team-a|gcp-iowa'
readonly STEPS=8
DELETED=0
KEPT=()

export CLOUDSDK_CORE_DISABLE_PROMPTS=1 CLOUDSDK_CORE_VERBOSITY=error

die() {
  printf 'omni: %s\n' "$1" >&2
  exit 1
}

step() { printf '[%d/%d] %s\n' "$1" "$STEPS" "$2"; }

# check_tools TOOL...
check_tools() {
  local tool
  local -A where=(
    [gcloud]=https://cloud.google.com/sdk/docs/install
    [curl]=https://curl.se/download.html
    [kubectl]=https://kubernetes.io/docs/tasks/tools/
  )
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is not installed: see ${where[$tool]}"
  done
}

# change COMMAND...: gcloud, without a word unless it fails.
change() { gcloud "$@" --no-user-output-enabled; }

# listing FIELDS COMMAND...: sets LISTED to what the listing COMMAND knows, a line for
# each thing, with bars between its FIELDS. What gcloud could not ask for, or you may
# not see, it leaves out and only warns: that must not look like "there is none". It
# warns of a list that is empty, too, if it has looked in one region.
listing() {
  local fields=$1 harmless='WARNING: The following filter keys were not present'
  shift
  if ! LISTED=$(CLOUDSDK_CORE_VERBOSITY=warning gcloud "$@" --format="value[separator='|']($fields)" 2>&1) ||
    [[ $'\n'${LISTED//"$harmless"/} == *$'\n'WARNING:* ]]; then
    printf '%s\n' "$LISTED" >&2
    return 1
  fi
}

# look KIND NAME FIELDS COMMAND...: sets FOUND to the FIELDS, of which the name comes
# first, of the thing in a listing that has the NAME, or to nothing. What OMNI did not
# make for this location is foreign.
look() {
  local kind=$1 name=$2 line
  listing "$3,description" "${@:4}"
  FOUND=''
  while IFS= read -r line; do
    if [[ ${line%%|*} =~ ^$name$ ]]; then
      FOUND=${line%|*}
      [[ ${line##*|} == "$DESCRIPTION" ]] || foreign "the $kind ${line%%|*}"
      break
    fi
  done <<<"$LISTED"
}

# look_role: one that is not deleted comes first. Its name ends in a number when the
# one before could not be used again.
look_role() {
  look role "$ROLE_ID(_[2-9])?" 'name.basename(),deleted' iam roles list --project="$PROJECT" --show-deleted --sort-by=deleted
}

look_pool() {
  look 'identity pool' "$ACCOUNT_ID" 'name.basename(),state' iam workload-identity-pools list --location=global --show-deleted
}

look_provider() {
  look 'identity provider' main 'name.basename(),state,oidc.issuerUri,attributeCondition' iam workload-identity-pools providers list \
    --workload-identity-pool="$ACCOUNT_ID" --location=global --show-deleted
}

look_account() {
  look 'service account' "${EMAIL//./\\.}" email iam service-accounts list
}

look_network() {
  look network "$NAME" name compute networks list
}

look_subnetwork() {
  look subnetwork "$NAME" 'name,ipCidrRange' compute networks subnets list --regions="$REGION"
}

look_router() {
  look router "$NAME" 'name,nats[].name.list()' compute routers list --regions="$REGION"
}

look_firewall() {
  look 'firewall rule' "$NAME" 'name,network.basename()' compute firewall-rules list
}

# look_binding ROLE MEMBER COMMAND...: sets BOUND to the ROLE if the policy that the
# COMMAND shows gives it to the MEMBER, or to nothing.
look_binding() {
  local role=$1 member=$2
  shift 2
  BOUND=$(gcloud "$@" --flatten='bindings[].members' --filter="bindings.role=\"$role\" AND bindings.members=\"$member\"" --format='value(bindings.role)')
}

check_project() {
  PROJECT=$REGISTERED_PROJECT
  [[ -n $PROJECT ]] || PROJECT=$(gcloud config get project 2>/dev/null) || true
  [[ -n $PROJECT ]] || die 'gcloud has no project: run gcloud config set project PROJECT_ID'
  export CLOUDSDK_CORE_PROJECT="$PROJECT"
  PROJECT_NUMBER=$(gcloud projects describe "$PROJECT" --format='value(projectNumber)') ||
    die "the project $PROJECT cannot be read with your credentials: see above; run gcloud auth login, or gcloud config set project PROJECT_ID"
  EMAIL=$ACCOUNT_ID@$PROJECT.iam.gserviceaccount.com
  echo "  project $PROJECT ($PROJECT_NUMBER)"
}

# not_finished: what a command that failed has to say comes before.
not_finished() {
  set -o errtrace
  trap '((BASH_SUBSHELL)) || echo "omni: not finished: mend what is said above and run this again" >&2' ERR
}

# deleted WHAT, kept WHAT WHY: what the summary counts.
deleted() {
  echo "  $1 deleted"
  DELETED=$((DELETED + 1))
}

kept() {
  echo "  $1 stays: $2"
  KEPT+=("$1: $2")
}

foreign() {
  kept "$1" 'OMNI did not make it for this location'
  FOUND=''
}

# delete_found KIND COMMAND...: deletes what look found.
delete_found() {
  local kind=$1
  shift
  [[ -n $FOUND ]] || return 0
  change "$@"
  deleted "the $kind ${FOUND%%|*}"
}

# check_edges: an edge that has no machine yet may get one at any time.
check_edges() {
  local edges
  edges=$(kubectl get edges.omni.cast.ai --namespace "$NAMESPACE" --field-selector "spec.edgeLocationName=$LOCATION" --ignore-not-found --output name) ||
    die "the main cluster does not say whether $NAMESPACE/$LOCATION has edges: see above, mend it and run this again"
  [[ -z $edges ]] ||
    die "$NAMESPACE/$LOCATION still has edges (${edges//$'\n'/, }): delete the edge location, wait until it is gone, and run this again"
  EDGE_LOCATION=$(kubectl get edgelocations.omni.cast.ai "$LOCATION" --namespace "$NAMESPACE" --ignore-not-found --output name) ||
    die "the main cluster does not say whether $NAMESPACE/$LOCATION exists: see above, mend it and run this again"
}

# check_machines: those with our labels, and whatever else is in the network.
check_machines() {
  local name labels networks
  local -a ours=() others=()
  listing 'name,labels.omni-cluster-id,labels.omni-namespace,labels.omni-edge-location,networkInterfaces[].network.map().basename().list()' compute instances list
  while IFS='|' read -r name labels; do
    networks=,${labels##*|},
    labels=${labels%|*}
    if [[ $labels == "$LABELS" ]]; then
      ours+=("$name")
    elif [[ $networks == *",$NAME,"* ]]; then
      others+=("$name")
    fi
  done <<<"$LISTED"
  ((${#ours[@]} == 0)) ||
    die "machines of $NAMESPACE/$LOCATION are still there (${ours[*]}): delete the edge location, wait until it is gone, and run this again"
  ((${#others[@]} == 0)) ||
    die "machines that OMNI did not make are in $NAME (${others[*]}): delete or move them, and run this again"
  echo '  no machine is left'
}

check_registered() {
  [[ -z $REGISTERED_NETWORK || $REGISTERED_NETWORK == "$NAME" ]] ||
    kept "the network $REGISTERED_NETWORK with all that is in it" 'OMNI did not make this network'
  [[ -z $REGISTERED_ACCOUNT || $REGISTERED_ACCOUNT == "$EMAIL" ]] ||
    kept "the service account $REGISTERED_ACCOUNT" 'OMNI did not make it for this location'
}

delete_network() {
  look_subnetwork
  delete_found subnetwork compute networks subnets delete "$NAME" --region="$REGION"
  look_network
  delete_found network compute networks delete "$NAME"
}

# delete_role: comes after the network, as without the role nobody could delete a
# machine that was launched a moment ago. Without the network there is none.
delete_role() {
  local role
  look_role
  [[ -n $FOUND ]] || return 0
  role=projects/$PROJECT/roles/${FOUND%%|*}
  look_binding "$role" "serviceAccount:$EMAIL" projects get-iam-policy "$PROJECT"
  [[ -z $BOUND ]] ||
    change projects remove-iam-policy-binding "$PROJECT" --member="serviceAccount:$EMAIL" --role="$role" --condition=None
  [[ $FOUND == *'|True' ]] || delete_found role iam roles delete "${FOUND%%|*}" --project="$PROJECT"
}

delete_pool() {
  look_pool
  [[ $FOUND == *'|ACTIVE' ]] || return 0
  look_provider
  [[ $FOUND != 'main|ACTIVE|'* ]] ||
    delete_found 'identity provider' iam workload-identity-pools providers delete main --workload-identity-pool="$ACCOUNT_ID" --location=global
  FOUND=$ACCOUNT_ID
  delete_found 'identity pool' iam workload-identity-pools delete "$ACCOUNT_ID" --location=global
}

summary() {
  local line
  echo
  echo "The location $NAMESPACE/$LOCATION ($NAME) is off board: $DELETED things deleted, ${#KEPT[@]} left as they are."
  for line in "${KEPT[@]}"; do
    echo "  left: $line"
  done
  [[ -z $EDGE_LOCATION ]] || echo "Next: kubectl delete edgelocation $LOCATION --namespace $NAMESPACE"
}

main() {
  step 1 'Check the tools and the project'
  check_tools gcloud kubectl
  check_project
  step 2 'Check that no machine is left'
  check_edges
  check_machines
  check_registered
  not_finished
  step 3 'Cloud NAT'
  look_router
  delete_found router compute routers delete "$NAME" --region="$REGION"
  step 4 'Firewall'
  look_firewall
  delete_found 'firewall rule' compute firewall-rules delete "$NAME"
  step 5 'Network'
  delete_network
  step 6 'Role'
  delete_role
  step 7 'Identity pool'
  delete_pool
  step 8 'Service account'
  look_account
  delete_found 'service account' iam service-accounts delete "$EMAIL"
  summary
  echo 'Google keeps a deleted role for 7 days, an identity pool and a service account for 30, out of use and without cost;'
  echo 'the onboarding script brings them back, or makes the service account anew.'
}

# Nothing runs before the whole script is there.
main "$@"
