#!/usr/bin/env bash
# One command: sets itself up, then makes a module a tested terminal. ./flash.sh --help shows the options.
set -eu
cd "$(dirname "$0")"
. setup/environment.sh
make_venv ""
make_tools
exec .venv/bin/hanma flash "$@"
