# mailbot from a checkout. Everything is installed into .venv here; nothing needs root.
#
#   make demo    a day at the help desk, played with real mails on this machine
#   make test    the tests
#   make check   what CI runs: formatting, lint, types, layers, tests
#   make torture kill the bot at random moments over a flood of mails (MAILS, KILLS, SEED, DATABASE)
#   make crowd   several workers on one PostgreSQL, killed at random (WORKERS, MAILBOXES, MAILS, KILLS, SEED)
#   make week    a week of mail while everything breaks: memory, descriptors and threads (MAILS, SEED)
#   make bench   how fast, how large, how slow with age: one table (QUICK=1 in a minute, ONLY=a,b,c,d,e,g)
#   make scale   a full mailbox in one go, and whether every mail became what it should (MAILS, SEED)
#   make moving  an osTicket of TICKETS=10000 is taken over, twice
#   make year    a school year of TICKETS=1000, lived at a desk without servers
#   make gallery dist/gallery/index.html: every letter, to look at
#   make wheel   dist/mailbot-….whl
#   make deb     dist/mailbot_….deb, for the Debian or Ubuntu that it is made on
#   make lock    resolve requirements.lock anew (needs uv)
#   make clean   remove all that was made
#
# The newest Python from 3.11 on that has venv is used; PYTHON=/path/to/python chooses another one.

.PHONY: demo test check lint lock wheel deb gallery clean torture crowd bench scale moving week year
.DELETE_ON_ERROR:

VENV := .venv
READY := $(VENV)/installed
TOOLS := $(VENV)/tools
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip --quiet --disable-pip-version-check
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --upgrade \
    --generate-hashes --no-emit-index-url --no-header --no-annotate

# The stamp holds the directory that the venv was made for: a checkout that was moved, a venv that was left
# half made and one whose Python was removed are made anew.
ifneq ("$(shell { $(VENV)/bin/python -c 'print(open("$(READY)").read())'; } 2>/dev/null)","$(CURDIR)")
.PHONY: $(READY)
endif

demo: $(READY)
	@$(VENV)/bin/mailbot demo

test: $(TOOLS)
	$(RUN) pytest -n auto

check: lint test

lint: $(TOOLS)
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports

bench: $(TOOLS)
	@$(RUN) bench

torture crowd scale moving week: $(TOOLS)
	@$(RUN) bench.$@

year: $(TOOLS)
	MAILBOT_YEAR_TICKETS=$(or $(TICKETS),1000) $(RUN) pytest tests/endurance/test_simulated_year.py

$(READY): requirements.lock pyproject.toml
	@for python in $(CANDIDATES); do \
	    "$$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	    python=; \
	done; \
	if [ -z "$$python" ]; then \
	    echo 'mailbot needs Python 3.11 or newer with venv: apt install python3-venv, or make PYTHON=/path/to/python3.11' >&2; \
	    exit 1; \
	fi; \
	echo "Installing into $(VENV) with $$("$$python" --version); this takes half a minute."; \
	rm -rf $(VENV) && "$$python" -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(VENV)/bin/python -c 'import os; open("$(READY)", "w").write(os.getcwd())'

$(TOOLS): $(READY) requirements-dev.lock
	@echo 'Installing the tools of the tests.'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

lock:
	$(COMPILE) --extra postgresql --group build --output-file requirements.lock pyproject.toml
	$(COMPILE) --all-extras --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

gallery: $(READY)
	@$(VENV)/bin/mailbot preview dist/gallery

wheel: $(READY)
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

deb: wheel
	@.deb/build

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
