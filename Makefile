# Thin aliases for manage.py. PORT, DATA_DIR and every variable of .env.example may be given: make demo PORT=8001
SHELL := /bin/sh
VENV := .venv
PY := $(VENV)/bin/python
ARGS ?=
WORKERS ?= 2
# "python" last: on some machines it is the only name, on others an old version.
CANDIDATES := $(PYTHON) python3.11 python3.12 python3.13 python3 python3.14 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

# Makes $(VENV) where it is missing or its Python is gone, then installs the locked files named in $(1), each only when
# it has changed since (a copy of what was installed lies in $(VENV)). With uv when present, else with pip.
define install
@set -e; \
if ! $(PY) -c '$(NEW_ENOUGH)' 2>/dev/null; then \
  found=; for name in $(CANDIDATES); do \
    if command -v "$$name" >/dev/null 2>&1 && "$$name" -c '$(NEW_ENOUGH)' 2>/dev/null; then found=$$name; break; fi; \
  done; \
  if [ -z "$$found" ]; then \
    echo "The portal needs Python 3.11 or newer and none was found; install one, or name it: make demo PYTHON=/path/to/python3.11" >&2; exit 2; \
  fi; \
  echo "Making $(VENV) with $$($$found -V 2>&1)"; \
  if command -v uv >/dev/null 2>&1; then uv venv --quiet --clear --python "$$found" $(VENV); \
  elif ! "$$found" -m venv --clear $(VENV); then \
    echo "Python could not make $(VENV); install its venv module (on Debian: apt install python3-venv) or uv." >&2; exit 2; \
  fi; \
fi; \
for file in $(1); do \
  done="$(VENV)/installed-$$(echo $$file | tr / -)"; \
  if ! cmp -s "$$file" "$$done"; then \
    echo "Installing $$file"; \
    if command -v uv >/dev/null 2>&1; then uv pip install --quiet --python $(PY) --require-hashes -r "$$file"; \
    else \
      $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; \
      $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r "$$file"; \
    fi; \
    cp "$$file" "$$done"; \
  fi; \
done
endef

.PHONY: help install install-tests demo test check bench bench-audit bench-faults bench-sign-in bench-record bench-reminders bench-summary rule-drops lock screens messages

help:
	@echo "make demo      run the portal with demonstration data (PORT=8000, DATA_DIR=.data)"
	@echo "make test      run all tests (WORKERS=2, ARGS=…)"
	@echo "make check     run the checks of continuous integration"
	@echo "make bench     measure pages and memory (BENCH_JSON=file also writes the figures)"
	@echo "make bench-audit  append to the log from eight processes, then walk its chain (BENCH_JSON=file)"
	@echo "make bench-faults  send 10,000 mails while everything is killed, then after six hours without a server (BENCH_JSON=file, ARGS=--seed=2)"
	@echo "make bench-sign-in  70 people sign in from one address within two minutes (BENCH_JSON=file)"
	@echo "make bench-record  two write a record of 200 blocks while workers are killed (BENCH_JSON=file, ARGS=--seed=2)"
	@echo "make bench-reminders  a year of reminders hour by hour in six zones (BENCH_JSON=file, ARGS=--days=60)"
	@echo "make bench-summary  how long a regional summary takes, of 16 and of 193 states (BENCH_JSON=file)"
	@echo "make rule-drops  drop each condition of the audience rule in turn: does a test notice?"
	@echo "make screens   save every page per persona, language and width"
	@echo "make messages  collect the texts to translate into iwg_portal/locale"
	@echo "make lock      write requirements.txt and tests/requirements.txt anew from pyproject.toml"

install:
	$(call install,requirements.txt)

install-tests:
	$(call install,requirements.txt tests/requirements.txt)

# exec: signals reach the portal itself, and nothing stays between it and the terminal.
demo: install
	@exec $(PY) manage.py demo $(ARGS)

test: install-tests
	@exec $(PY) -m pytest -n $(WORKERS) $(ARGS)

check: install-tests
	@exec $(PY) manage.py quality $(ARGS)

bench: install-tests
	@exec $(PY) manage.py bench $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

bench-audit: install-tests
	@exec $(PY) manage.py bench_audit $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

bench-faults: install-tests
	@exec $(PY) manage.py bench_faults $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

bench-sign-in: install-tests
	@exec $(PY) manage.py bench_sign_in $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

rule-drops: install-tests
	@exec $(PY) manage.py rule_drops $(ARGS)

bench-record: install-tests
	@exec $(PY) manage.py bench_record $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

bench-summary: install-tests
	@exec $(PY) manage.py bench_summary $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

bench-reminders: install-tests
	@exec $(PY) manage.py bench_reminders $(if $(BENCH_JSON),--json "$(BENCH_JSON)") $(ARGS)

screens: install-tests
	@exec $(PY) manage.py screens $(ARGS)

messages: install
	@exec $(PY) manage.py messages $(ARGS)

LOCK = UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-annotate

lock:
	@command -v uv >/dev/null 2>&1 || { echo "make lock needs uv." >&2; exit 2; }
	$(LOCK) -o requirements.txt pyproject.toml
	$(LOCK) -c requirements.txt --group test -o tests/requirements.txt pyproject.toml
