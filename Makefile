# make demo: a branch, its table and its picture.   make test: the tests.
# Both need only make and Python; what they use is installed once, in the folder $(VENV).

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.installed

.PHONY: demo test lint docs bench clean

demo: $(READY)
	@$(BIN)/python -m studies.linear_regularization.example1

test: $(READY)
	@$(BIN)/python .ci/compile_engine.py
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

# The pages of the manual and the README: every example is run, its output compared.
docs: $(READY)
	@$(BIN)/python -m pytest -q tests/test_docs.py

bench: $(READY)
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info

# Installed again only when the metadata change.
$(READY): setup.cfg pyproject.toml
	@command -v $(PYTHON) > /dev/null 2>&1 || \
	  { echo "missing: Python 3.10 or newer ('$(PYTHON)' was not found; choose another with PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' > /dev/null 2>&1 || \
	  { echo "missing: Python 3.10 or newer ('$(PYTHON)' is older or does not run; choose another with PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' > /dev/null 2>&1 || \
	  { echo "missing: the modules venv and ensurepip of '$(PYTHON)' (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) > /dev/null 2>&1 || \
	  { echo "missing: leave to write the folder '$(VENV)' (choose another with VENV=...)" >&2; exit 1; }
	@echo "installing into $(VENV), once ..." >&2
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test,lint,jax]' > $(VENV)/install.log 2>&1 || \
	  { echo "missing: a network connection, or a package ($(VENV)/install.log says which)" >&2; exit 1; }
	@touch $(READY)
