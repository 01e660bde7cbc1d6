# Everything sets itself up: only Python >= 3.10, make and a package index are needed.
# .venv-demo holds the runtime alone (no torch, no Qt); .venv holds what development and the tests need.

PYTHON ?= python3
BUNDLE ?= compact
DATA ?= $(EDGEACT_SHARED)
SNAPSHOTS ?=
INPUT ?= edgeact/assets/demo.mp4
FAULTS ?=
MINUTES ?= 60

RUNTIME := .venv-demo
VENV := .venv
RUNTIME_READY := $(RUNTIME)/.ready
READY := $(VENV)/.ready
PACKAGES := edgeact trainer deploy desktop_ui

# Only the versions of constraints.txt are taken (-qq: errors only); a change of what is asked for installs again.
PIP_INSTALL = -m pip install -qq --disable-pip-version-check --constraint constraints.txt
# Two test processes of one thread each: the small networks of the tests lose more to waiting for threads than they win.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

# What tests of live sources read from (its Python bindings belong to the system's Python), and the broker that tests of MQTT
# talk to. Without them (no Debian, no right to install) these tests are skipped, but never in continuous integration.
RTSP_SERVER := gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
BROKER := mosquitto
# The browser that tests of the status page look through.
BROWSER := chromium
HAS_SERVERS := PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null && command -v $(BROWSER) >/dev/null && /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' 2>/dev/null

# What Qt needs of the system for the window and its tests, and a display that is none.
QT_LIBRARIES := xvfb weston libegl1 libgl1 libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-xinerama0 libdbus-1-3 fontconfig fonts-dejavu-core
HAS_QT_LIBRARIES := command -v Xvfb >/dev/null && command -v weston >/dev/null && $(VENV)/bin/python -c 'import PyQt6.QtWidgets' 2>/dev/null

INSTALL_INPUTS := pyproject.toml constraints.txt edgeact/__init__.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint format test-slow train faults soak bench clean python-version servers qt-libraries

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(READY) ## Install everything for development and tests into .venv
	@echo "Ready: $(VENV)/bin/edgeact"

demo: $(RUNTIME_READY) ## Annotate the packaged demo clip into edgeact-demo/ (installs the runtime only)
	@$(RUNTIME)/bin/edgeact demo --out edgeact-demo

servers: ## Install the RTSP server and MQTT broker that tests use (Debian and Ubuntu, as root); make test does it where it may
	@if $(HAS_SERVERS); then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing the RTSP server and the MQTT broker for tests (once)"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $(RTSP_SERVER) $(BROKER) $(BROWSER) >/dev/null; \
	else echo "tests of RTSP, MQTT or the status page are skipped; to run them, install $(RTSP_SERVER) $(BROKER) $(BROWSER)"; fi

qt-libraries: $(READY) ## Install what Qt needs, Xvfb and weston (Debian and Ubuntu, as root); make test does it where it may
	@if $(HAS_QT_LIBRARIES); then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Qt's libraries, Xvfb and weston for tests (once)"; \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends $(QT_LIBRARIES) >/dev/null; \
	else echo "tests of the window need: $(QT_LIBRARIES)"; fi

test: lint servers qt-libraries ## Run all checks: ruff, mypy, import contracts, then pytest without the slow tests
	@echo "== pytest"
	@$(ONE_THREAD) $(VENV)/bin/python -m pytest --numprocesses 2 --dist worksteal

lint: $(READY) ## Run ruff, mypy and the import contracts
	@echo "== ruff check"
	@$(VENV)/bin/ruff check --output-format concise .
	@echo "== ruff format --check"
	@$(VENV)/bin/ruff format --check .
	@echo "== mypy (strict for edgeact)"
	@$(VENV)/bin/mypy
	@echo "== import contracts"
	@$(VENV)/bin/lint-imports --no-logo

format: $(READY) ## Format the code and apply the safe fixes
	@$(VENV)/bin/ruff check --fix-only .
	@$(VENV)/bin/ruff format .

test-slow: $(READY) ## Run the tests that take minutes each or repeat parts of others
	@$(VENV)/bin/python -m pytest -m slow

faults: $(READY) servers ## Break everything around a daemon, one after the other: make faults [FAULTS="--only broker --json FILE"]
	@$(ONE_THREAD) $(VENV)/bin/python -m tests.faults $(FAULTS)

soak: $(READY) servers ## Break everything around one daemon again and again: make soak [MINUTES=60]; samples go to soak.jsonl
	@$(ONE_THREAD) $(VENV)/bin/python -m tests.bench.soak --minutes $(MINUTES)

train: $(READY) ## Make a bundle again: make train DATA=<folder with data/ and teachers/> [BUNDLE=accurate] [SNAPSHOTS=<whole data sets>]
	@test -n "$(DATA)" || { echo "make train needs the folder that holds data/ and teachers/: make train DATA=<folder>" >&2; exit 2; }
	@$(VENV)/bin/python $(PIP_INSTALL) --editable ".[dev,train,export,label]"
	@$(VENV)/bin/edgeact deploy reproduce trainer/recipes/$(BUNDLE).toml --data $(DATA)/data --teachers $(DATA)/teachers $(if $(SNAPSHOTS),--snapshots $(SNAPSHOTS)) --work edgeact-work --out edgeact/assets/bundles/$(BUNDLE)

bench: $(RUNTIME_READY) ## Time the pipeline against decode+encode alone: make bench [INPUT=<video>]
	@$(RUNTIME)/bin/edgeact bench $(INPUT)

clean: ## Remove the environments, caches and outputs that make created
	rm -rf $(VENV) $(RUNTIME) edgeact-demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache soak.jsonl
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

python-version:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "edgeact needs Python 3.10 or newer; choose one with make PYTHON=<python>" >&2; exit 1; }

$(RUNTIME_READY): $(INSTALL_INPUTS) | python-version
	@echo "Setting up $(RUNTIME) with the runtime (once, about a minute)"
	@$(PYTHON) -m venv $(RUNTIME)
	@$(RUNTIME)/bin/python $(PIP_INSTALL) --editable .
	@touch $@

$(READY): $(INSTALL_INPUTS) | python-version
	@echo "Setting up $(VENV) for development and tests (once, a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python $(PIP_INSTALL) --editable ".[dev,train,export,heic,tracking,tables,daemon,desktop]"
	@touch $@
