#!/usr/bin/env bash
# Fails if hack/update-codegen.sh would change anything. It generates in a copy of
# the tree, so that a failure leaves the tree as it was.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | tar --null --files-from=- --ignore-failed-read -cf - | tar -xf - -C "$copy"
(cd "$copy" && git init -q && hack/update-codegen.sh >/dev/null)

for path in pkg/apis pkg/generated docs/reference hack/openapi-violations.list; do
    if ! diff -ru "$path" "$copy/$path"; then
        echo "generated code is not fresh: run make generate and commit what it changes" >&2
        exit 1
    fi
done
echo "generated code is fresh"
