#!/usr/bin/env bash
# Prepares a region of your Google Cloud project for OMNI and registers it: a
# firewall rule in your network that lets its machines reach each other, and a service account
# with a role of its own that OMNI impersonates without any key.
# Run it as often as you like: what is there already is found by its name and kept.
#
# Needs: bash 4.4, gcloud with credentials that may make the above, and
# curl. This script holds a registration token: keep it secret.
set -euo pipefail

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "omni: bash $BASH_VERSION is too old: install bash 4.4 or newer" >&2
  exit 1
fi
shopt -s inherit_errexit

readonly LOCATION='gcp-iowa' NAMESPACE='team-a' CLUSTER_ID='8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d'
readonly REGION='us-central1' ZONES=('us-central1-a' 'us-central1-f' )
# Names of what is made: of the network, what is in it and its network tag; of the
# service account and the identity pool; of the role.
readonly NAME='omni-gcp-iowa-9fdfbe87' ACCOUNT_ID='omni-9fdfbe8774872c7eaf31' ROLE_ID='omni_9fdfbe8774872c7eaf31'
# Says whose a thing is: of all that is made here, nothing can carry labels.
readonly DESCRIPTION="OMNI edge location $NAMESPACE/$LOCATION of cluster $CLUSTER_ID"
# What is registered in spec.gcp; empty: nothing, and the project is gcloud's own.
readonly REGISTERED_PROJECT='my-project-123456'
readonly NETWORK='edges' SUBNETWORK='edges-iowa' # yours
readonly ISSUER='https://kubernetes.default.svc.cluster.local' SUBJECT='system:serviceaccount:omni-system:omni-controller'
# Lets in one service account of the main cluster, in Google's language (CEL).
readonly CONDITION="assertion.sub == '$SUBJECT'"
readonly PERMISSIONS='compute.disks.create,compute.disks.setLabels,compute.instances.create,compute.instances.delete,compute.instances.get,compute.instances.getSerialPortOutput,compute.instances.list,compute.instances.setLabels,compute.instances.setMetadata,compute.instances.setTags,compute.machineTypes.list,compute.subnetworks.use,compute.zoneOperations.get'
readonly SERVICES=(
  'cloudbilling.googleapis.com'
  'cloudresourcemanager.googleapis.com'
  'compute.googleapis.com'
  'iam.googleapis.com'
  'iamcredentials.googleapis.com'
  'sts.googleapis.com'
)
readonly ONBOARDING_URL='https://omni.example.com/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/gcp-iowa/onboarding'
readonly CA_BUNDLE='LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=' # PEM in base64; empty: the system's authorities
readonly TOKEN='registration-token'
readonly STEPS=9

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

foreign() {
  die "$1 is there, and its description is not \"$DESCRIPTION\": OMNI did not make it for this location; rename or delete it, and run this again"
}

# eventually COMMAND...: changes a policy that names what was made a moment ago. IAM
# may see that some seconds later only, and says nothing when it does.
# https://cloud.google.com/iam/docs/access-change-propagation
eventually() {
  local pause said
  for pause in 2 4 8 16 0; do
    if said=$(change "$@" 2>&1); then
      return 0
    fi
    [[ $said == *'does not exist'* && $pause != 0 ]] || break
    sleep "$pause"
  done
  printf '%s\n' "$said" >&2
  return 1
}

