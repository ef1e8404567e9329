# `make run` opens the application, `make test` runs every test; both set up what they need. `make coverage` measures.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
TESTS ?=
# Test processes at the same time: one for each core.
WORKERS ?= auto

# Minutes to spend on damaged files, and the first seed, to see a file again.
MINUTES ?= 30
SEED ?=

.PHONY: run test types tests coverage bench fuzz kills setup system clean

run: setup
	@$(BIN)/python -m wholefield_app --demo

test: setup
	@$(BIN)/python -m ruff check app engine resources tests
	@$(BIN)/python -m ruff format --check app engine resources tests
# mypy keeps one core busy: the tests need not wait for it.
	@$(MAKE) --no-print-directory -j2 types tests

types: setup
	@$(BIN)/python -m mypy
	@$(BIN)/lint-imports --no-logo

tests: setup
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

# Line coverage of the two packages that hold the logic. Functions that numba compiles run as machine code, which
# no tracer sees: pyproject.toml leaves them out.
coverage: setup
	@rm -f .coverage .coverage.*
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report= $(TESTS)
	@$(BIN)/python -m coverage report --include='engine/*' --fail-under=95 --skip-covered --sort=miss
	@$(BIN)/python -m coverage report --include='app/*' --fail-under=85 --skip-covered --sort=miss

# Damages files of every format in thousands of ways and opens them in a process of their own.
fuzz: setup
	@$(BIN)/python -m tests.fuzz --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

# Kills runs of all kinds at every rename, sync and removal of a file; ONLY chooses some of them, STEP every n-th call.
kills: setup
	@$(BIN)/python -m tests.kills --only '$(ONLY)' --step $(or $(STEP),1)

# Streams published architectures and compares them with the plain networks. They live in an environment of their own:
# torchvision, which they need, cannot be imported beside every build of torch.
zoo: system
	@test -d .venv-zoo || $(PYTHON) -m venv .venv-zoo
	@.venv-zoo/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[zoo]'
	@.venv-zoo/bin/python -m tests.zoo $(ZOO)

bench: setup
	@$(BIN)/python -m tests.bench $(BENCH)

setup: system $(STAMP)

system:
	@sh resources/setup/system-libraries.sh

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Wholefield needs Python 3.11 or newer: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Wholefield needs Python 3.11 or newer; $(PYTHON) is older. Install it, or run make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python cannot make a virtual environment. Run: sudo apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@echo "Installing Wholefield into $(VENV) (the first time takes a few minutes)"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info
