# The project's tasks. Every target sets itself up: a virtual environment in .venv from hashed requirements.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
FUNCTIONS := ingest erase launch watch
TERRAFORM := cd infra && ../$(BIN)/python terraform.py
STATE_BUCKET ?= $(PROJECT)-attune-state

CORPUS    ?=
THRESHOLD ?=
SEED      ?= 1
PAIRS     ?= 2000
LEAST     ?= 20

.PHONY: help setup demo local test thorough soak mutations check audit bench bench-datasets stage plan show apply lock lock-check format lint types architecture clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## the environment, from hashed requirements

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "attune needs Python 3.11 to 3.13: set PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: stage ## the main job, on the local stack (CORPUS=DIR THRESHOLD=N for your own pairs)
	$(BIN)/python -m attune_local demo $(if $(CORPUS),--corpus "$(CORPUS)") $(if $(THRESHOLD),--threshold $(THRESHOLD))

local: stage ## keep the local stack up and print its addresses
	$(BIN)/python -m attune_local up

test: stage ## every test, but for what takes long
	$(BIN)/python -m attune_local.browser
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

thorough: stage ## what takes long, too, and every property on many more examples
	$(BIN)/python -m attune_local.browser
	THOROUGH=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "thorough or not thorough" --timeout 3600

soak: stage ## try to break it: SEED=1 PAIRS=2000, on the local stack
	PYTHONPATH=tests $(BIN)/python -u -m breaker --seed $(SEED) --pairs $(PAIRS) --least $(LEAST) --json build/soak-$(SEED).json

mutations: $(READY) ## take each protection away, in a copy of the tree: the tests must see it
	PYTHONPATH=tests $(BIN)/python -m mutations

bench: stage ## what it costs, as ratios and counts from one run
	PYTHONPATH=tests $(BIN)/python tests/bench/table.py

bench-datasets: $(READY) ## Hugging Face datasets, in an environment of its own, for make bench to compare with
	@test -x .venv-bench/bin/python || $(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/bench/requirements.txt

stage: $(READY) ## build/<function>: what is uploaded for each function
	$(BIN)/python -m attune_local.stage $(FUNCTIONS)
	$(BIN)/python infra/pack.py $(FUNCTIONS)

plan: stage ## what an apply would change in the cloud (PROJECT=your-project)
	$(TERRAFORM) init -input=false -backend-config=bucket=$(STATE_BUCKET)
	$(if $(PROJECT),export TF_VAR_project_id=$(PROJECT);) $(TERRAFORM) plan -input=false -out=../build/plan.bin

show: $(READY) ## the plan in words
	$(TERRAFORM) show ../build/plan.bin

apply: $(READY) ## apply the plan that make plan made
	$(TERRAFORM) apply -input=false ../build/plan.bin

lock: $(READY) ## compile the hashed requirements from pyproject.toml
	$(BIN)/python -m attune_local.lock

lock-check: $(READY)
	$(BIN)/python -m attune_local.lock --check

audit: $(READY) ## known vulnerabilities of every version that is pinned, by osv.dev
	@test -x $(BIN)/pip-audit || { echo "make audit: pip-audit is not installed; nothing was audited" >&2; exit 2; }
	@curl -sS -o /dev/null --max-time 20 https://api.osv.dev || { echo "make audit: osv.dev cannot be reached; nothing was audited" >&2; exit 2; }
	$(BIN)/pip-audit --progress-spinner off --require-hashes --disable-pip --vulnerability-service osv \
	  $(foreach file,requirements-dev.txt $(FUNCTIONS:%=functions/%/requirements.txt),-r $(file))

format: $(READY) ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

architecture: $(READY)
	$(BIN)/lint-imports

check: lint types architecture lock-check test ## what CI runs

clean: ## forget everything that can be made again
	rm -rf build $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
