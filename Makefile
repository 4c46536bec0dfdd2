# make demo   a federated training on this machine, from nothing
# make setup  everything for working on fedrota, into .venv
# make test   all that CI runs
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format bench docs fate-clients flare-clients clean

# The first Python that is new enough; name another with PYTHON=...
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e
# As pip does for what it installs: no process compiles at its start, also where Python is told to write no bytecode.
COMPILE := $(BIN)/python -m compileall -q api config fedrota scheduler workers
JOBS ?= 2

help:
	@sed -n 's/^# //p' Makefile | head -3
	@echo "make bench  the benchmark table; OUT=file.json writes it as JSON"
	@echo "make lint   style, types and arrows alone; make format puts the style right"
	@echo "make docs   draw what docs/ generates from the code"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "fedrota needs Python 3.11 or newer; name it: make PYTHON=/path/to/python3 ..." >&2; exit 1; }
	@echo "making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv

# Two levels: what running needs, and everything. The second covers the first.
.venv/.installed-run: pyproject.toml constraints.txt | .venv/bin/python
	@test .venv/.installed-all -nt pyproject.toml -a .venv/.installed-all -nt constraints.txt || { \
		echo "installing what running needs (once, about a minute)"; $(INSTALL) '.[server,worker,monitor]'; }
	@touch $@

.venv/.installed-all: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing everything (once, a minute or two)"
	@$(INSTALL) '.[server,worker,container,monitor,dev]'
	@touch $@

setup: .venv/.installed-all
	@$(COMPILE)

demo: .venv/.installed-run
	@$(COMPILE)
	@$(BIN)/python -m fedrota.up.demo

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# tests/sharing.py says which process runs which tests.
test: lint
	$(BIN)/python -m pytest -n $(JOBS) -q

bench: setup
	@$(BIN)/python -m benchmarks $(if $(OUT),--out $(OUT))

docs: setup
	$(BIN)/python -m scheduler.domain.diagram > docs/state-machine.md
	$(BIN)/python -m fedrota.cli.reference > docs/cli.md
	$(BIN)/python -m config.page > docs/settings.md
	$(BIN)/python -m workers.components.docs
	$(BIN)/python -m api.dialects.fate.vocabulary.pages
	$(BIN)/python -m api.monitor.page
	$(BIN)/python -m api.native.document_page > docs/job-document.md

# Runs FATE's published clients; a minute or two.
fate-clients: setup
	$(BIN)/python -m tests.contract.dialects.fate.table

flare-clients: setup
	$(BIN)/python -m tests.contract.dialects.flare.table

clean:
	rm -rf .venv .fedrota-demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
