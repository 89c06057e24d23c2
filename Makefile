# Everything a developer runs. `make` alone lists the targets.
#
#   PYTHON=python3.12 make demo     another interpreter, 3.11 or newer
#   WORKERS=1 make test             another number of test processes
#   PYTEST_ARGS="-k bound" make test

PYTHON ?= python3
WORKERS ?= auto
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 4 --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-all test-lowest lint format clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.installed ## Install into .venv, train a VAE on scikit-learn's digits, measure it, report
	@echo "==> Training and measuring the recipe digits (less than a minute on two cores)"
	@$(BIN)/vaekit train digits

test: $(VENV)/.installed-dev ## Run the whole test suite but the tests that take minutes
	@echo "==> Running the tests"
	@$(PYTEST) $(PYTEST_ARGS)

test-all: $(VENV)/.installed-dev ## Run every test, also those that take minutes
	@echo "==> Running all tests"
	@$(PYTEST) -m "" $(PYTEST_ARGS)

test-lowest: $(VENV)-lowest/.installed ## Run the tests with the lowest versions that pyproject.toml allows
	@echo "==> Running the tests with the lowest versions"
	@$(VENV)-lowest/bin/python -m pytest -n $(WORKERS) --maxprocesses 4 -W default -o xfail_strict=false \
		--ignore tests/web/page --ignore tests/architecture/test_lint.py \
		--deselect tests/cli/test_entry.py::test_help_takes_less_than_a_third_of_a_second $(PYTEST_ARGS)

lint: $(VENV)/.installed-dev ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove .venv and all caches; runs/ stays
	rm -rf $(VENV) $(VENV)-lowest .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find src tests examples -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps, so that a second run installs nothing: a change of the dependencies makes them stale.
$(VENV)/.made:
	@echo "==> Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'vaekit needs Python 3.11 or newer, and $(PYTHON) is ' + sys.version.split()[0] + ': PYTHON=python3.11 make ...')"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.made pyproject.toml constraints.txt
	@echo "==> Installing vaekit and what it needs into $(VENV) (minutes the first time: PyTorch is large)"
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "==> Installing vaekit and the development tools into $(VENV)"
	@$(PIP) -e ".[dev]"
	@touch $(VENV)/.installed $@

# Transitive dependencies are the newest, whose warnings of the lowest direct ones are not ours.
$(VENV)-lowest/.installed: $(VENV)/.made pyproject.toml
	@echo "==> Installing the lowest versions into $(VENV)-lowest"
	@$(PYTHON) -m venv $(VENV)-lowest
	@$(VENV)-lowest/bin/python -m pip --disable-pip-version-check --quiet install uv
	@$(VENV)-lowest/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct -e ".[dev]"
	@touch $@
