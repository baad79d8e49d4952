# What the project can do, by name: `make help`. Needs Go 1.26 or later and
# make; everything else is fetched by Go at the versions in go.mod files.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules --warn-undefined-variables --no-print-directory

# Every module of the workspace, as go.work lists them: . ./bench ./engine
MODULES := $(shell sed -n 's|^[[:space:]]*\(\./*[^[:space:]]*\)$$|\1|p' go.work)
# Modules that stand alone: what Google builds sees no workspace, and the tests
# of e2e need more than Go.
ALONE := $(patsubst %/go.mod,./%,$(wildcard examples/*/gcf/go.mod)) ./e2e ./e2e/sdks/go
PACKAGES := $(addsuffix /...,$(MODULES))

# No C compiler is needed to build, test or run. The race detector wants one.
export CGO_ENABLED ?= 0

# Settings, given behind the target: make test RUN=TestSend. The environment
# does not set them.
ONCE :=
EXAMPLE := greeter
DATA := .statefun/$(EXAMPLE)
ARGS :=
RUN := .
PKG := $(PACKAGES)
ARCH := arm64
EVENT := http-api
PORT := 9000
STACK := $(EXAMPLE)
REGION :=
PARAMS :=
FUZZ := .
FUZZTIME := 10s
BENCH := .
BENCHTIME := 1s
COUNT := 10

.PHONY: help
help: ## This list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

.PHONY: run
run: ## The greeter on the embedded engine. ONCE=1 ends when its answers are checked; EXAMPLE=cart or ridesharing, DATA= (a directory), ARGS= (more flags)
	@[ -e .out/demo ] || echo 'building; the first time takes a minute or two'
	@go build -buildvcs=false -o .out/demo ./engine/cmd/demo
	@exec .out/demo $(if $(filter-out 0,$(ONCE)),-once) -example '$(EXAMPLE)' -data '$(DATA)' $(ARGS)

.PHONY: test
test: ## All tests of all modules. PKG=./statefun/... RUN=TestName narrow it
	go test -shuffle=on -run '$(RUN)' $(PKG)

.PHONY: race
race: ## The same tests under the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -shuffle=on -run '$(RUN)' $(PKG)

.PHONY: e2e
e2e: ## The functions on real Flink and Kafka. Needs a JDK and Maven; RUN=TestName narrows it, logs are in .out/e2e
	cd e2e && GOWORK=off go test -v -count=1 -timeout 60m -run '$(RUN)' $(ARGS) .

# Scenarios 1, 2, 6 and 8, and a fault, on every runtime.
E2E_QUICK := ^(TestGreeter|TestShop|TestBatches|TestProtocol2|TestRolling)

.PHONY: e2e-quick
e2e-quick: ## The part of e2e that the gate runs, in three to four minutes
	@$(MAKE) e2e RUN='$(E2E_QUICK)'

.PHONY: check
check: vet lint tidy-check test ## What a change must pass before review

.PHONY: parity
parity: ## The same requests everywhere that functions run, as a table: HTTP, Google, Lambda in every shape
	@mkdir -p .out; rm -f .out/parity.txt; \
	STATEFUN_PARITY_TABLE='$(CURDIR)/.out/parity.txt' go test -count=1 ./adapters/parity || bad=1; \
	cat .out/parity.txt; [ -z "$${bad:-}" ]

.PHONY: vet
vet: ## go vet
	go vet $(PACKAGES)
	@for m in $(ALONE); do echo "go vet: $$m"; (cd $$m && GOWORK=off go vet ./...); done

.PHONY: lint
lint: golangci staticcheck gofumpt ## golangci-lint, staticcheck and gofumpt

.PHONY: golangci
golangci: .tools/golangci-lint
	@.tools/golangci-lint config verify
	@bad=; for m in $(MODULES); do \
		echo "golangci-lint: $$m"; \
		(cd $$m && '$(CURDIR)/.tools/golangci-lint' run ./...) || bad=1; \
	done; for m in $(ALONE); do \
		echo "golangci-lint: $$m"; \
		(cd $$m && GOWORK=off '$(CURDIR)/.tools/golangci-lint' run ./...) || bad=1; \
	done; [ -z "$$bad" ]

.PHONY: staticcheck
staticcheck: .tools/staticcheck
	@echo staticcheck
	@.tools/staticcheck $(PACKAGES)

.PHONY: gofumpt
gofumpt: .tools/gofumpt
	@echo gofumpt
	@bad=$$(.tools/gofumpt -l .); [ -z "$$bad" ] || { echo "$$bad"; echo 'not formatted: run make fmt'; exit 1; }

.PHONY: fmt
fmt: .tools/golangci-lint ## Format every file: gofumpt, and imports in three groups
	@for m in $(MODULES) $(ALONE); do (cd $$m && '$(CURDIR)/.tools/golangci-lint' fmt ./...); done

.PHONY: tidy-check
tidy-check: ## Whether go.mod and go.sum of every module are tidy
	@bad=; for m in $(MODULES) $(ALONE) ./tools; do \
		echo "go mod tidy -diff: $$m"; \
		(cd $$m && GOWORK=off go mod tidy -diff) || bad=1; \
	done; [ -z "$$bad" ]

.PHONY: tidy
tidy: ## Make them so
	@for m in $(MODULES) $(ALONE) ./tools; do (cd $$m && GOWORK=off go mod tidy); done

.PHONY: generate
generate: ## Code that is generated. Builds its tools, once
	go generate $(PACKAGES)

# Old and new are compared as files, so that it works before a commit too.
.PHONY: generate-check
generate-check: ## Whether generated code is what its sources say
	@sums() { git ls-files -z '*.pb.go' | xargs -0 cksum; }; old=$$(sums); go generate $(PACKAGES); \
	[ "$$old" = "$$(sums)" ] || { echo 'generated code was not what its sources say; now it is: commit it'; exit 1; }

.PHONY: fuzz
fuzz: ## Each fuzz target for FUZZTIME=10s. PKG=, FUZZ=Name narrow it
	@bash .ci/fuzz '$(FUZZTIME)' '$(FUZZ)' $(PKG)

.PHONY: bench
bench: .tools/benchstat ## Each benchmark COUNT=10 times into .out/new.txt, with its spread. PKG=, BENCH=Name, BENCHTIME=
	@mkdir -p .out
	go test -run '^$$' -bench '$(BENCH)' -benchmem -benchtime '$(BENCHTIME)' -count '$(COUNT)' $(PKG) | tee .out/new.txt
	@[ '$(COUNT)' -lt 2 ] || .tools/benchstat .out/new.txt

.PHONY: bench-keep
bench-keep: ## Keep the last result as the one to compare with: .out/old.txt
	cp .out/new.txt .out/old.txt

.PHONY: bench-compare
bench-compare: .tools/benchstat ## What changed since bench-keep
	@.tools/benchstat .out/old.txt .out/new.txt

.PHONY: bench-peers
bench-peers: .tools/benchstat ## What the last result says about ours beside the official SDK
	@.tools/benchstat -col '/sdk@(official ours)' -filter '/sdk:(official OR ours)' .out/new.txt

# How every bootstrap for Lambda is built: static, without paths of this machine,
# without symbols and without the RPC of a runtime that is gone.
LAMBDA_FLAGS := -trimpath -buildvcs=false -tags lambda.norpc -ldflags='-s -w'
LAMBDA_OUT := .out/lambda/$(EXAMPLE)

.PHONY: build-lambda
build-lambda: ## The bootstrap of EXAMPLE for AWS Lambda, into .out/lambda. ARCH=amd64 for the other processor
	CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) go build $(LAMBDA_FLAGS) -o '$(LAMBDA_OUT)-$(ARCH)/bootstrap' ./examples/$(EXAMPLE)/cmd/lambda
	@ls -l '$(LAMBDA_OUT)-$(ARCH)/bootstrap'

.PHONY: package-lambda
package-lambda: build-lambda ## The same as a zip file to upload: .out/lambda/EXAMPLE-ARCH.zip
	go run -buildvcs=false github.com/aws/aws-lambda-go/cmd/build-lambda-zip -o '$(LAMBDA_OUT)-$(ARCH).zip' '$(LAMBDA_OUT)-$(ARCH)/bootstrap'

# `sam build` asks for the function Greeter of template.yaml by this name.
.PHONY: build-Greeter
build-Greeter:
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build $(LAMBDA_FLAGS) -o '$(ARTIFACTS_DIR)/bootstrap' ./examples/greeter/cmd/lambda

.PHONY: lambda-local
lambda-local: ## EXAMPLE as a Lambda function on this machine. EVENT=rest, PORT=9000, ARGS= (more flags)
	CGO_ENABLED=0 go build $(LAMBDA_FLAGS) -o '$(LAMBDA_OUT)-local/bootstrap' ./examples/$(EXAMPLE)/cmd/lambda
	@go build -buildvcs=false -o .out/statefun ./engine/cmd/statefun
	@exec .out/statefun lambda-local '$(LAMBDA_OUT)-local/bootstrap' --event '$(EVENT)' --port '$(PORT)' $(ARGS)

.PHONY: deploy-lambda
deploy-lambda: .tools/python/done ## template.yaml to AWS, after checks and a question. REGION= STACK=greeter PARAMS=file.yaml
	@PATH="$(CURDIR)/.tools/python/bin:$$PATH" bash .ci/deploy-lambda '$(STACK)' '$(REGION)' '$(PARAMS)'

.PHONY: build-gcf
build-gcf: ## What Google Cloud gets of EXAMPLE, into .out/gcf
	@rm -rf '.out/gcf/$(EXAMPLE)'
	bash .ci/gcf-upload 'examples/$(EXAMPLE)/gcf' '.out/gcf/$(EXAMPLE)'
	cd '.out/gcf/$(EXAMPLE)' && GOWORK=off go build -mod=vendor ./...

.PHONY: deploy-gcf
deploy-gcf: ## The same to Google Cloud, after checks and a question. REGION= STACK=greeter (its name there)
	@bash .ci/deploy-gcf '$(EXAMPLE)' '$(STACK)' '$(REGION)'

.PHONY: lint-templates
lint-templates: .tools/python/done ## template.yaml by sam and cfn-lint, a build by sam, the Kubernetes manifest. Needs Python 3
	@PATH="$(CURDIR)/.tools/python/bin:$$PATH" bash .ci/lint-templates

.tools/python/done: tools/python.txt
	@echo 'installing sam, cfn-lint and kubernetes-validate, once'
	@python3 -m venv --clear .tools/python || { echo 'Python 3 with venv is needed: https://www.python.org, or apt-get install python3-venv'; exit 1; }
	@.tools/python/bin/pip install -q --disable-pip-version-check -r tools/python.txt
	@touch $@

.PHONY: clean
clean: ## Remove built tools, results and the data of `make run`
	rm -rf .out .tools .statefun

# Each tool alone, so that formatting does not wait for the build of a linter.
.tools/%: tools/go.mod tools/go.sum
	@echo "building $*, once"
	@pkg=$$(cd tools && GOWORK=off go list -f '{{.ImportPath}}' tool | grep '/$*$$'); \
	mkdir -p .tools; cd tools && GOWORK=off go build -buildvcs=false -o '$(CURDIR)/$@' "$$pkg"
