# Needs Python 3.11 or later and make; everything else is fetched into .venv and a cache.
#   make demo   the whole exchange, played on real engines      ONCE=1: end after the summary   JSON=1: the summary as JSON, last
#   make up     the services on real engines, with nothing played
#   make test   everything                                      make check   what needs no engines, in seconds
#   make crash  every campaign against loss and double counting at full size   SEED=n: the same again
#   make fuzz   200 000 damaged messages against the customs door              SEED=n: the same again
#   make clean  stop left-over engines and forget their data    (.tolbrug/)

FIT := 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c $(FIT) 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# Each of some hundred processes that tests start would compile all modules for itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo up test check crash fuzz clean install

demo: .venv/installed
	@$(BIN)/tolbrug demo $(if $(ONCE),--once) $(if $(JSON),--json)

up: .venv/installed
	@$(BIN)/tolbrug up

# A third of the time tests wait for what is to happen: three processes keep two cores busy. `check` has run the rest.
test: check
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/architecture

check: .venv/developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schemas.codegen --check
	$(BIN)/pytest -q tests/architecture

crash: .venv/developing
	TOLBRUG_CAMPAIGN=full $(if $(SEED),TOLBRUG_CAMPAIGN_SEED=$(SEED)) HYPOTHESIS_PROFILE=thorough \
		$(BIN)/pytest tests/integration/faults tests/unit/reconciliation/test_ledger_oracle.py

fuzz: .venv/developing
	TOLBRUG_CAMPAIGN=full $(if $(SEED),TOLBRUG_CAMPAIGN_SEED=$(SEED)) $(BIN)/pytest tests/integration/fuzz

clean:
	@if [ -d .tolbrug ] && [ -x $(BIN)/tolbrug ]; then $(BIN)/tolbrug stop; fi
	rm -rf .tolbrug .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

install: .venv/developing

.venv/installed: pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c $(FIT) || { \
		echo "Tolbrug needs Python 3.11 or later; $$(python3 --version 2>&1) is what python3 is here."; \
		echo "Install a later one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $$($(PYTHON) --version)"; $(PYTHON) -m venv .venv; }
	@echo "Installing Tolbrug, Java and PostgreSQL into .venv (about 90 MB, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@rm -f .venv/failed; { $(BIN)/python -m pip install --disable-pip-version-check --progress-bar off --editable . \
		|| touch .venv/failed; } | grep -E 'Downloading .*[0-9] MB'; test ! -e .venv/failed
	@touch $@

.venv/developing: .venv/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@
