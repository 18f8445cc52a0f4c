# canario: each target says what it does; recipes are three lines at most.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test check fix bench compile clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

setup: ## make the two environments from the lock files (once; minutes)
	@$(PYTHON) images/local/setup.py

run: setup ## the main job: New York's flights, from raw file to a canaried model
	@$(BIN)/canario run flights

test: check ## check, then all tests that need no cluster
	@$(BIN)/python -m pytest

check: setup ## lint, types, import rules; never edits a file
	@$(BIN)/ruff check . && $(BIN)/ruff format --check -q .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_imports.py

fix: setup ## format and apply the safe lint fixes
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: setup ## measure; each benchmark says its command and result at its top
	@for file in benchmarks/bench_*.py; do $(BIN)/python $$file || exit 1; done

compile: setup ## write the pipeline as Kubeflow's IR YAML to build/
	@$(BIN)/canario compile

clean: ## remove results; environments stay
	@rm -rf build
