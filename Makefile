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
.PHONY: help demo test test-all lint sanity unit integration packaging bench emulator kubernetes docs lock release clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: ## the whole job on this machine: a Secrets API, a Kubernetes control plane, one playbook
	$(RUN) python -m tests.demo $(ARGS)

test: ## what CI runs: every subject; SUITES="unit lint" for some
	$(TEST) $(SUITES)

test-all: ## every test, on both ansible-cores and in both worlds; SUITES="unit lint" for some
	$(TEST) --thorough $(SUITES)

lint: ## static checks: format, style, types, ansible-lint, documentation
	$(TEST) lint

sanity: ## ansible-test sanity
	$(TEST) sanity

unit: ## tests of functions
	$(TEST) unit

integration: ## real playbook runs against the emulator and a Kubernetes control plane
	$(TEST) control-plane integration

packaging: ## the collection's archive: what is in it, and that it works where it is installed
	$(TEST) packaging

bench: ## what the collection costs, beside its peers; ARGS="--runs 5 --only a,b"
	$(RUN) python -m tests.benchmarks $(ARGS)

emulator: ## a Secrets API to try the guides and test your own plays against; ARGS="--with-example --port 0"
	$(START) tests.environment.emulator --explain $(ARGS)

kubernetes: ## a Kubernetes control plane; ARGS="--kubeconfig FILE"
	$(RUN) python -m tests.kubernetes $(ARGS)

docs: ## the documentation as a web site, in docs/_build
	$(RUN) python -m tests.environment.docs docs/_build

lock: ## take newer versions of everything that the environments are made of
	$(START) tests.environment.lock --upgrade

release: ## VERSION=1.2.0: changelog, version, archive and checksum, committed and tagged, on this machine only
	$(RUN) .ci/release $(VERSION)

clean: ## remove what tools left in this checkout; environments stay in ~/.cache/workload-credentials
	@rm -rf .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache changelogs/.plugin-cache.yaml docs/_build tests/output
	@rm -f community-workload_credentials-*.tar.gz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
