# One environment, .venv, made from requirements.lock; every target builds what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := check
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed
VERIFIER_INSTALLED := .venv-verifier/.installed
PIP_INSTALL := pip install --quiet --disable-pip-version-check
MEMORY := /dev/shm
UV_VERSION := 0.13.8

.PHONY: check test demo bench coverage mutate verifier-only lock clean tools

# The tests come last, so that pytest's summary closes the output.
check: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@$(MAKE) --no-print-directory verifier-only
	@$(MAKE) --no-print-directory test

# By file: what the tests of one file share is made once. Their files are in memory where there is room, which takes half
# the time: what a power cut leaves is simulated, and no test asks a disk. TMPDIR puts them elsewhere.
test: $(INSTALLED)
	if [ -z "$${TMPDIR:-}" ] && [ -w $(MEMORY) ] && ! grep -q ' $(MEMORY) .*noexec' /proc/mounts \
		&& [ "$$(df --output=avail --block-size=1G $(MEMORY) | tail -n 1)" -ge 4 ]; then \
		export TMPDIR=$(MEMORY); \
	fi; \
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

demo: $(INSTALLED)
	rm -rf demo-registry
	$(BIN)/registry demo demo-registry

# One process, in order: neighbours and chance would be measured too. The full sizes of growth take some ten minutes.
bench: export GROWTH_ENTRIES ?= 1000000
bench: export GROWTH_HOLDERS ?= 100000
bench: export HTTP_REQUESTS ?= 100000
bench: export HTTP_LOOKED_UP ?= 200
bench: $(INSTALLED)
	$(BIN)/pytest bench --benchmark-enable --benchmark-only --benchmark-json=bench/results.json -n 0 -p no:randomly

coverage: $(INSTALLED)
	$(BIN)/pytest tests -n 2 --cov --cov-report=term-missing

# By hand, not in CI: survivors are to be read.
mutate: $(INSTALLED)
	$(BIN)/mutmut run
	$(BIN)/mutmut results

# What a stranger installs: the built wheel without extras, and nothing of this checkout.
verifier-only: $(INSTALLED) $(VERIFIER_INSTALLED)
	rm -rf .venv-verifier/wheel
	$(BIN)/python -m hatchling build -t wheel -d .venv-verifier/wheel
	.venv-verifier/bin/$(PIP_INSTALL) --no-deps --force-reinstall .venv-verifier/wheel/*.whl
	.venv-verifier/bin/python tools/check_verifier_only.py

$(INSTALLED): pyproject.toml requirements.lock | tools
	$(PYTHON) -m venv .venv
	$(BIN)/$(PIP_INSTALL) --require-hashes -r requirements.lock
	$(BIN)/$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	touch $@

# From nothing when the lock changes: a package dropped from the lock must not linger and hide an import.
$(VERIFIER_INSTALLED): requirements-verifier.lock | tools
	$(PYTHON) -m venv --clear .venv-verifier
	.venv-verifier/bin/$(PIP_INSTALL) --require-hashes -r requirements-verifier.lock
	touch $@

tools:
	@missing=; \
	command -v $(PYTHON) >/dev/null || missing="$$missing python3 python3-venv"; \
	! command -v $(PYTHON) >/dev/null || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	command -v git >/dev/null || missing="$$missing git"; \
	if [ -n "$$missing" ]; then \
		echo "Missing. On Debian and Ubuntu: sudo apt-get update && sudo apt-get install -y$$missing" >&2; exit 1; \
	fi; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: 3.11 is needed, which Debian 12 and Ubuntu 24.04 install with" \
			"'sudo apt-get install -y python3 python3-venv'. Elsewhere: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	}

# Keeps locked versions where it can; `make lock UPGRADE=--upgrade` takes the newest.
UPGRADE ?=
COMPILE = pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" $(UPGRADE)

lock: | tools
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch"; \
	"$$scratch"/bin/$(PIP_INSTALL) uv==$(UV_VERSION); \
	"$$scratch"/bin/uv $(COMPILE) --extra server --extra dev pyproject.toml -o requirements.lock; \
	cp requirements.lock requirements-server.lock; \
	"$$scratch"/bin/uv $(COMPILE) --extra server pyproject.toml -o requirements-server.lock; \
	"$$scratch"/bin/uv $(COMPILE) pyproject.toml -o requirements-verifier.lock

clean:
	rm -rf .venv .venv-verifier demo-registry mutants dist bench/results.json .coverage .coverage.*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find registry tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +
