# `make demo` and `make test` need Python 3.11 or newer, git and make; everything else they fetch themselves.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null || echo $(VENV)/tools/bin/uv)
LOCK := requirements.lock
READY := $(VENV)/.ready
SERVICES := $(VENV)/.services
# Tests wait for servers as often as for a processor: one more than there are processors keeps all of them busy.
WORKERS ?= $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")

.PHONY: help setup peers gitea demo test test-fast check lock format clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(READY) ## Make the environment in .venv

$(VENV)/tools/bin/uv:
	$(PYTHON) -m venv $(VENV)/tools
	$(VENV)/tools/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'

$(BIN)/python: | $(filter $(VENV)/tools/bin/uv,$(UV))
	$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)

$(READY): $(LOCK) pyproject.toml | $(BIN)/python
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirements $(LOCK)
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q $(VENV)/lib src || true
	touch $@

demo: $(READY) ## Mirror, index and search this repository (REPO=path for another, ONCE=1 to stop afterwards)
	$(BIN)/grove demo $(if $(REPO),$(REPO)) $(if $(ONCE),--once)

$(SERVICES): tests/support/install_services.py tests/support/install_oidc.py tests/support/install_opal.py | $(BIN)/python
	$(PYTHON) tests/support/install_services.py
	$(PYTHON) tests/support/install_indexers.py
	$(PYTHON) tests/support/install_oidc.py
	UV=$(UV) $(PYTHON) tests/support/install_opal.py
	touch $@

test: $(READY) $(SERVICES) ## Run all tests, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

test-fast: $(READY) ## Run the tests of the capabilities alone
	$(BIN)/python -m pytest -n $(WORKERS) --ignore=tests/journeys $(ARGS)

check: $(READY) ## Format, lint, types, import contracts, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/architecture

lock: | $(BIN)/python ## Lock the versions of everything that is installed
	$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --all-extras --group dev \
		--python-version 3.11 --output-file $(LOCK) pyproject.toml

peers: $(READY) ## Install the tools that the benchmarks compare with (ZOEKT=repository if Go's module proxy lacks it)
	$(BIN)/python -m benchmarks.speed.install_peers

gitea: | $(BIN)/python ## Build Gitea, with Go, for the tests that run against a real one (some minutes, once)
	$(PYTHON) tests/support/install_gitea.py

format: $(READY) ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
