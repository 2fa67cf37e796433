#!/usr/bin/env bash
# Plays OMNI's story on a lab that is up, with real clients only: a pending pod gets
# a machine in an edge location, runs there, and the machine goes when it is done.
# Exits 0 only if all of it was seen.
# Usage: hack/demo.sh [aws|gcp|oci [LAB-DIRECTORY]]; what is a cloud's own is in hack/demo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fail() { printf 'demo: %s\n' "$1" >&2; exit 1; }

provider="${1:-aws}"
[[ "$provider" =~ ^(aws|gcp|oci)$ ]] || fail "there is no cloud $provider: aws, gcp or oci"
lab="$(realpath "${2:-.lab}")"
[[ -f "$lab/env" ]] || fail "there is no lab in $lab: bring it up with make up"
# shellcheck source=/dev/null
source "$lab/env"
# shellcheck source=hack/demo/aws.sh
source "hack/demo/$provider.sh"
for tool in kubectl "${tools[@]}"; do
    command -v "$tool" >/dev/null || fail "the story on $cloud needs $tool: install it, or play it on another cloud (PROVIDER=aws, gcp or oci)"
done
admin="$lab/admin.kubeconfig" team_a="$lab/team-a.kubeconfig" team_b="$lab/team-b.kubeconfig"
template=default workload=hello namespace=jobs
script_path="/apis/omni.cast.ai/v1beta1/namespaces/team-a/edgelocations/$location/onboard-script"
patience=120s # of one wait; everything here takes seconds

started=$SECONDS
milliseconds() { date +%s%3N; }
step() { printf '\n\033[1m%s\033[0m  (at %d s)\n' "$1" "$((SECONDS - started))"; }
run() { printf '$ %s\n' "$*"; "$@"; }
as() { export KUBECONFIG="$1"; }
phase() { run kubectl -n team-a wait "edgelocation/$location" --for=jsonpath='{.status.phase}'="$1" --timeout="$patience"; }
expect_machines() {
    local found
    found="$(machines)" || fail "the machines of $cloud cannot be listed"
    [[ "$(wc -w <<<"$found")" == "$1" ]] || fail "there should be $1 machines in $cloud, and there are: $found"
}
onboard_by_script() {
    printf '$ kubectl get --raw …/edgelocations/%s/onboard-script | bash\n' "$location"
    kubectl get --raw "$script_path" | bash
}

# What an earlier demo left, of any cloud, in the order that is safe: a lab has one
# edge cluster, which one location has to itself.
reset() {
    as "$admin"
    kubectl delete namespace "$namespace" --ignore-not-found --timeout="$patience"
    as "$team_a"
    kubectl -n team-a delete nodetemplate "$template" --ignore-not-found --timeout="$patience"
    kubectl -n team-a delete edges --all --timeout="$patience"
    for old in aws-oregon gcp-iowa oci-ashburn; do
        kubectl -n team-a delete edgelocation "$old" --ignore-not-found --timeout="$patience"
        kubectl -n team-a delete secret "$old-kubeconfig" --ignore-not-found
    done
} >/dev/null
reset

step "1. Team A describes an edge location: a region of $cloud, and the cluster its machines join"
as "$team_a"
run kubectl -n team-a create secret generic "$location-kubeconfig" --from-file=kubeconfig="$lab/edge.kubeconfig"
manifest="$(describe)"
printf '$ kubectl -n team-a apply -f - <<END\n%s\nEND\n' "$(grep -v '^#' <<<"$manifest")"
kubectl -n team-a apply -f - <<<"$manifest"
phase Pending
run kubectl -n team-a get edgelocations

step "2. Team B cannot see it"
as "$team_b"
printf '$ kubectl -n team-a get edgelocations\n'
if refusal="$(kubectl -n team-a get edgelocations 2>&1)"; then fail "team B reads team A's edge locations"; fi
grep -q Forbidden <<<"$refusal" || fail "not a refusal: $refusal"
echo "$refusal"

step "3. Team A runs $onboarding: network, identity, registration"
as "$team_a"
onboard
phase "Incomplete setup"
run kubectl -n team-a wait "edgelocation/$location" --for=condition=Ready --timeout="$patience"

step "4. A node template allows the location"
printf '$ sed s/aws-oregon/%s/ artifacts/examples/nodetemplate.yaml | kubectl -n team-a apply -f -\n' "$location"
sed "s/aws-oregon/$location/" artifacts/examples/nodetemplate.yaml | kubectl -n team-a apply -f -
phase "In use"
printf '$ kubectl -n team-a get nodetemplate %s --subresource=instances | head -4\n' "$template"
instances="$(kubectl -n team-a get nodetemplate "$template" --subresource=instances)"
head -n 4 <<<"$instances"
(($(wc -l <<<"$instances") > 1)) || fail "the template has no instances"

step "5. A namespace is opened to the edges, and a deployment asks for more than the main cluster has"
as "$admin"
expect_machines 0
run kubectl create namespace "$namespace"
run kubectl label namespace "$namespace" omni.cast.ai/enable-scheduling=true
run kubectl -n "$namespace" apply -f artifacts/examples/workload.yaml
pending=$(milliseconds)
run kubectl -n "$namespace" wait "deployment/$workload" --for=jsonpath='{.status.replicas}'=2 --timeout="$patience"
run kubectl -n "$namespace" wait pods --selector app=hello --for=jsonpath='{.status.conditions[?(@.type=="PodScheduled")].reason}'=Unschedulable --timeout="$patience" ||
    fail "the pods were not pending: is the main cluster too big?"

step "6. The cheapest machines are bought, join, and become nodes"
run kubectl -n "$namespace" rollout status "deployment/$workload" --timeout="$patience"
running=$(milliseconds)
run kubectl -n team-a get edges
run kubectl get nodes
run kubectl -n "$namespace" get pods --output wide
edge_nodes="$(kubectl get nodes --selector omni.cast.ai/edge-node=true,kubernetes.io/role=agent --no-headers | awk '$1 ~ /^cast-/ && $2 == "Ready" { print $1 }')"
[[ -n "$edge_nodes" ]] || fail "no Ready node named cast-… with the role agent"
while read -r node; do
    grep -qx "$node" <<<"$edge_nodes" || fail "a pod runs on $node, which is no edge"
done < <(kubectl -n "$namespace" get pods --output jsonpath='{range .items[*]}{.spec.nodeName}{"\n"}{end}')
expect_machines "$(wc -l <<<"$edge_nodes")"
printf 'from pending to running: %d.%d s\n' "$(((running - pending) / 1000))" "$(((running - pending) % 1000 / 100))"

step "7. The work is done: the edges go, and so do their machines"
run kubectl -n "$namespace" scale "deployment/$workload" --replicas=0
as "$team_a"
run kubectl -n team-a wait edges --all --for=delete --timeout="$patience"
as "$admin"
run kubectl get nodes
[[ -z "$(kubectl get nodes --selector omni.cast.ai/edge-node=true --output name)" ]] || fail "a node is left"
expect_machines 0
printf '$ %s\nevery machine is terminated\n' "$listing"

cat <<END

The whole story took $((SECONDS - started)) s; from pending to running $(((running - pending) / 1000)).$(((running - pending) % 1000 / 100)) s.
The lab stays up. Go on with:

  export KUBECONFIG=$admin
  kubectl get edgelocations,nodetemplates,edges -A

or end it with: make down
END
