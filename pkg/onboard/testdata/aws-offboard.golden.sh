#!/usr/bin/env bash
# Deletes what the onboarding script of OMNI made in your AWS account for one edge
# location: the network, the role and, when nothing else uses it, the identity
# provider. All of it is found by its tags; what OMNI did not make is left as it is.
# Machines have to be gone first, and nothing is deleted before that is certain.
# Run it again if it breaks off: what is gone is gone, and it goes on from there.
#
# Needs: bash 4.4, the AWS CLI with credentials that may delete the above, and
# kubectl with your kubeconfig of the main cluster.
set -euo pipefail

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "omni: bash $BASH_VERSION is too old: install bash 4.4 or newer" >&2
  exit 1
fi
shopt -s inherit_errexit

readonly LOCATION='aws-oregon' NAMESPACE='team-a' CLUSTER_ID='8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d'
readonly REGION='us-west-2' NAME='omni-aws-oregon'
readonly ROLE_NAME='omni-aws-oregon-bbc142d0' ISSUER_HOST='oidc.example.com/id/MAIN'
# What is registered in spec.aws; empty: nothing.
readonly REGISTERED_ACCOUNT='123456789012' REGISTERED_VPC='vpc-0a1b2c3d4e5f60718'
readonly REGISTERED_ROLE='arn:aws:iam::123456789012:role/omni-aws-oregon-d4a06b0e'
# Inner part of a JSON list: filters that find what was made.
readonly FILTERS='{"Name":"tag:omni.cast.ai/cluster-id","Values":["8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d"]},{"Name":"tag:omni.cast.ai/namespace","Values":["team-a"]},{"Name":"tag:omni.cast.ai/edge-location","Values":["aws-oregon"]}'
readonly STEPS=9
DELETED=0
KEPT=()

export AWS_REGION="$REGION" AWS_DEFAULT_REGION="$REGION" AWS_DEFAULT_OUTPUT=text AWS_PAGER=''

die() {
  printf 'omni: %s\n' "$1" >&2
  exit 1
}

step() { printf '[%d/%d] %s\n' "$1" "$STEPS" "$2"; }

