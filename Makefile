# Two commands need nothing but Python 3.11+ and git:
#   make demo   pictures from every action, made by the sandbox, in out/
#   make test   the whole suite
PYTHON ?= python3
VENV ?= .venv
STRANGERS ?= .venv-strangers
AIRFLOW ?= .venv-airflow
BIN := $(VENV)/bin

.PHONY: demo test screenshots test-n8n browser postgres faketime proxies strangers airflow lint types bench rate torture faults crowd soak fuzz truth mcp tiles spec-reference wheel release check clean

demo: $(VENV)/.ready
	$(BIN)/connector demo -o out

# Pictures of every page of the console, in both widths and themes, in out/console.
screenshots: $(VENV)/.ready browser
	SCREENSHOTS=out/console $(BIN)/python -m pytest tests/browser

test: $(VENV)/.ready browser postgres faketime proxies
	$(BIN)/python -m pytest

# What the tests of the console drive: Debian's, where it can be had. They take another browser, but it is slower.
browser:
	@sh tests/debian.sh chromium-headless-shell 'the tests of the console' chromium-headless-shell

# What the tests of shared databases start servers of their own with.
postgres:
	@sh tests/debian.sh postgresql 'the tests of shared databases' initdb '/usr/lib/postgresql/*/bin/initdb'

# What the tests that set a machine's clock do it with.
faketime:
	@sh tests/debian.sh libfaketime 'the tests that set the clock' '/usr/lib/*/faketime/libfaketimeMT.so.1'

# What a host stands behind, as docs/operations.md says.
proxies:
	@sh tests/debian.sh nginx 'the tests of TLS behind nginx' nginx /usr/sbin/nginx
	@sh tests/debian.sh caddy 'the tests of TLS behind Caddy' caddy

# Other people's clients against the sandbox, in environments of their own: they are large. What cannot be
# installed here is skipped, and the reason is told.
strangers: $(STRANGERS)/.ready
	$(STRANGERS)/bin/python -m pytest -n 0 -rsx tests/strangers

# The provider in Airflow itself, in an environment of its own for the same reason.
airflow: $(AIRFLOW)/.ready
	$(AIRFLOW)/bin/python -m pytest -n 2 --dist loadfile tests/airflow

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

check: $(VENV)/.ready
	$(BIN)/connector check . --against schemas/stability.openapi.json

# Ratios against bare httpx, all of one run, printed and written to out/bench.json.
bench: $(VENV)/.ready
	$(BIN)/python tests/bench/run.py

# The rate limit behind networks that are late and stall, four processes with one key; six minutes.
rate: $(VENV)/.ready
	$(BIN)/python tests/bench/rate.py

# Two hundred kills of a worker over a thousand durable runs; fails where one is lost or paid for twice.
torture: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m runs.torture

# Kills, full and read-only disks at every system call of each use, which has so many SECONDS; fails where
# something paid is lost or paid twice, or what is stored is not whole. Some three hours for all points.
SECONDS ?= 1800
faults: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m faults.run --seconds $(SECONDS)

# 200 clients that use one host's sandbox at once for a minute; fails where one gets a 5xx, a run is lost, or one
# answer in a hundred about the host's health takes more than 250 ms.
crowd: $(VENV)/.ready
	$(BIN)/python tests/bench/crowd.py

# A host under a steady load for an hour, or for so many MINUTES; fails where its memory or open files grow.
MINUTES ?= 60
soak: $(VENV)/.ready
	$(BIN)/python tests/bench/soak.py $(MINUTES)

# schemathesis asks the host for half an hour whatever its document allows and does not; its seed is told.
fuzz: $(VENV)/.ready
	PYTHONPATH=tests $(BIN)/python -m fuzz.run

# The differential and generated tests for longer than in the suite: TRUTH examples of each that is generated.
TRUTH ?= 1000
truth: $(VENV)/.ready
	TRUTH=$(TRUTH) $(BIN)/python -m pytest -n 2 tests/authoring/export/test_export_superblocks.py \
		tests/sandbox/test_multipart_reader.py tests/media/test_file_rules.py

# MCP's own conformance tool and inspector against our server; npm packages go to out/mcp.
mcp: $(VENV)/.ready
	$(BIN)/python tests/mcp/conformance.py out/mcp

# n8n with our node in it, by its own tools and in real workflows; ten minutes at the first time.
test-n8n: $(VENV)/.ready out/n8n/.ready
	$(BIN)/python -m pytest -n 0 tests/n8n

# The pictures of before and after in the list of actions, where one is missing or its example has changed.
tiles: $(VENV)/.ready
	$(BIN)/python tools/tiles.py

# The wheel, installed where there is no checkout, still knows its actions.
wheel: $(VENV)/.ready
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist .
	$(try-wheel)

# docs/spec-reference.md, from the descriptions in schemas/.
spec-reference: $(VENV)/.ready
	$(BIN)/python tools/spec_reference.py

# Builds the sdist, and the wheel from it, checks both and makes the tag vX.Y.Z. Nothing is published.
release: $(VENV)/.ready
	$(BIN)/python tools/release.py check
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/twine check --strict dist/*
	$(try-wheel)
	$(BIN)/python tools/release.py tag

define try-wheel
rm -rf out/wheel
$(PYTHON) -m venv out/wheel
out/wheel/bin/pip install --quiet --disable-pip-version-check dist/*.whl
cd out/wheel && CONNECTOR_HOME=home bin/connector actions
endef

clean:
	rm -rf $(VENV) $(STRANGERS) $(AIRFLOW) out dist build

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[all]' --group dev
	touch $@

$(STRANGERS)/.ready: pyproject.toml tests/strangers/npm/package-lock.json
	$(PYTHON) -m venv $(STRANGERS)
	$(STRANGERS)/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(STRANGERS)/bin/pip install --quiet --disable-pip-version-check --editable '.[all]' --group strangers
	rm -rf $(STRANGERS)/npm $(STRANGERS)/stabilityai
	cp -R tests/strangers/npm $(STRANGERS)/npm
	if command -v npm >/dev/null; then cd $(STRANGERS)/npm && npm ci --silent --no-audit --no-fund || rm -rf node_modules; fi
	$(PYTHON) -m venv $(STRANGERS)/stabilityai
	$(STRANGERS)/stabilityai/bin/pip install --quiet --disable-pip-version-check --only-binary :all: stabilityai==1.0.5 \
		|| rm -rf $(STRANGERS)/stabilityai
	touch $@

out/n8n/.ready: tests/n8n/install.sh $(wildcard tests/n8n/*.json)
	sh tests/n8n/install.sh out/n8n
	touch $@

$(AIRFLOW)/.ready: pyproject.toml
	$(PYTHON) -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(AIRFLOW)/bin/pip install --quiet --disable-pip-version-check --editable '.[airflow,sandbox]' --group airflow
	touch $@
