# How to start: `make demo` to look at it, `make test` to check it. Both set up what they need.
# Needs make, Python 3.11+ with venv, and a route to the package registries.

ifndef PYTHON
PYTHON := $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
endif

VENV := .venv
RUN := $(VENV)/bin/python
NPM := $(RUN) tools/node.py
WIDGET_SOURCES := $(shell find widget/src consent_server/templates -type f 2>/dev/null)

# As many processes as there are processors and one, since tests wait a lot; each has a browser and a database.
TOGETHER = --dist worksteal --numprocesses $$($(RUN) -c 'import os; print(min(os.cpu_count() or 1, 7) + 1)')

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format audit build docs clean browser

help: ## this list
	@echo "make TARGET, where TARGET is one of:"
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile | expand -t 10

setup: $(VENV)/widget browser ## install everything that the program and its tests need
	@echo "Set up. Next: make demo, make test."

demo: $(VENV)/widget ## set up what the demo needs and run it
	@$(VENV)/bin/consent-server demo

test: check ## set up, then run every check and every test
	@echo "Testing the widget …"
	@$(NPM) test
	@echo "Testing the server, then both in a browser …"
	@$(RUN) -m pytest $(TOGETHER) --cov --cov-report=term
	-@$(RUN) tools/audit.py --report

check: setup ## lint, format and types, for Python and for the widget
	@echo "Checking the Python code …"
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy
	@echo "Checking the widget's code …"
	@$(NPM) run check

format: setup ## rewrite Python and widget code in the project's format
	@$(RUN) -m ruff check --fix
	@$(RUN) -m ruff format
	@$(NPM) run --if-present format

audit: $(VENV)/npm ## ask the registries for known weaknesses of what is used
	@$(RUN) tools/audit.py

build: $(VENV)/widget ## make a wheel in dist/
	@$(RUN) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

docs: $(VENV)/installed ## make a website of the documents in build/docs
	@$(RUN) tools/site_of_documents.py

clean: ## delete everything that these targets made
	rm -rf $(VENV) build dist consent_server/built widget/node_modules
	rm -rf .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: pyproject.toml constraints.txt hatch_build.py
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 or newer is needed and none was found: install it, or name it: make PYTHON=/path/to/it"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, and $(PYTHON) is older or does not start"; exit 1; }
	@"$(PYTHON)" tools/setup.py

$(VENV)/npm: widget/package-lock.json $(VENV)/installed
	@$(NPM) install
	@touch $@

$(VENV)/widget: widget/esbuild.json $(WIDGET_SOURCES) $(VENV)/npm
	@$(RUN) -c 'from pathlib import Path; from consent_server import assets; assets.build(Path.cwd())'
	@touch $@

# Always looked at, since a browser can go away; quick where there is one.
browser: $(VENV)/installed
	@$(RUN) tools/browser.py
	@$(RUN) tools/jose.py
