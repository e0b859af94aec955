# mailbot from a checkout. Everything is installed into .venv here; nothing needs root.
#
#   make demo           show a day at a help desk with real mails on this machine
#   make test           run all tests
#   make test-unit      run the tests that need no server and no database
#   make test-integration  run the tests of one part on real databases and servers
#   make coverage       run all tests and measure coverage; it fails below the floor of pyproject.toml
#   make check          run the linters and all tests
#   make crash-test     kill the bot at random moments during many mails (MAILS, KILLS, SEED, DATABASE)
#   make chaos-test     make the state directory read-only, or set the clock, during many mails (PART, MAILS, SEED)
#   make cluster-test   run several workers on one PostgreSQL and kill them (WORKERS, MAILBOXES, MAILS, KILLS, RESTARTS)
#   make soak-test      simulate a week of mail with failures: memory, descriptors, threads (MAILS, SEED)
#   make simulate-year  simulate a school year at a desk without servers (TICKETS)
#   make bench          measure speed, size and growth in one table (QUICK=1 takes a minute, ONLY=names)
#   make growth-curve   measure intake with more tickets and mailboxes, and draw docs/growth-*.svg (takes 20 minutes)
#   make bench-backlog  process a full mailbox and check every mail (MAILS, SEED)
#   make bench-import   import an osTicket database twice (TICKETS)
#   make gallery        write dist/gallery/index.html with a sample of every notification
#   make docs           build the documentation as a web site with search: dist/docs/index.html
#   make wheel          build dist/mailbot-….whl
#   make deb            build dist/mailbot_….deb for the Debian release of this machine (needs dpkg-dev)
#   make release        build sdist, wheel and package of a tagged release, and check them (needs dpkg-dev, lintian)
#   make lock           resolve the lock files again (needs uv)
#   make clean          remove everything that was built
#
# The newest Python from 3.11 on that has venv is used; PYTHON=/path/to/python chooses another one.

.PHONY: demo test test-unit test-integration coverage check lint lock docs wheel deb release gallery clean \
    bench growth-curve bench-backlog bench-import chaos-test crash-test cluster-test soak-test simulate-year
.DELETE_ON_ERROR:

# The tests start hundreds of processes: each would compile every module again.
unexport PYTHONDONTWRITEBYTECODE

# Two test processes more than cores: tests of servers wait a quarter of their time.
PYTEST_XDIST_AUTO_NUM_WORKERS ?= $(shell echo $$((2 + $$(getconf _NPROCESSORS_ONLN))))
export PYTEST_XDIST_AUTO_NUM_WORKERS

VENV := .venv
READY := $(VENV)/installed
TOOLS := $(VENV)/tools
RELEASE_TOOLS := $(VENV)/release-tools
RUN := $(VENV)/bin/python -m
PIP := $(RUN) pip --quiet --disable-pip-version-check
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3.14 python3.13 python3.12 python3.11 python3)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --upgrade \
    --generate-hashes --no-emit-index-url --no-header --no-annotate
# requirements.lock has what a production installation needs, the other files what is added to it.
PRODUCTION := --extra postgresql --extra microsoft --extra google --extra prometheus --extra osticket
DEMO := import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["demo"], sep="\n")

# The stamp holds the directory that the venv was made for: a checkout that was moved, a venv that was left
# half made and one whose Python was removed are built again.
ifneq ("$(shell { $(VENV)/bin/python -c 'print(open("$(READY)").read())'; } 2>/dev/null)","$(CURDIR)")
.PHONY: $(READY)
endif

demo: $(READY)
	@$(VENV)/bin/mailbot demo

test: $(TOOLS)
	$(RUN) pytest -n auto --dist loadgroup

# They need only the processor: one process for each core. They start no process whose output is to be
# captured.
test-unit: $(TOOLS)
	env -u PYTEST_XDIST_AUTO_NUM_WORKERS $(RUN) pytest -n auto --dist loadgroup --capture=sys tests/unit

test-integration: $(TOOLS)
	$(RUN) pytest -n auto --dist loadgroup tests/integration

coverage: $(TOOLS)
	$(RUN) pytest -n auto --dist loadgroup --cov --cov-report=term:skip-covered

check: lint test

lint: $(TOOLS)
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(RUN) tests.prose

bench: $(TOOLS)
	@$(RUN) bench

crash-test: $(TOOLS)
	@$(RUN) bench.crash

chaos-test: $(TOOLS)
	@$(RUN) bench.chaos

cluster-test: $(TOOLS)
	@$(RUN) bench.cluster

soak-test: $(TOOLS)
	@$(RUN) bench.soak

bench-backlog: $(TOOLS)
	@$(RUN) bench.backlog

growth-curve: $(TOOLS)
	@$(RUN) bench.growth_curve

bench-import: $(TOOLS)
	@$(RUN) bench.import_osticket

simulate-year: $(TOOLS)
	MAILBOT_YEAR_TICKETS=$(or $(TICKETS),1000) $(RUN) pytest tests/endurance/test_simulated_year.py

$(READY): requirements.lock requirements-demo.lock pyproject.toml
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
	@$(PIP) install --require-hashes -r requirements.lock -r requirements-demo.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@$(RUN) compileall -q -j 0 mailbot tests/support
	@$(VENV)/bin/python -c 'import os; open("$(READY)", "w").write(os.getcwd())'

$(TOOLS): $(READY) requirements-dev.lock
	@echo 'Installing the tools of the tests.'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(RUN) pytest --collect-only -qq >/dev/null || true  # each process of the first run would compile all tests
	@touch $@

$(RELEASE_TOOLS): $(READY) requirements-release.lock
	@echo 'Installing the tools of the documentation and of releases.'
	@$(PIP) install --require-hashes -r requirements-release.lock
	@touch $@

lock:
	$(COMPILE) $(PRODUCTION) --group build --output-file requirements.lock pyproject.toml
	$(COMPILE) --all-extras --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	python3 -c '$(DEMO)' | $(COMPILE) --constraint requirements-dev.lock --output-file requirements-demo.lock -
	$(COMPILE) --group pyproject.toml:release --constraint requirements-dev.lock --output-file requirements-release.lock

gallery: $(READY)
	@$(VENV)/bin/mailbot preview dist/gallery

# The site has the Markdown files at the places where they are here, so that a link means the same in both.
docs: $(RELEASE_TOOLS)
	@rm -rf build/docs dist/docs
	@mkdir -p build/docs
	@cp -r --parents *.md LICENSE docs build/docs
	@$(VENV)/bin/zensical build --strict --clean
	@echo 'Open dist/docs/index.html.'

wheel: $(READY)
	@rm -f dist/mailbot-*.whl
	$(RUN) hatchling build -d dist -t wheel

deb: wheel
	@.deb/build

release: $(RELEASE_TOOLS)
	@PYTHONPATH=.ci $(RUN) release.versions
	@command -v lintian >/dev/null || { echo 'make release needs lintian: apt install lintian' >&2; exit 1; }
	@rm -f dist/mailbot-*.tar.gz
	$(RUN) hatchling build -d dist -t sdist
	@$(MAKE) --no-print-directory deb
	$(RUN) twine check --strict dist/mailbot-*.tar.gz dist/mailbot-*.whl
	lintian --fail-on error,warning dist/mailbot_*.deb

clean:
	rm -rf .venv* dist build .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
