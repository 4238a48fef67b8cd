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
exec .venv/bin/python -m pytest "$@"
