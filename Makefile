# Two commands on a fresh machine: `make run` opens the demo plant, `make test` proves the house.
SHELL := /bin/bash
PY := .venv/bin/python
.PHONY: run test lint bench setup setup-test

setup:
	@bash packaging/setup.sh run
setup-test:
	@bash packaging/setup.sh test

run: setup
	$(PY) main.py demo
test: setup-test lint
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder
lint:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
bench: setup-test
	$(PY) -m tests.benchmarks --all
