# shellcheck shell=bash disable=SC2034 # the variables are read by hack/demo.sh
# What is Oracle's in the story of hack/demo.sh.
cloud="Oracle Cloud" location=oci-ashburn
tools=(openssl curl python3)
onboarding="kubectl omni onboard, which calls Oracle Cloud by its SDK"

# The emulator plays Ashburn.
describe() { sed s/phoenix/ashburn/ artifacts/examples/edgelocation-oci.yaml; }

onboard() {
    run kubectl omni --namespace team-a onboard "$location" --yes --compartment "$OCI_COMPARTMENT_ID" --oci-endpoint "$OCI_CLI_ENDPOINT"
}

# Oracle's CLI is on no registry of Linux packages, so a request is signed here as
# https://docs.oracle.com/iaas/Content/API/Concepts/signingrequests.htm says.
oci_get() {
    local path="$1" host="${OCI_CLI_ENDPOINT#*://}" date key signature
    date="$(LC_ALL=C date -u '+%a, %d %b %Y %T GMT')"
    key="$(oci_setting tenancy)/$(oci_setting user)/$(oci_setting fingerprint)"
    signature="$(printf '(request-target): get %s\nhost: %s\ndate: %s' "$path" "$host" "$date" |
        openssl dgst -sha256 -sign "$(oci_setting key_file)" | base64 -w 0)"
    curl --fail --silent --show-error --header "date: $date" "$OCI_CLI_ENDPOINT$path" --header \
        "authorization: Signature version=\"1\",keyId=\"$key\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date\",signature=\"$signature\""
}
oci_setting() { sed -n "s/^$1=//p" "$OCI_CLI_CONFIG_FILE"; }

# The machines that the cloud says are there, and not on their way out.
machines() {
    oci_get "/20160918/instances?compartmentId=$OCI_COMPARTMENT_ID" | python3 -c '
import json, sys
for machine in json.load(sys.stdin):
    if "omni-cast-ai/edge-id" in machine["freeformTags"] and machine["lifecycleState"] in ("PROVISIONING", "STARTING", "RUNNING"):
        print(machine["id"])'
}
listing='GET /20160918/instances'
