#!/usr/bin/env bash
# Generates deepcopy, defaults, conversions, declarative validation, OpenAPI,
# clientset, listers, informers, apply configurations and the API reference from
# pkg/apis.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

GOBIN="${TMPDIR:-/tmp}/omni-codegen-bin"
export GOBIN
codegen="$(cd hack/tools && go list -m -f '{{.Dir}}' k8s.io/code-generator)"
# shellcheck source=/dev/null
source "$codegen/kube_codegen.sh"

# The types of core/v1 that ours embed live in the read-only module cache.
KUBE_CODEGEN_READONLY_PKGS+=(k8s.io/api/core/v1)

module=github.com/castai/omni
boilerplate=hack/boilerplate.go.txt

kube::codegen::gen_helpers --boilerplate "$boilerplate" pkg/apis

scratch="$(mktemp -d)"
trap 'chmod -R u+w "$scratch" && rm -rf "$scratch"' EXIT

# validation-gen finds the hand-written validation of metav1.Condition only when it
# generates that of meta/v1 too, which must not happen in the module cache.
cp -r "$(go list -m -f '{{.Dir}}' k8s.io/apimachinery)" "$scratch/apimachinery"
chmod -R u+w "$scratch/apimachinery"
(cd "$scratch" && go work init "$OLDPWD" ./apimachinery)
readonly_args=()
for pkg in "${KUBE_CODEGEN_READONLY_PKGS[@]}"; do
    [ "$pkg" = k8s.io/apimachinery/pkg/apis/meta/v1 ] || readonly_args+=(--readonly-pkg "$pkg")
done
GOWORK="$scratch/go.work" "$GOBIN/validation-gen" \
    --output-file zz_generated.validations.go \
    --go-header-file "$boilerplate" \
    "${readonly_args[@]}" \
    k8s.io/apimachinery/pkg/apis/meta/v1/validation \
    "$module/pkg/generated/validation/v1alpha1" \
    "$module/pkg/generated/validation/v1beta1"

schema="$scratch/schema.json"
kube::codegen::gen_openapi \
    --boilerplate "$boilerplate" \
    --output-dir pkg/generated/openapi \
    --output-pkg "$module/pkg/generated/openapi" \
    --output-model-name-file zz_generated.model_name.go \
    --report-filename hack/openapi-violations.list \
    --update-report \
    --extra-pkgs k8s.io/api/core/v1 \
    pkg/apis

go run ./hack/openapi-schema >"$schema"
kube::codegen::gen_client \
    --boilerplate "$boilerplate" \
    --output-dir pkg/generated \
    --output-pkg "$module/pkg/generated" \
    --with-watch \
    --with-applyconfig \
    --applyconfig-openapi-schema "$schema" \
    pkg/apis

mkdir -p docs/reference
go tool -modfile=hack/tools/refdocs/go.mod crd-ref-docs \
    --source-path=pkg/apis/omni/v1beta1 --config=hack/tools/refdocs/config.yaml \
    --renderer=markdown --output-path=docs/reference/api.md --log-level=ERROR
