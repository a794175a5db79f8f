# Each command runs in an isolated environment, which its first use builds: see tests/environment.
PYTHON ?= python3
ARGS ?=
VERSION ?=

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

# The shell gives its place to the command, so that Ctrl-C and other signals reach it.
START = @command -v $(PYTHON) >/dev/null 2>&1 || \
	{ echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one, as in 'make $@ PYTHON=/opt/python3'." >&2; exit 2; }; \
	exec $(PYTHON) -m
RUN = $(START) tests.environment --
TEST = $(START) tests.environment.run_tests

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint sanity unit integration packaging bench emulator kubernetes docs pictures schema lock release clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: ## run everything locally: a Secrets API, a Kubernetes control plane, one playbook
	$(RUN) python -m tests.demo $(ARGS)

test: ## run the tests of CI; SUITES="unit lint" selects some
	$(TEST) $(SUITES)

test-all: ## run every test, with both versions of ansible-core and both emulator modes; SUITES="unit lint" selects some
	$(TEST) --thorough $(SUITES)

lint: ## static checks: format, style, types, ansible-lint, documentation
	$(TEST) lint

sanity: ## ansible-test sanity
	$(TEST) sanity

unit: ## unit tests
	$(TEST) unit

integration: ## real playbook runs against the emulator and a Kubernetes control plane
	$(TEST) control-plane integration

packaging: ## check the contents of the collection's archive, and that it works when installed
	$(TEST) packaging

bench: ## compare the speed of the collection with its peers; ARGS="--runs 5 --only a,b"
	$(RUN) python -m tests.benchmarks $(ARGS)

emulator: ## start a Secrets API to try the guides and to test your own plays; ARGS="--with-example --port 0"
	$(START) tests.environment.emulator --explain $(ARGS)

kubernetes: ## start a Kubernetes control plane; ARGS="--kubeconfig FILE"
	$(RUN) python -m tests.kubernetes $(ARGS)

docs: ## build the documentation as a web site, in docs/_build; ARGS=--development marks it as unreleased
	$(RUN) python -m tests.environment.docs docs/_build $(ARGS)

pictures: ## remake the pictures of the documentation from real runs; needs Chromium
	$(RUN) python -m tests.pictures

schema: ## write the JSON Schema of the role's entries again, after a change of its options
	$(RUN) python -m tests.support.entries_schema

lock: ## upgrade the locked versions of all environments
	$(START) tests.environment.lock --upgrade

release: ## VERSION=1.2.0: prepare a release locally: changelog, version, archive, checksum, commit and tag
	$(RUN) .ci/release $(VERSION)

clean: ## remove files that tools left in this checkout; environments stay in ~/.cache/workload-credentials
	@rm -rf .ansible .hypothesis .mypy_cache .nox .pytest_cache .ruff_cache changelogs/.plugin-cache.yaml docs/_build tests/output
	@rm -f community-workload_credentials-*.tar.gz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
