# One word for each thing that a developer does. `make help` lists them. Everything comes through `make setup`.
# The distribution's own, if it is new enough: it is kept safe by it, and one that was built without a profile is slower.
PYTHON3 ?= $(shell /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>&- && echo /usr/bin/python3 || echo python3)
PYTHON := .venv/bin/python
PROCESSES := $(shell n=$$(nproc); [ $$n -gt 3 ] && echo 4 || echo $$((n + 1)))  # who waits for a host or the cloud needs no core
SIDE_BY_SIDE := --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder  # tests/lanes.py
.DEFAULT_GOAL := help

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z%-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## everything that the targets below need; the command is then .venv/bin/hatang
	@$(PYTHON3) -m scripts.setup

.PHONY: demo
demo: setup ## sandbox, three agencies, ten hosts, hardening, checks
	@$(PYTHON) scripts/demo.py

.PHONY: test
test: setup ## linters and all tests: unit, and on the real engine, cloud, hosts and browser
	@scripts/debian-packages --install >&2
	@$(MAKE) --no-print-directory lint-only
	@$(PYTHON) -m pytest -q $(SIDE_BY_SIDE) --durations 40 --durations-min 5

.PHONY: unit
unit: setup ## the tests that need nothing
	@$(PYTHON) -m pytest -q $(SIDE_BY_SIDE) tests/unit

.PHONY: lint lint-only
lint: setup lint-only ## all linters, schemas, generated files; 2 minutes at most
lint-only:
	@$(PYTHON) -m scripts.lint

.PHONY: goldens
goldens: setup ## renew golden files and generated pages; look at the difference before you commit it
	@for generator in scripts/generate/*.py; do $(PYTHON) "$$generator"; done
	@$(PYTHON) -m pytest -q tests/unit --update-goldens

.PHONY: prove
prove: setup ## break every automated control on real hosts and a real cloud; writes policies/proof.json
	@scripts/debian-packages --install --proofs >&2
	@$(PYTHON) -m tests.prove

.PHONY: long
long: setup ## the long forms that `make test` skips, and all of the proofs of which it does one by turns
	@scripts/debian-packages --install --proofs >&2
	@$(PYTHON) -m pytest -q --long -m "long or turn"

bench-%: setup ## a benchmark of tests/benchmarks; the last line is one JSON object
	@$(PYTHON) -m tests.benchmarks.$*

.PHONY: bundle
bundle: setup ## one file in dist from which hatang is installed without the Internet
	@$(PYTHON) -m scripts.bundle

.PHONY: locks
locks: setup ## renew all lock files from their inputs
	@$(PYTHON) -m scripts.locks

.PHONY: clean
clean: ## stop the demo's sandbox, remove its state and what the tools left; the cache stays
	@if [ -x .venv/bin/hatang ]; then .venv/bin/hatang --state .hatang/demo sandbox down --wipe; fi
	@rm -rf .hatang .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
