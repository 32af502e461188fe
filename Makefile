SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready node_modules/.ready
APPKIT := tests/contract/appkit/original

# Compiled modules save seconds in every process that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo run run-functions test test-unit soak check look bench bench-engine bench-scale bench-peers clean

help: ## Show the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

setup: $(READY) ## Install everything into .venv and node_modules

$(VENV)/.ready: requirements.txt requirements-cli.txt requirements-dev.txt constraints.txt pyproject.toml
	@./scripts/require python
	@echo "Installing Python packages into $(VENV) ..."
	@python3.13 -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt 2> >(grep -v WARNING >&2)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e . 2> >(grep -v WARNING >&2)
	@touch $@

node_modules/.ready: package.json package-lock.json
	@./scripts/require node
	@echo "Installing Azurite, pyright and the client generator into node_modules ..."
	@npm ci --silent --no-fund --no-audit
	@touch $@

$(APPKIT)/node_modules/.ready: $(APPKIT)/package.json $(APPKIT)/package-lock.json
	@./scripts/require node
	@echo "Installing AppKit, the reference of the AppKit jobs ..."
	@npm ci --prefix $(APPKIT) --silent --no-fund --no-audit --ignore-scripts
	@touch $@

demo: $(VENV)/.ready ## Run the example lakehouse, over five platforms, end to end on this machine
	@$(PY) -m polysync_core.cli demo

run: $(VENV)/.ready ## Start the app and its simulators on this machine and stay up
	@$(PY) -m polysync_core.cli dev --simulators

run-functions: $(READY) ## Start the app on the Functions worker and the real Durable extension
	@DATABRICKS_TOKEN="$${DATABRICKS_TOKEN:-for-the-simulator}" $(PY) -m devhost \
	  --foundry-port 9787 --google-functions-port 9788 --data-factory-port 9790 --aws-port 9789

# In the order of the tree: the tests that start hosts take longest and come first. They mostly
# wait, so a third worker uses the two processors meanwhile. tests/scheduling.py distributes them.
test: WORKERS ?= 3
test: $(READY) $(APPKIT)/node_modules/.ready ## Run the whole test suite
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test-unit: $(READY) ## Run the quick unit tests
	@HYPOTHESIS_PROFILE=quick $(PY) -m pytest -n 2 --dist loadfile -m "not slow" tests/unit

soak: SEED ?= $(shell date +%s)
soak: $(READY) ## Look for faults at length: state machines, schedules, faults, kills; SEED=n repeats
	@echo "seed $(SEED)"
	@HYPOTHESIS_PROFILE=soak $(PY) -m pytest -o faulthandler_timeout=0 tests/unit/domain/dispatch/test_machine.py \
	  tests/unit/application/dependencies/test_gate_machine.py tests/unit/domain/schedules \
	  tests/unit/application/runs/test_run_life.py tests/unit/storage/runs/test_heads_machine.py \
	  tests/unit/console/forms/test_round_trip.py --hypothesis-seed=$(SEED)
	@HYPOTHESIS_PROFILE=soak KILL_SEED=$(SEED) $(PY) -m pytest -o faulthandler_timeout=0 -m soak

check: $(READY) ## Lint, type-check, guard the layers and the prose
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@node_modules/.bin/pyright
	@$(VENV)/bin/lint-imports --no-cache
	@$(PY) scripts/check_prose.py
	@$(PY) -m scripts.check_regular_expressions
	@$(PY) -m scripts.check_templates
	@$(PY) -m scripts.workflows

look: $(READY) ## Take pictures of the pages of the console, light and dark, into .local/look
	@$(PY) -m tests.journeys.look

bench: $(READY) $(APPKIT)/node_modules/.ready ## Measure the figures of docs/reference/performance.md
	@$(PY) -m bench

bench-engine: $(READY) ## Count the storage operations of a run and of an idle minute on the real Durable extension
	@$(PY) -m bench functions

bench-scale: $(READY) ## Compute the largest load of deployments in Azure, and simulate it in virtual time
	@$(PY) -m bench scale

bench-peers: $(READY) ## Compare with Prefect on the same work; installs it into .local/peers (PEERS=--airflow adds Airflow)
	@$(PY) -m bench.peers $(PEERS)

clean: ## Remove what setup and the local host made
	rm -rf $(VENV) node_modules $(APPKIT)/node_modules .local .polysync
