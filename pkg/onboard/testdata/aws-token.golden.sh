#!/usr/bin/env bash
# Prepares a region of your AWS account for OMNI and registers it: a VPC of its own
# with a NAT gateway, one private subnet per zone, a security group that is closed to
# the internet, and an IAM role that OMNI assumes without any long-lived key.
# Run it as often as you like: what is there already is found by its tags and kept.
#
# Needs: bash 4.4, the AWS CLI with credentials that may make the above, and
# curl. This script holds a registration token: keep it secret.
set -euo pipefail

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 404)); then
  echo "omni: bash $BASH_VERSION is too old: install bash 4.4 or newer" >&2
  exit 1
fi
shopt -s inherit_errexit

readonly LOCATION='aws-oregon' NAMESPACE='team-a' CLUSTER_ID='8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d'
readonly REGION='us-west-2' ZONES=('us-west-2a' 'us-west-2b' )
readonly NAME='omni-aws-oregon' ROLE_NAME='omni-aws-oregon-bbc142d0'
readonly VPC_CIDR='10.9.0.0/20' PUBLIC_CIDR='10.9.0.0/28'
# The subnet of a zone by its letter: a is the first.
readonly PRIVATE_CIDRS=(
  '10.9.1.0/24'
  '10.9.2.0/24'
  '10.9.3.0/24'
  '10.9.4.0/24'
  '10.9.5.0/24'
  '10.9.6.0/24'
  '10.9.7.0/24'
  '10.9.8.0/24'
  '10.9.9.0/24'
  '10.9.10.0/24'
  '10.9.11.0/24'
  '10.9.12.0/24'
  '10.9.13.0/24'
  '10.9.14.0/24'
  '10.9.15.0/24'
)
readonly ISSUER='https://kubernetes.default.svc.cluster.local' ISSUER_HOST='kubernetes.default.svc.cluster.local'
# Inner parts of JSON lists: tags of what is made, filters that find it again.
readonly TAGS='{"Key":"omni.cast.ai/cluster-id","Value":"8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d"},{"Key":"omni.cast.ai/namespace","Value":"team-a"},{"Key":"omni.cast.ai/edge-location","Value":"aws-oregon"},{"Key":"Name","Value":"omni-aws-oregon"}'
readonly FILTERS='{"Name":"tag:omni.cast.ai/cluster-id","Values":["8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d"]},{"Name":"tag:omni.cast.ai/namespace","Values":["team-a"]},{"Name":"tag:omni.cast.ai/edge-location","Values":["aws-oregon"]}'
# IAM policies; @PARTITION@ and @ACCOUNT@ are filled in below.
readonly TRUST_POLICY='{"Statement":[{"Sid":"Controller","Effect":"Allow","Principal":{"Federated":"arn:@PARTITION@:iam::@ACCOUNT@:oidc-provider/kubernetes.default.svc.cluster.local"},"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"kubernetes.default.svc.cluster.local:aud":"sts.amazonaws.com","kubernetes.default.svc.cluster.local:sub":"system:serviceaccount:omni-system:omni-controller"}}}],"Version":"2012-10-17"}'
readonly POLICY='{"Statement":[{"Sid":"Read","Effect":"Allow","Action":["ec2:DescribeAvailabilityZones","ec2:DescribeImages","ec2:DescribeInstances","ec2:DescribeInstanceTypeOfferings","ec2:DescribeInstanceTypes","ec2:DescribeSecurityGroups","ec2:DescribeSpotPriceHistory","ec2:DescribeSubnets","ec2:DescribeVpcs"],"Resource":["*"],"Condition":{"StringEquals":{"aws:RequestedRegion":"us-west-2"}}},{"Sid":"Prices","Effect":"Allow","Action":["pricing:GetProducts"],"Resource":["*"]},{"Sid":"LaunchTagged","Effect":"Allow","Action":["ec2:RunInstances"],"Resource":["arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:instance/*","arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:volume/*"],"Condition":{"StringEquals":{"aws:RequestTag/omni.cast.ai/cluster-id":"8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d","aws:RequestTag/omni.cast.ai/edge-location":"aws-oregon","aws:RequestTag/omni.cast.ai/namespace":"team-a"}}},{"Sid":"LaunchInside","Effect":"Allow","Action":["ec2:RunInstances"],"Resource":["arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:security-group/*","arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:subnet/*"],"Condition":{"StringEquals":{"aws:ResourceTag/omni.cast.ai/cluster-id":"8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d","aws:ResourceTag/omni.cast.ai/edge-location":"aws-oregon","aws:ResourceTag/omni.cast.ai/namespace":"team-a"}}},{"Sid":"LaunchWith","Effect":"Allow","Action":["ec2:RunInstances"],"Resource":["arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:network-interface/*","arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:spot-instances-request/*","arn:@PARTITION@:ec2:us-west-2::image/*","arn:@PARTITION@:ec2:us-west-2::snapshot/*"]},{"Sid":"TagOnLaunch","Effect":"Allow","Action":["ec2:CreateTags"],"Resource":["arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:instance/*","arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:volume/*"],"Condition":{"StringEquals":{"ec2:CreateAction":"RunInstances"}}},{"Sid":"Own","Effect":"Allow","Action":["ec2:GetConsoleOutput","ec2:TerminateInstances"],"Resource":["arn:@PARTITION@:ec2:us-west-2:@ACCOUNT@:instance/*"],"Condition":{"StringEquals":{"aws:ResourceTag/omni.cast.ai/cluster-id":"8a2f6e0e-6e0c-4a4e-9d2e-2f1f1a1b1c1d","aws:ResourceTag/omni.cast.ai/edge-location":"aws-oregon","aws:ResourceTag/omni.cast.ai/namespace":"team-a"}}},{"Sid":"Images","Effect":"Allow","Action":["ssm:GetParameter"],"Resource":["arn:@PARTITION@:ssm:us-west-2::parameter/aws/service/canonical/*","arn:@PARTITION@:ssm:us-west-2::parameter/aws/service/deeplearning/*"]},{"Sid":"Spot","Effect":"Allow","Action":["iam:CreateServiceLinkedRole"],"Resource":["arn:@PARTITION@:iam::@ACCOUNT@:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"],"Condition":{"StringEquals":{"iam:AWSServiceName":"spot.amazonaws.com"}}}],"Version":"2012-10-17"}'
readonly ONBOARDING_URL='https://omni.example.com/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/aws-oregon/onboarding'
readonly CA_BUNDLE='LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=' # PEM in base64; empty: the system's authorities
readonly TOKEN='registration-token'
readonly STEPS=9

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

