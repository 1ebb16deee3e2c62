# Everything runs in .venv, which `make setup` (and every other target, the first time) creates.
# Needs Python 3.11 or newer and make; to choose an interpreter: make setup PYTHON=/path/to/python3

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4
PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
DEMO_SECONDS ?= 20
SEEDS ?= 200
PROFILE ?= storm
FEATURES ?= none
KILLS ?= 25
KILL_SEED ?= 1
FAST := $(addprefix tests/,messages config actors/account actors/connection actors/market actors/strategy \
  exchanges/base exchanges/gateio exchanges/mexc exchanges/conformance simulation/oracles simulation/environment test_rules.py)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast coverage lint bench simulate-seeds simulate-reach simulate-corpus simulate-mutants kill-test proto clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

setup: $(STAMP)  ## create .venv with everything that is needed, in pinned versions

$(STAMP): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; found: $$($(PYTHON) --version 2>/dev/null || echo none)."; \
	  echo "Install it, or name one: make setup PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: $(STAMP)  ## trade two accounts on the embedded exchange for 20 s, then compare with its books
	$(BIN)/python run.py start --for $(DEMO_SECONDS)

test: $(STAMP)  ## all tests; those of test-fast with a floor for how much of the core they run
	$(PYTEST) --without-sockets --cov --cov-report= $(FAST)
	$(PYTEST) --beyond "$(FAST)"

test-fast: $(STAMP)  ## state, wire formats, messages, oracles, conformance: no sockets, under 20 s
	$(PYTEST) --without-sockets $(FAST)

coverage: $(STAMP)  ## which lines of the core the fast tests do not run
	$(PYTEST) --without-sockets --cov --cov-report=term-missing:skip-covered $(FAST)

lint: $(STAMP)  ## ruff, mypy --strict, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## all benchmarks as a table
	$(BIN)/python -m benchmarks

simulate-seeds: $(STAMP)  ## SEEDS=200 runs on virtual time (PROFILE=storm|all|.. FEATURES=none|all|lag,..); docs/simulation.md
	$(BIN)/python -m simulation --seeds $(SEEDS) --profile $(PROFILE) --features $(FEATURES)

simulate-reach: $(STAMP)  ## branches that matter: where SEEDS=200 hostile seeds of every profile have been
	$(BIN)/python -m simulation --seeds $(SEEDS) --profile all --features all --reach

simulate-corpus: $(STAMP)  ## failures that were filed, run again: known ones must fail as known, mended ones hold
	$(BIN)/python -m simulation --replay-corpus

simulate-mutants: $(STAMP)  ## deliberate bugs, each of which must be found within 500 seeds
	$(BIN)/python -m simulation.mutants

kill-test: $(STAMP)  ## kill -9 of the trading program, KILLS=25 times in a row (KILL_SEED=1 decides the moments)
	TELLER_KILLS=$(KILLS) TELLER_KILL_SEED=$(KILL_SEED) $(BIN)/python -m pytest -n 0 -s -o faulthandler_timeout=0 tests/processes

proto: $(STAMP)  ## the generated code of the protobuf messages that venues push
	$(BIN)/python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. exchanges/mexc/proto/teller_mexc.proto

clean:  ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
