# Two commands matter: `make run` and `make test`. Both make what they need, and may be run again at any time.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check setup fmt lock clean

help: ## Say what can be done here
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## Start Backline: database, web and worker, on http://localhost:8000 (PORT=...)
	@$(PYTHON) scripts/bootstrap.py run
	@exec $(BIN)/backline up $(ARGS)

test: ## Run every check and every test (ARGS="-k name" for some of the tests)
	@$(PYTHON) scripts/bootstrap.py test
	@$(MAKE) --no-print-directory check
	@echo "  Tests ..."
	@BACKLINE_CHROMIUM="$$(cat .tools/chromium)" $(BIN)/python -m pytest $(ARGS)

check: ## Check format, lint, types, layers, Django, migrations and locks
	@$(PYTHON) scripts/bootstrap.py check
	@$(BIN)/python scripts/check.py

setup: ## Make the environment and the front end, and stop there
	@$(PYTHON) scripts/bootstrap.py run

fmt: ## Format the code and fix what can be fixed by a machine
	@$(PYTHON) scripts/bootstrap.py check
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Choose versions anew and write requirements/*.txt
	@$(PYTHON) scripts/bootstrap.py check
	@for name in base dev uv node; do \
	  UV_SYSTEM_CERTS=true .tools/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	    --generate-hashes --no-header --no-emit-index-url requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done
	@$(BIN)/python scripts/check_locks.py

clean: ## Remove what was made, but not the data
	rm -rf .venv .tools frontend/node_modules backline/static/build staticfiles \
	  .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find backline scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