# spec TYPE [TIER]: the tag specification of a new resource.
spec() {
  printf '[{"ResourceType":"%s","Tags":[%s,{"Key":"omni.cast.ai/tier","Value":"%s"}]}]' "$1" "$TAGS" "${2:-shared}"
}

ensure_vpc() {
  local cidr=$VPC_CIDR
  VPC=$(only VPCs describe-vpcs --filters "$(own)" --query 'Vpcs[].VpcId')
  if [[ -z $VPC ]]; then
    VPC=$(aws ec2 create-vpc --cidr-block "$VPC_CIDR" --tag-specifications "$(spec vpc)" --query Vpc.VpcId)
    aws ec2 wait vpc-available --vpc-ids "$VPC"
  else
    cidr=$(aws ec2 describe-vpcs --vpc-ids "$VPC" --query 'Vpcs[0].CidrBlock')
  fi
  [[ $cidr == "$VPC_CIDR" ]] || die "$VPC has the range $cidr, not $VPC_CIDR: ask for a script with vpcCIDR=$cidr"
  aws ec2 modify-vpc-attribute --vpc-id "$VPC" --enable-dns-support
  aws ec2 modify-vpc-attribute --vpc-id "$VPC" --enable-dns-hostnames
  echo "  $VPC $cidr"
}

ensure_internet_gateway() {
  local attached=''
  IGW=$(only 'internet gateways' describe-internet-gateways --filters "$(own)" --query 'InternetGateways[].InternetGatewayId')
  if [[ -z $IGW ]]; then
    IGW=$(aws ec2 create-internet-gateway --tag-specifications "$(spec internet-gateway)" --query InternetGateway.InternetGatewayId)
  else
    attached=$(aws ec2 describe-internet-gateways --internet-gateway-ids "$IGW" --query 'InternetGateways[0].Attachments[0].VpcId')
  fi
  [[ $attached == "$VPC" ]] || aws ec2 attach-internet-gateway --internet-gateway-id "$IGW" --vpc-id "$VPC"
  echo "  $IGW"
}