# own [NAME VALUE[,VALUE]]...: the filters that find our resources.
own() {
  printf '[%s' "$FILTERS"
  while (($# > 1)); do
    printf ',{"Name":"%s","Values":["%s"]}' "$1" "${2//,/\",\"}"
    shift 2
  done
  printf ']'
}

# ids SERVICE COMMAND...: sets IDS to the identifiers that aws prints, if any. A
# command that fails ends the script: it must not look like "there is none".
ids() {
  local answer
  answer=$(aws "$@")
  read -r -d '' -a IDS <<<"${answer//None/}" || true
}

# only KIND COMMAND...: the one identifier that aws ec2 COMMAND prints, or nothing.
only() {
  local kind=$1
  shift
  ids ec2 "$@"
  ((${#IDS[@]} < 2)) || die "there are ${#IDS[@]} $kind with the tags of $NAMESPACE/$LOCATION (${IDS[*]}): delete all but one and run this again"
  printf '%s' "${IDS[*]}"
}

# check_tools TOOL...
check_tools() {
  local tool
  local -A where=(
    [aws]=https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html
    [curl]=https://curl.se/download.html
    [kubectl]=https://kubernetes.io/docs/tasks/tools/
  )
  for tool in "$@"; do
    command -v "$tool" >/dev/null || die "$tool is not installed: see ${where[$tool]}"
  done
}

check_credentials() {
  local identity arn
  identity=$(aws sts get-caller-identity --query '[Account,Arn]' 2>/dev/null) ||
    die 'there are no working AWS credentials: run aws configure or aws sso login, then check with aws sts get-caller-identity'
  read -r ACCOUNT arn <<<"$identity"
  PARTITION=${arn#arn:}
  PARTITION=${PARTITION%%:*}
  echo "  account $ACCOUNT as $arn"
}

# the_provider: the identity provider of the main cluster in this account.
the_provider() { printf 'arn:%s:iam::%s:oidc-provider/%s' "$PARTITION" "$ACCOUNT" "$ISSUER_HOST"; }

# deleted WHAT, kept WHAT WHY: what the summary counts.
deleted() {
  echo "  $1 deleted"
  DELETED=$((DELETED + 1))
}

kept() {
  echo "  $1 stays: $2"
  KEPT+=("$1: $2")
}

# sweep COMMAND OPTION DESCRIBE...: deletes with aws ec2 COMMAND OPTION whatever aws
# ec2 DESCRIBE finds.
sweep() {
  local command=$1 option=$2 id
  shift 2
  ids ec2 "$@"
  for id in "${IDS[@]}"; do
    aws ec2 "$command" "$option" "$id" >/dev/null
    deleted "$id"
  done
}

check_account() {
  [[ -z $REGISTERED_ACCOUNT || $REGISTERED_ACCOUNT == "$ACCOUNT" ]] ||
    die "the location is in the account $REGISTERED_ACCOUNT, but your credentials are of $ACCOUNT: sign in to the account of the location"
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

# check_machines: those with our tags, and whatever else is in the network.
check_machines() {
  local states=pending,running,shutting-down,stopping,stopped
  ids ec2 describe-instances --filters "$(own instance-state-name "$states")" --query 'Reservations[].Instances[].InstanceId'
  ((${#IDS[@]} == 0)) ||
    die "machines of $NAMESPACE/$LOCATION are still there (${IDS[*]}): delete the edge location, wait until it is gone, and run this again"
  if [[ -n $VPC ]]; then
    ids ec2 describe-instances --filters "Name=vpc-id,Values=$VPC" "Name=instance-state-name,Values=$states" --query 'Reservations[].Instances[].InstanceId'
    ((${#IDS[@]} == 0)) ||
      die "machines that OMNI did not make are in $VPC (${IDS[*]}): terminate or move them, and run this again"
  fi
  echo '  no machine is left'
}

# find_vpc: the network is ours if the onboarding script made it, which the tag
# omni.cast.ai/tier says. One that was brought along may have the other tags.
find_vpc() {
  VPC=$(only VPCs describe-vpcs --filters "$(own tag:omni.cast.ai/tier shared)" --query 'Vpcs[].VpcId')
  if [[ -n $REGISTERED_VPC && $REGISTERED_VPC != "$VPC" ]]; then
    ids ec2 describe-vpcs --filters "Name=vpc-id,Values=$REGISTERED_VPC" --query 'Vpcs[].VpcId'
    ((${#IDS[@]} == 0)) || kept "$REGISTERED_VPC with all that is in it" 'OMNI did not make this network'
  fi
}

delete_nat_gateway() {
  sweep delete-nat-gateway --nat-gateway-id describe-nat-gateways \
    --filter "$(own tag:omni.cast.ai/tier shared state pending,available,failed)" --query 'NatGateways[].NatGatewayId'
  ids ec2 describe-nat-gateways --filter "$(own tag:omni.cast.ai/tier shared state deleting)" --query 'NatGateways[].NatGatewayId'
  if ((${#IDS[@]} > 0)); then
    echo "  waiting until ${IDS[*]} is gone"
    aws ec2 wait nat-gateway-deleted --nat-gateway-ids "${IDS[@]}"
  fi
  sweep release-address --allocation-id describe-addresses \
    --filters "$(own tag:omni.cast.ai/tier shared)" --query 'Addresses[].AllocationId'
}

# delete_subnets: the subnets of our network and the ways out of them.
delete_subnets() {
  [[ -n $VPC ]] || return 0
  sweep disassociate-route-table --association-id describe-route-tables \
    --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier public,private)" --query 'RouteTables[].Associations[].RouteTableAssociationId'
  sweep delete-subnet --subnet-id describe-subnets \
    --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier public,private)" --query 'Subnets[].SubnetId'
  sweep delete-route-table --route-table-id describe-route-tables \
    --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier public,private)" --query 'RouteTables[].RouteTableId'
}

delete_internet_gateway() {
  local igw attached
  igw=$(only 'internet gateways' describe-internet-gateways --filters "$(own tag:omni.cast.ai/tier shared)" --query 'InternetGateways[].InternetGatewayId')
  [[ -n $igw ]] || return 0
  ids ec2 describe-internet-gateways --internet-gateway-ids "$igw" --query 'InternetGateways[].Attachments[].VpcId'
  for attached in "${IDS[@]}"; do
    aws ec2 detach-internet-gateway --internet-gateway-id "$igw" --vpc-id "$attached"
  done
  aws ec2 delete-internet-gateway --internet-gateway-id "$igw"
  deleted "$igw"
}

delete_security_group() {
  [[ -n $VPC ]] || return 0
  sweep delete-security-group --group-id describe-security-groups \
    --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier shared)" --query 'SecurityGroups[].GroupId'
}

delete_vpc() {
  [[ -n $VPC ]] || return 0
  aws ec2 delete-vpc --vpc-id "$VPC"
  deleted "$VPC"
}

# delete_role: comes after the network, as without the role nobody could terminate
# a machine that was launched a moment ago. Without the network there is none.
delete_role() {
  local owner name
  [[ -z $REGISTERED_ROLE || $REGISTERED_ROLE == *":role/$ROLE_NAME" ]] || kept "$REGISTERED_ROLE" 'OMNI did not make this role'
  ids iam list-roles --query "Roles[?RoleName=='$ROLE_NAME'].RoleName"
  ((${#IDS[@]} > 0)) || return 0
  owner=$(aws iam list-role-tags --role-name "$ROLE_NAME" --query "Tags[?Key=='omni.cast.ai/cluster-id'].Value")
  if [[ $owner != "$CLUSTER_ID" ]]; then
    kept "the role $ROLE_NAME" "it has not the tag omni.cast.ai/cluster-id=$CLUSTER_ID"
    return 0
  fi
  ids iam list-role-policies --role-name "$ROLE_NAME" --query PolicyNames
  for name in "${IDS[@]}"; do
    aws iam delete-role-policy --role-name "$ROLE_NAME" --policy-name "$name"
  done
  ids iam list-attached-role-policies --role-name "$ROLE_NAME" --query 'AttachedPolicies[].PolicyArn'
  for name in "${IDS[@]}"; do
    aws iam detach-role-policy --role-name "$ROLE_NAME" --policy-arn "$name"
  done
  ids iam list-instance-profiles-for-role --role-name "$ROLE_NAME" --query 'InstanceProfiles[].InstanceProfileName'
  for name in "${IDS[@]}"; do
    aws iam remove-role-from-instance-profile --role-name "$ROLE_NAME" --instance-profile-name "$name"
    [[ $name != "$ROLE_NAME" ]] || aws iam delete-instance-profile --instance-profile-name "$name"
  done
  aws iam delete-role --role-name "$ROLE_NAME"
  deleted "the role $ROLE_NAME"
}

delete_identity_provider() {
  local provider owner
  provider=$(the_provider)
  ids iam list-open-id-connect-providers --query "OpenIDConnectProviderList[?Arn=='$provider'].Arn"
  ((${#IDS[@]} > 0)) || return 0
  owner=$(aws iam list-open-id-connect-provider-tags --open-id-connect-provider-arn "$provider" --query "Tags[?Key=='omni.cast.ai/cluster-id'].Value")
  if [[ $owner != "$CLUSTER_ID" ]]; then
    kept "$provider" 'OMNI did not make this identity provider'
    return 0
  fi
  ids iam list-roles --query "Roles[?contains(to_string(AssumeRolePolicyDocument), '$provider')].RoleName"
  if ((${#IDS[@]} > 0)); then
    kept "$provider" "these roles use it: ${IDS[*]}"
    return 0
  fi
  aws iam delete-open-id-connect-provider --open-id-connect-provider-arn "$provider"
  deleted "$provider"
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
  step 1 'Check the tools and the credentials'
  check_tools aws kubectl
  check_credentials
  check_account
  step 2 'Check that no machine is left'
  check_edges
  find_vpc
  check_machines
  set -o errtrace
  trap 'echo "omni: not finished: mend what is said above and run this again" >&2' ERR
  step 3 'NAT gateway'
  delete_nat_gateway
  step 4 'Subnets'
  delete_subnets
  step 5 'Internet gateway'
  delete_internet_gateway
  step 6 'Security group'
  delete_security_group
  step 7 'VPC'
  delete_vpc
  step 8 'Role'
  delete_role
  step 9 'Identity provider'
  delete_identity_provider
  summary
}

# Nothing runs before the whole script is there.
main "$@"
