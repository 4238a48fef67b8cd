#!/usr/bin/env bash
# Sets itself up and runs the tests: ./test.sh (all), ./test.sh quick (unit tests only).
# Further words go to pytest: ./test.sh -k presence
set -eu
cd "$(dirname "$0")"
. setup/environment.sh
make_venv "[dev]"
make_tools
.venv/bin/ruff check --quiet . || stop "ruff has complaints (.venv/bin/ruff check .)"
.venv/bin/ruff format --check --quiet . || stop "some files are not formatted (.venv/bin/ruff format .)"
if [ "${1:-}" = quick ]; then
    shift
    exec .venv/bin/python -m pytest -n auto -m "not slow" "$@"
fi
bash setup/test_tools.sh

# Two parts, as tests/conftest.py divides them: first beside each other, then one after another.
together=0 alone=0
.venv/bin/python -m pytest -n auto --dist worksteal --part together "$@" || together=$?
.venv/bin/python -m pytest --part alone "$@" || alone=$?
# 5 = no test was asked for: a path or -k may mean tests of one part only
if [ "$together" = 5 ]; then exit "$alone"; fi
if [ "$alone" = 5 ] || [ "$together" != 0 ]; then exit "$together"; fi
exit "$alone"