# ensure_route_table TIER TARGET ID: a table whose default route is TARGET ID. Sets
# ROUTE_TABLE, and ROUTED to the subnets and the default route it had.
ensure_route_table() {
  local verb=create-route
  ROUTED=''
  ROUTE_TABLE=$(only "$1 route tables" describe-route-tables --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier "$1")" --query 'RouteTables[].RouteTableId')
  if [[ -z $ROUTE_TABLE ]]; then
    ROUTE_TABLE=$(aws ec2 create-route-table --vpc-id "$VPC" --tag-specifications "$(spec route-table "$1")" --query RouteTable.RouteTableId)
  else
    ROUTED=$(aws ec2 describe-route-tables --route-table-ids "$ROUTE_TABLE" \
      --query "RouteTables[0].[Associations[].SubnetId,Routes[?DestinationCidrBlock=='0.0.0.0/0'].[GatewayId,NatGatewayId][]][]")
  fi
  [[ $ROUTED != *"$3"* ]] || return 0
  # A route to a gateway that was deleted since is still there.
  [[ $ROUTED != *igw-* && $ROUTED != *nat-* ]] || verb=replace-route
  aws ec2 "$verb" --route-table-id "$ROUTE_TABLE" --destination-cidr-block 0.0.0.0/0 "$2" "$3" >/dev/null
}

# associate SUBNET: ROUTE_TABLE is for it.
associate() {
  [[ $ROUTED == *"$1"* ]] || aws ec2 associate-route-table --route-table-id "$ROUTE_TABLE" --subnet-id "$1" >/dev/null
}

# create_subnet TIER ZONE CIDR: prints its identifier.
create_subnet() {
  aws ec2 create-subnet --vpc-id "$VPC" --availability-zone "$2" --cidr-block "$3" --tag-specifications "$(spec subnet "$1")" --query Subnet.SubnetId
}

