# OMNI's targets. `make help` explains them.
SHELL := bash
.DEFAULT_GOAL := help

export GOTOOLCHAIN ?= local
# The flags that the lab builds the product with, for tests too: what they share is
# compiled once.
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -trimpath

LAB := go run -C hack/lab ./cmd/lab
# How many problems fuzz-oracle draws.
CHECKS ?= 20000
GOLANGCI := go tool -modfile=hack/tools/golangci/go.mod golangci-lint

##@ Try it

PROVIDER ?= aws

.PHONY: demo
demo: ## Bring the lab up if it is not, and play the story: a pending pod runs on an edge. PROVIDER is aws, gcp or oci.
	$(LAB) up
	hack/demo.sh $(PROVIDER)

.PHONY: up
up: ## Bring the lab up: two real clusters, Liqo, three emulated clouds, OMNI.
	$(LAB) up

.PHONY: status
status: ## Show the processes of the lab.
	$(LAB) status

.PHONY: down
down: ## End every process of the lab and delete its data.
	$(LAB) down

##@ Build and test

.PHONY: build
build: ## Build omni-apiserver, omni-controller and kubectl-omni into bin/.
	go build -o bin/omni-apiserver ./cmd/apiserver
	go build -o bin/omni-controller ./cmd/controller
	go build -o bin/kubectl-omni ./cmd/kubectl-omni

.PHONY: test
test: test-unit test-oracle test-lab test-e2e ## Run every test: unit, integration with a real etcd and AWS emulator, kube-scheduler's verdict, the lab, the whole story.

# The time is for pkg/onboard, whose scripts call the AWS CLI hundreds of times, on a
# machine that compiles meanwhile.
.PHONY: test-unit
test-unit: ## Run unit and integration tests (real etcd, real AWS SDK against the emulator, real bash).
	go test -timeout 40m ./...

# The module compiles with the versions and flags of the main one, so that beyond the
# main one's packages it costs kube-scheduler's own only.
.PHONY: test-oracle
test-oracle: ## Hold the solver's decisions against kube-scheduler's own plugins, and against recorded ones of Karpenter.
	go test -C test/oracle ./...

# Of the lab's module, hyper is left out: it would compile all of Kubernetes a
# second time.
.PHONY: test-lab
test-lab: ## Run the lab's own unit tests.
	go test -C hack/lab ./cmd/... ./internal/...

.PHONY: test-e2e
test-e2e: ## Run the whole story and its faults on a lab of its own (real aggregator, real Liqo), and a small benchmark.
	go test -tags e2e -timeout 40m -count 1 -p 1 -v ./test/e2e ./test/pinning ./test/bench

.PHONY: bench-api
bench-api: ## Measure omni-apiserver against a CRD of the same schema, in minutes; the result is in bin/bench-api.json.
	mkdir -p bin
	go run ./test/bench --out bin/bench-api.json

.PHONY: bench-solve
bench-solve: ## Measure the solver: bill against lower bound, time, allocations; the table is printed, bin/bench-solve.json has it too.
	mkdir -p bin
	go run ./test/bench-solve --out bin/bench-solve.json

.PHONY: fuzz
fuzz: ## Fuzz for a minute and a half: no input breaks out of a script's quotes, none breaks validation.
	for target in FuzzQuote FuzzRender FuzzRenderOffboard FuzzRenderGCP; do \
		go test ./pkg/onboard -run '^$$' -fuzz "^$$target\$$" -fuzztime 20s || exit; \
	done
	go test ./pkg/apis/omni/validation -run '^$$' -fuzz . -fuzztime 30s

.PHONY: fuzz-oracle
fuzz-oracle: ## Draw CHECKS new problems for the solver and hold its decisions against kube-scheduler; minutes.
	go test -C test/oracle -timeout 60m . -run 'TestProperties|TestBill|TestFirstFit' -v -rapid.checks $(CHECKS) -rapid.seed "$$(date +%s)"

##@ Generate and verify

.PHONY: generate
generate: ## Write all generated code anew.
	hack/update-codegen.sh

.PHONY: catalog
catalog: ## Write the snapshot of machine types and prices anew; INPUT is the file pkg/catalog/snapshot/SOURCES.md describes.
	go run ./hack/catalog --input "$(INPUT)"

.PHONY: verify
verify: verify-generated verify-lint verify-modules ## Check that generated code, modules and style are as they should be.

.PHONY: verify-generated
verify-generated: ## Fail if `make generate` would change anything.
	hack/verify-codegen.sh

.PHONY: verify-lint
verify-lint: ## Run golangci-lint on every module, and shellcheck on every script.
	$(GOLANGCI) run ./...
	$(GOLANGCI) run --build-tags e2e ./test/e2e/... ./test/pinning/... ./test/bench/...
	cd hack/lab && go tool -modfile=$(CURDIR)/hack/tools/golangci/go.mod golangci-lint run --config $(CURDIR)/.golangci.yaml ./cmd/... ./internal/...
	cd test/oracle && go tool -modfile=$(CURDIR)/hack/tools/golangci/go.mod golangci-lint run --config $(CURDIR)/.golangci.yaml ./...
	shellcheck .ci/run hack/*.sh hack/demo/*.sh pkg/edgecluster/install.sh

.PHONY: verify-modules
verify-modules: ## Fail if a go.mod or go.sum is not tidy.
	hack/verify-modules.sh

.PHONY: clean
clean: ## Delete what was built here; the lab's binaries outside the checkout stay.
	rm -rf bin

##@ Help

.PHONY: help
help: ## Explain the targets.
	@awk 'BEGIN { FS = ":.*## " } /^##@ / { printf "\n%s\n", substr($$0, 5) } /^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