enable_services() {
  local enabled service
  local -a missing=()
  enabled=$(gcloud services list --enabled --format='value(config.name)')
  for service in "${SERVICES[@]}"; do
    [[ $'\n'$enabled$'\n' == *$'\n'$service$'\n'* ]] || missing+=("$service")
  done
  if ((${#missing[@]} > 0)); then
    change services enable "${missing[@]}"
    echo "  enabled ${missing[*]}"
  fi
}

find_zones() {
  local up zone
  up=$(gcloud compute zones list --filter="name~\"^$REGION-[a-z]\$\" AND status=UP" --format='value(name)')
  zones=("${ZONES[@]}")
  ((${#zones[@]} > 0)) || read -r -d '' -a zones <<<"$up" || true
  ((${#zones[@]} > 0)) || die "the region $REGION has no zone for the project $PROJECT"
  ZONE_LIST=''
  for zone in "${zones[@]}"; do
    [[ $'\n'$up$'\n' == *$'\n'$zone$'\n'* ]] || die "the zone $zone is not there or not up: name others in spec.zones of the location, or run this again later"
    ZONE_LIST+="${ZONE_LIST:+,}\"$zone\""
  done
  echo "  zones ${zones[*]}"
}

check_network() {
  listing 'name,network.basename()' compute networks subnets list --regions="$REGION"
  [[ $'\n'$LISTED$'\n' == *$'\n'"$SUBNETWORK|$NETWORK"$'\n'* ]] ||
    die "the network $NETWORK of the project $PROJECT has no subnetwork $SUBNETWORK in $REGION: ask for a script with the network and subnetwork it has"
  echo "  $NETWORK, $SUBNETWORK"
}

check_nat() {
  listing 'network.basename(),nats[].name.list()' compute routers list --regions="$REGION"
  [[ $'\n'$LISTED == *$'\n'"$NETWORK|"[a-z]* ]] ||
    echo "  warning: $NETWORK has no Cloud NAT in $REGION: machines have no external address and need another way out" >&2
}

# ensure_firewall: without another rule a network lets everything out and nothing in.
ensure_firewall() {
  look_firewall
  [[ -n $FOUND ]] || change compute firewall-rules create "$NAME" --network="$NETWORK" --direction=INGRESS --action=ALLOW \
    --rules=all --source-tags="$NAME" --target-tags="$NAME" --description="$DESCRIPTION"
  [[ -z $FOUND || ${FOUND#*|} == "$NETWORK" ]] ||
    die "the firewall rule $NAME is in the network ${FOUND#*|}, not in $NETWORK: off-board the location before it moves to another network"
  echo "  $NAME"
}

ensure_account() {
  look_account
  [[ -n $FOUND ]] || change iam service-accounts create "$ACCOUNT_ID" --display-name="OMNI $NAMESPACE/$LOCATION" --description="$DESCRIPTION"
  echo "  $EMAIL"
}

# create_role: the name of a role that was deleted more than 7 days ago is taken for
# 30 more. https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role
create_role() {
  local suffix said
  for suffix in '' _2 _3 _4 _5 _6 _7 _8 _9; do
    ROLE=$ROLE_ID$suffix
    if said=$(change iam roles create "$ROLE" --project="$PROJECT" --title="OMNI $NAMESPACE/$LOCATION" --description="$DESCRIPTION" \
      --permissions="$PERMISSIONS" --stage=GA 2>&1); then
      return 0
    fi
    [[ $said == *'marked for deletion'* ]] || break
  done
  printf '%s\n' "$said" >&2
  return 1
}

ensure_role() {
  local permissions
  look_role
  ROLE=${FOUND%%|*}
  if [[ -z $FOUND ]]; then
    create_role
  else
    [[ $FOUND != *'|True' ]] || change iam roles undelete "$ROLE" --project="$PROJECT"
    permissions=$(gcloud iam roles describe "$ROLE" --project="$PROJECT" --format='value(includedPermissions.list())')
    [[ $permissions == "$PERMISSIONS" ]] || change iam roles update "$ROLE" --project="$PROJECT" --permissions="$PERMISSIONS"
  fi
  ROLE=projects/$PROJECT/roles/$ROLE
  look_binding "$ROLE" "serviceAccount:$EMAIL" projects get-iam-policy "$PROJECT"
  [[ -n $BOUND ]] ||
    eventually projects add-iam-policy-binding "$PROJECT" --member="serviceAccount:$EMAIL" --role="$ROLE" --condition=None
  echo "  $ROLE"
}

ensure_pool() {
  look_pool
  case $FOUND in
    '') change iam workload-identity-pools create "$ACCOUNT_ID" --location=global --display-name='OMNI' --description="$DESCRIPTION" ;;
    *'|DELETED') change iam workload-identity-pools undelete "$ACCOUNT_ID" --location=global ;;
  esac
}

ensure_provider() {
  local -a provider=(main --workload-identity-pool="$ACCOUNT_ID" --location=global)
  local -a trust=(--issuer-uri="$ISSUER" --attribute-mapping=google.subject=assertion.sub --attribute-condition="$CONDITION")
  look_provider
  if [[ -z $FOUND ]]; then
    change iam workload-identity-pools providers create-oidc "${provider[@]}" "${trust[@]}" --display-name='Main cluster' --description="$DESCRIPTION"
  else
    [[ $FOUND != 'main|DELETED|'* ]] || change iam workload-identity-pools providers undelete "${provider[@]}"
    [[ ${FOUND#*|*|} == "$ISSUER|$CONDITION" ]] || change iam workload-identity-pools providers update-oidc "${provider[@]}" "${trust[@]}"
  fi
  PROVIDER=projects/$PROJECT_NUMBER/locations/global/workloadIdentityPools/$ACCOUNT_ID/providers/main
  echo "  $PROVIDER"
  echo "  warning: Google must be able to read $ISSUER/.well-known/openid-configuration and the keys it names: give the cluster a public issuer, hand its keys over (docs/onboarding.md), or use spec.credentials" >&2
}

# ensure_impersonation: of the service account, by one subject of the pool.
ensure_impersonation() {
  local role=roles/iam.workloadIdentityUser
  local member=principal://iam.googleapis.com/projects/$PROJECT_NUMBER/locations/global/workloadIdentityPools/$ACCOUNT_ID/subject/$SUBJECT
  look_binding "$role" "$member" iam service-accounts get-iam-policy "$EMAIL"
  [[ -n $BOUND ]] ||
    eventually iam service-accounts add-iam-policy-binding "$EMAIL" --member="$member" --role="$role"
}

# onboarding: what is registered. Every value is an identifier of Google Cloud or the token.
onboarding() {
  printf '{"apiVersion":"omni.cast.ai/v1beta1","kind":"Onboarding","spec":{'
  printf '"token":"%s",' "$TOKEN"
  printf '"gcp":{"projectID":"%s","network":"%s","subnetwork":"%s","zones":[%s],"networkTags":["%s"],"serviceAccount":"%s","workloadIdentityProvider":"%s"}}}' \
    "$PROJECT" "$NETWORK" "$SUBNETWORK" "$ZONE_LIST" "$NAME" "$EMAIL" "$PROVIDER"
}

# register: the token goes through a pipe, as arguments are seen by every user.
register() {
  local answer status
  local -a authorities=()
  if [[ -n $CA_BUNDLE ]]; then
    CA_FILE=$(mktemp)
    trap 'rm -f "$CA_FILE"' EXIT
    printf '%s' "$CA_BUNDLE" | base64 --decode >"$CA_FILE"
    authorities=(--cacert "$CA_FILE")
  fi
  answer=$(onboarding | curl --silent --show-error --proto '=https' --max-time 60 --retry 3 "${authorities[@]}" \
    --header 'Content-Type: application/json' --data-binary @- --write-out '\n%{http_code}' "$ONBOARDING_URL") ||
    die "$ONBOARDING_URL cannot be reached: run this script again from where it can"
  status=${answer##*$'\n'}
  case $status in
    2??) echo '  registered' ;;
    403)
      [[ $answer == *'"AlreadyRegistered"'* ]] || die "the registration was refused: the token may be used or expired, ask for a new script: ${answer%$'\n'*}"
      echo '  already registered'
      ;;
    *) die "the registration failed with HTTP status $status: ${answer%$'\n'*}" ;;
  esac
}


main() {
  step 1 'Check the tools and the project'
  check_tools gcloud curl
  check_project
  not_finished
  step 2 'Services and zones'
  enable_services
  find_zones
  step 3 'Network'
  check_network
  step 4 'Cloud NAT'
  check_nat
  step 5 'Firewall'
  ensure_firewall
  step 6 'Service account'
  ensure_account
  step 7 'Role'
  ensure_role
  step 8 'Identity pool'
  ensure_pool
  ensure_provider
  ensure_impersonation
  step 9 "Register $NAMESPACE/$LOCATION"
  register
  echo
  echo "The location $NAMESPACE/$LOCATION is on board: $NETWORK in $REGION of $PROJECT, ${#zones[@]} zones."
  echo "Next: allow it in a NodeTemplate of the namespace $NAMESPACE (spec.edgeLocations)."
}

# Nothing runs before the whole script is there.
main "$@"
