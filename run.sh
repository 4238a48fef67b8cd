#!/usr/bin/env bash
# One command: sets itself up, then starts the cloud, the broker and three simulated terminals.
# ./run.sh --help shows the options.
set -eu
cd "$(dirname "$0")"
. setup/environment.sh
make_venv ""
make_tools
exec .venv/bin/hanma demo "$@"
