# Two commands matter: `make lab` and `make test`. Both work in a bare checkout with python3 (3.11 or newer) and make.

PYTHON ?= python3
LAB_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=
SEEDS ?= 1000
START ?= 0
KILLS ?= 1000
TUTORIAL := notebooks/01_first_function.ipynb

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
LAB_READY := $(VENV)/.ready-lab
DEV_READY := $(VENV)/.ready-dev
MODULES_READY := widgets/node_modules/.package-lock.json
PACKAGING := pyproject.toml hatch_build.py constraints.txt
WIDGETS := $(wildcard widgets/package.json widgets/package-lock.json widgets/vite.config.ts widgets/tsconfig.json) \
	$(shell find widgets/src -type f 2>/dev/null)

# Jupyter refuses to run as root unless told; in a container that is all there is.
AS_ROOT := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
# The system's Node if it will do, else the one in the wheel that the type checker brings along.
NPM = $(PY) hatch_build.py

# uv installs in a third of pip's time, its own download included; where it cannot (a private index), pip does.
define install
@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt uv
@$(PY) -m uv pip install --quiet --python $(PY) -c constraints.txt --reinstall-package workflow-workbench -e '.[$(1)]' \
	|| $(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(1)]'
endef

.DEFAULT_GOAL := help
.PHONY: help lab test check format types bench simulate faults lock openapi clean install-lab install-dev test-python test-widgets test-notebooks

help: ## List the commands
	@echo "Workflow Workbench"
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22
	@echo "  LAB_ARGS, TEST_ARGS and BENCH_ARGS are passed on, as in: make lab LAB_ARGS='--no-browser --port 9000'"
	@echo "  and SEEDS, START and KILLS, as in: make simulate SEEDS=10000; make faults KILLS=100"

lab: $(LAB_READY) ## Open JupyterLab on the first tutorial
	@$(PY) -m jupyterlab $(AS_ROOT) $(LAB_ARGS) $(TUTORIAL)

test: check test-widgets test-python test-notebooks ## Run everything: static checks, widgets, pytest, browser, notebooks

check: $(DEV_READY) $(MODULES_READY) ## Static checks only: format, ruff, types, import floors, tsc
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/basedpyright
	@$(NPM) run --silent typecheck

bench: $(DEV_READY) ## Print the benchmarks, each beside its peer in the same run
	$(PY) -m tests.benchmarks $(BENCH_ARGS)

simulate: $(DEV_READY) ## Run the engine through SEEDS simulated machines that crash, from seed START on
	@$(PY) -m tests.simulation --seeds $(SEEDS) --start $(START) --processes 2

faults: $(DEV_READY) ## Kill real processes KILLS times at every commit boundary and print what came of it
	@$(PY) -m tests.faults --kills $(KILLS)

format: $(DEV_READY) ## Format the Python code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(DEV_READY) ## Pin the versions that the two commands install, in constraints.txt
	$(PY) -m uv pip compile --quiet --universal --all-extras --strip-extras --no-header --no-annotate \
		--no-emit-index-url --upgrade pyproject.toml -o constraints.txt

openapi: $(DEV_READY) $(MODULES_READY) ## Write docs/openapi.json and the widgets' types from the code
	$(PY) -m tests.api.openapi_file
	@$(NPM) run --silent types

clean: ## Remove the environment and everything that is built
	rm -rf $(VENV) dist build widgets/node_modules widgets/workbench_widgets/static/*.js \
		widgets/workbench_widgets/static/*.css widgets/workbench_widgets/static/manifest.json \
		widgets/workbench_widgets/static/sources.sha256

test-widgets: $(DEV_READY) $(MODULES_READY)
	@$(NPM) run --silent test

test-python: $(DEV_READY)
	$(PY) -m pytest $(TEST_ARGS)

test-notebooks: $(DEV_READY)
	$(PY) -m pytest --nbval --nbval-sanitize-with tests/notebooks.cfg -p no:cacheprovider notebooks

install-lab: $(LAB_READY)
install-dev: $(DEV_READY)

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Say which: make lab PYTHON=python3.12"; exit 1; }
	@echo "Making $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(LAB_READY): $(PACKAGING) $(WIDGETS) | $(PY)
	@echo "Installing the workbench (the first time takes a minute) …"
	$(call install,tutorial)
	@touch $@

$(DEV_READY): $(PACKAGING) $(WIDGETS) | $(PY)
	@echo "Installing the workbench with its checks and tests …"
	$(call install,dev)
	@touch $@ $(LAB_READY)

$(MODULES_READY): widgets/package.json widgets/package-lock.json | $(DEV_READY)
	@$(NPM) ci --silent
	@touch $@
