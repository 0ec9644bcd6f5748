# The chores. `make` lists them. PYTHON chooses the interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# While this file exists, what is installed is what the two lists ask for.
READY := $(VENV)/installed-$(shell cat pyproject.toml .ci/constraints.txt | cksum | cut -d' ' -f1)
# An interpreter asked for by name, and not the one that is there: make the environment anew.
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -V 2>&1),$(shell $(BIN)/python -V 2>&1))
.PHONY: $(READY)
endif
endif

# pyright's Python package would otherwise ask for newer versions of itself at every run.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench samples fuzz oracle chromium clean

help: ## List the chores
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

$(READY):
	@bash .ci/install.sh $(PYTHON) $(VENV) $@

demo: $(READY) ## Export a small model, run it with tracing on, say where the time goes
	$(BIN)/etscope run sample_traces/models.py:decoder --output demo.etscope --html demo.html

test: $(READY) chromium ## Run every test
	$(BIN)/python -m pytest tests -n auto --dist loadfile

check: $(READY) ## Format, lint, types, floors: what a change must pass besides the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy -p etscope
	@# A test's model returns whatever torch makes of it.
	$(BIN)/mypy --no-warn-return-any tests
	@# pyright takes a file and the link to it for two modules, so it is given a copy under one name.
	rm -rf build/types && mkdir -p build && cp -rL .src build/types
	@echo '{"typeCheckingMode": "standard"}' > build/types/pyrightconfig.json
	$(BIN)/pyright --pythonpath $(BIN)/python --project build/types
	$(BIN)/lint-imports

format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --fix --select I .
	$(BIN)/ruff format .

bench: $(READY) ## Measure what is promised about speed and memory
	cd tests && ../$(BIN)/python -m benchmarks

samples: $(READY) ## Make sample_traces/ anew with the real runtime
	$(BIN)/python sample_traces/make_samples.py

fuzz: $(READY) ## Read 10,000 mutated files per format
	ETSCOPE_FUZZ=10000 $(BIN)/python -m pytest tests/fuzz

oracle: $(READY) ## Compare with the real ExecuTorch on every model, not only on some
	ETSCOPE_ORACLE=all $(BIN)/python -m pytest tests/oracle

chromium:
	@bash .ci/chromium.sh

clean: ## Remove what the chores made, .venv included
	rm -rf $(VENV) build demo.etscope demo.html .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf *.egg-info
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
