#!/usr/bin/env bash
# Fails if a go.mod or go.sum of the repository is not tidy.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

while read -r mod; do
    dir="$(dirname "$mod")"
    if ! diff="$(cd "$dir" && go mod tidy -diff 2>&1)"; then
        printf '%s\n%s is not tidy: run go mod tidy in %s\n' "$diff" "$mod" "$dir" >&2
        exit 1
    fi
done < <(git ls-files --cached --others --exclude-standard '*go.mod')
echo "modules are tidy"
