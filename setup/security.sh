#!/usr/bin/env bash
# Looks for known weaknesses: bandit over our programs, pip-audit over what they are made of.
# pip-audit asks the network; where there is none, it is left out and said so.
set -eu
cd "$(dirname "$0")/.."
. setup/environment.sh
make_venv "[dev]"
say "· bandit"
.venv/bin/bandit --quiet --recursive cloud release simulator -ll || found=1
say "· pip-audit"
audit=.tools/audit
[ -x "$audit/bin/pip-audit" ] || {
    "$(find_python)" -m venv "$audit" && "$audit/bin/pip" install --quiet --disable-pip-version-check pip-audit
} || stop "pip-audit could not be installed. 无法安装 pip-audit。"
"$audit/bin/pip-audit" --requirement setup/lock.txt --no-deps --disable-pip || found=1
exit "${found:-0}"