find_zones() {
  local names
  zones=("${ZONES[@]}")
  if ((${#zones[@]} == 0)); then
    names=$(aws ec2 describe-availability-zones --filters Name=zone-type,Values=availability-zone Name=state,Values=available --query 'sort(AvailabilityZones[].ZoneName)')
    read -r -a zones <<<"$names"
  fi
  ((${#zones[@]} > 0)) || die "the region $REGION has no available zone for this account"
}

ensure_public_subnet() {
  PUBLIC_SUBNET=$(only 'public subnets' describe-subnets --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier public)" --query 'Subnets[].SubnetId')
  [[ -n $PUBLIC_SUBNET ]] || PUBLIC_SUBNET=$(create_subnet public "${zones[0]}" "$PUBLIC_CIDR")
  aws ec2 wait subnet-available --subnet-ids "$PUBLIC_SUBNET"
  ensure_route_table public --gateway-id "$IGW"
  associate "$PUBLIC_SUBNET"
  echo "  $PUBLIC_SUBNET $PUBLIC_CIDR"
}

ensure_nat_gateway() {
  local address
  NAT=$(only 'NAT gateways' describe-nat-gateways --filter "$(own vpc-id "$VPC" state pending,available)" --query 'NatGateways[].NatGatewayId')
  if [[ -z $NAT ]]; then
    address=$(only 'elastic IP addresses' describe-addresses --filters "$(own)" --query 'Addresses[].AllocationId')
    [[ -n $address ]] || address=$(aws ec2 allocate-address --domain vpc --tag-specifications "$(spec elastic-ip)" --query AllocationId)
    NAT=$(aws ec2 create-nat-gateway --subnet-id "$PUBLIC_SUBNET" --allocation-id "$address" --tag-specifications "$(spec natgateway)" --query NatGateway.NatGatewayId)
  fi
  echo "  $NAT, waiting until it is available"
  aws ec2 wait nat-gateway-available --nat-gateway-ids "$NAT"
}

ensure_private_subnets() {
  local zone subnet letter index existing
  local -A subnets=()
  SUBNET_IDS=''
  existing=$(aws ec2 describe-subnets --filters "$(own vpc-id "$VPC" tag:omni.cast.ai/tier private)" --query 'Subnets[].[AvailabilityZone,SubnetId]')
  while read -r zone subnet; do
    [[ -z $zone ]] || subnets[$zone]=$subnet
  done <<<"$existing"
  ensure_route_table private --nat-gateway-id "$NAT"
  for zone in "${zones[@]}"; do
    letter=${zone: -1}
    printf -v index '%d' "'$letter"
    index=$((index - 97)) # the letter a
    [[ -n ${PRIVATE_CIDRS[index]:-} ]] || die "the zone $zone has no part of $VPC_CIDR: name the zones of the location in spec.zones"
    [[ -n ${subnets[$zone]:-} ]] || subnets[$zone]=$(create_subnet private "$zone" "${PRIVATE_CIDRS[index]}")
    subnet=${subnets[$zone]}
    aws ec2 wait subnet-available --subnet-ids "$subnet"
    associate "$subnet"
    SUBNET_IDS+="${SUBNET_IDS:+,}\"$zone\":\"$subnet\""
    echo "  $subnet $zone"
  done
}

ensure_security_group() {
  local members=''
  SECURITY_GROUP=$(only 'security groups' describe-security-groups --filters "$(own vpc-id "$VPC")" --query 'SecurityGroups[].GroupId')
  if [[ -z $SECURITY_GROUP ]]; then
    # A new group lets everything out and nothing in.
    SECURITY_GROUP=$(aws ec2 create-security-group --group-name "$NAME" --description 'Machines of OMNI: everything from each other, nothing from outside' \
      --vpc-id "$VPC" --tag-specifications "$(spec security-group)" --query GroupId)
    aws ec2 wait security-group-exists --group-ids "$SECURITY_GROUP"
  else
    members=$(aws ec2 describe-security-groups --group-ids "$SECURITY_GROUP" --query 'SecurityGroups[0].IpPermissions[].UserIdGroupPairs[].GroupId')
  fi
  [[ $members == *"$SECURITY_GROUP"* ]] || aws ec2 authorize-security-group-ingress --group-id "$SECURITY_GROUP" \
    --ip-permissions "IpProtocol=-1,UserIdGroupPairs=[{GroupId=$SECURITY_GROUP}]" >/dev/null
  echo "  $SECURITY_GROUP"
}

# fill DOCUMENT: the policy with the partition and the account in it.
fill() {
  local document=${1//@PARTITION@/$PARTITION}
  printf '%s' "${document//@ACCOUNT@/$ACCOUNT}"
}

ensure_identity_provider() {
  local provider audiences
  provider=$(the_provider)
  ids iam list-open-id-connect-providers --query "OpenIDConnectProviderList[?Arn=='$provider'].Arn"
  if ((${#IDS[@]} == 0)); then
    # All locations of the cluster share it. One that was there already stays
    # without our tag: off-boarding leaves it to who made it.
    aws iam create-open-id-connect-provider --url "$ISSUER" --client-id-list sts.amazonaws.com \
      --tags "Key=omni.cast.ai/cluster-id,Value=$CLUSTER_ID" >/dev/null
  else
    audiences=$(aws iam get-open-id-connect-provider --open-id-connect-provider-arn "$provider" --query ClientIDList)
    [[ $audiences == *sts.amazonaws.com* ]] ||
      aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "$provider" --client-id sts.amazonaws.com
  fi
  echo "  $provider"
  echo "  warning: AWS must be able to read $ISSUER/.well-known/openid-configuration and the keys it names: give the cluster a public issuer, or use spec.credentials" >&2
}

ensure_role() {
  local trust
  trust=$(fill "$TRUST_POLICY")
  ROLE_ARN="arn:$PARTITION:iam::$ACCOUNT:role/$ROLE_NAME"
  ids iam list-roles --query "Roles[?RoleName=='$ROLE_NAME'].RoleName"
  if ((${#IDS[@]} == 0)); then
    aws iam create-role --role-name "$ROLE_NAME" --description "OMNI launches and terminates the machines of $NAMESPACE/$LOCATION" \
      --assume-role-policy-document "$trust" --tags "[$TAGS]" >/dev/null
  else
    aws iam update-assume-role-policy --role-name "$ROLE_NAME" --policy-document "$trust"
  fi
  aws iam put-role-policy --role-name "$ROLE_NAME" --policy-name omni --policy-document "$(fill "$POLICY")"
  echo "  $ROLE_ARN"
}

# onboarding: what is registered. Every value is an identifier of AWS or the token.
onboarding() {
  printf '{"apiVersion":"omni.cast.ai/v1beta1","kind":"Onboarding","spec":{'
  printf '"token":"%s",' "$TOKEN"
  printf '"aws":{"accountID":"%s","roleARN":"%s","vpcID":"%s","vpcCIDR":"%s","subnetIDs":{%s},"securityGroupID":"%s"}}}' \
    "$ACCOUNT" "$ROLE_ARN" "$VPC" "$VPC_CIDR" "$SUBNET_IDS" "$SECURITY_GROUP"
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
  step 1 'Check the tools and the credentials'
  check_tools aws curl
  check_credentials
  find_zones
  step 2 'VPC'
  ensure_vpc
  step 3 'Internet gateway and public subnet'
  ensure_internet_gateway
  ensure_public_subnet
  step 4 'NAT gateway'
  ensure_nat_gateway
  step 5 'Private subnets'
  ensure_private_subnets
  step 6 'Security group'
  ensure_security_group
  step 7 'Identity provider'
  ensure_identity_provider
  step 8 'Role'
  ensure_role
  step 9 "Register $NAMESPACE/$LOCATION"
  register
  echo
  echo "The location $NAMESPACE/$LOCATION is on board: $VPC in $REGION, ${#zones[@]} zones."
  echo "Next: allow it in a NodeTemplate of the namespace $NAMESPACE (spec.edgeLocations)."
}

# Nothing runs before the whole script is there.
main "$@"
