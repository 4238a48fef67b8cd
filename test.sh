#!/usr/bin/env bash
# Sets itself up and runs the tests: ./test.sh (all), ./test.sh quick (unit tests only).
# Further words go to pytest: ./test.sh -k presence
set -eu
cd "$(dirname "$0")"
. setup/environment.sh
unset PYTHONDONTWRITEBYTECODE # set in many containers: each pytest would rewrite every test anew
make_venv "[dev]"
make_tools
.venv/bin/ruff check --quiet . || stop "ruff has complaints (.venv/bin/ruff check .)"
.venv/bin/ruff format --check --quiet . || stop "some files are not formatted (.venv/bin/ruff format .)"
if [ "${1:-}" = quick ]; then
    shift
    exec .venv/bin/python -m pytest -n auto -m "not slow" "$@"
fi
bash setup/test_tools.sh

# Three parts, as tests/conftest.py divides them: first beside each other on all cores, then two rows,
# one test after another in each. What the staged say is shown when they are through.
part() { .venv/bin/python -m pytest --part "$1" --failed-in "$told/$1" "${@:2}"; }
together=0 staged=0 alone=0
told=$(mktemp -d)
part together -n auto --dist worksteal "$@" || together=$?
set -m # a job of its own: otherwise it, and the programs of its tests, would be deaf to Ctrl-C
part staged "$@" </dev/null >"$told/output" 2>&1 &
row=$!
set +m
trap 'kill -INT -- "-$row" 2>/dev/null && wait "$row" || :; rm -rf "$told"' EXIT
part alone "$@" || alone=$?
wait "$row" || staged=$?
cat "$told/output"

# The two rows keep real time, and a machine that stood still fails them: what failed, three at most,
# is tried once more with nothing beside it. What failed and passed is named, for somebody to look into.
again() {
    local names
    mapfile -t names <"$told/$1"
    [ "${#names[@]}" -ge 1 ] && [ "${#names[@]}" -le 3 ] && .venv/bin/python -m pytest "${names[@]}" || return 1
    printf 'unsteady 不稳定: %s\n' "${names[@]}"
}
[ "$alone" != 1 ] || { again alone && alone=0; } || :
[ "$staged" != 1 ] || { again staged && staged=0; } || :
# 5 = no test was asked for: a path or -k may mean tests of one part only
code=5
for one in "$alone" "$staged" "$together"; do
    if [ "$one" = 0 ] && [ "$code" = 5 ] || [ "$one" != 0 ] && [ "$one" != 5 ]; then code=$one; fi
done
exit "$code"
