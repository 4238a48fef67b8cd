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

# The parts of tests/conftest.py, all beside each other: rows, one test after another in each, which
# keep real time and mostly wait; and together, on every core, which has what the rows leave of
# them. What a row says is shown when it is through.
rows=(browser e2e board server)
told=$(mktemp -d)
export HANMA_IMAGES="$told/images"
declare -A job went
part() { .venv/bin/python -m pytest --part="$1" --failed-in="$told/$1" "${@:2}"; }
set -m # jobs of their own: otherwise they, and the programs of their tests, would be deaf to Ctrl-C
for row in "${rows[@]}"; do
    part "$row" "$@" </dev/null >"$told/$row.said" 2>&1 &
    job[$row]=$!
done
set +m
trap 'kill -INT "${job[@]/#/-}" 2>/dev/null && wait || :; rm -rf "$told"' EXIT
went[together]=0
nice -n 10 .venv/bin/python -m pytest --part=together -n auto --dist worksteal "$@" ||
    went[together]=$?
for row in "${rows[@]}"; do
    went[$row]=0
    wait "${job[$row]}" || went[$row]=$?
    printf '%s:\n' "$row"
    cat "$told/$row.said"
done

# Rows keep real time, and a machine that stood still fails them: what failed, three at most in a
# row, is tried once more with nothing beside it. What failed and passed is named, for somebody to
# look into.
again() {
    local names
    mapfile -t names <"$told/$1"
    [ "${#names[@]}" -ge 1 ] && [ "${#names[@]}" -le 3 ] && .venv/bin/python -m pytest "${names[@]}" || return 1
    printf 'unsteady 不稳定: %s\n' "${names[@]}"
}
for row in "${rows[@]}"; do
    [ "${went[$row]}" != 1 ] || { again "$row" && went[$row]=0; } || :
done
# 5 = no test was asked for: a path or -k may mean tests of one part only
code=5
for part in "${rows[@]}" together; do
    one=${went[$part]}
    if [ "$one" = 0 ] && [ "$code" = 5 ] || [ "$one" != 0 ] && [ "$one" != 5 ]; then code=$one; fi
done
exit "$code"
