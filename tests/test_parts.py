"""`./test.sh` runs all its parts, and says so if any fails."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests import databases
from tests.conftest import ROWS, part_of, pytest_ignore_collect

ROOT = Path(__file__).parents[1]
PARTS = ("together", *ROWS)
STANDS = "make_venv() { :; }\nmake_tools() { :; }\nstop() { exit 9; }\n"
PYTHON = """#!/bin/sh
echo "$*" >>said
for part in together browser e2e board server; do
    case "$*" in *"--part=$part"*) break;; esac
done
[ "$part" = together ] || { echo "told by $part"; sh -c 'kill -INT $$; echo deaf'; }
eval "exit \\${$part:-0}"
"""


def run(place: Path, codes: dict[str, int], *words: str) -> tuple[int, list[str], str]:
    """test.sh with a python that only says how each part went, well where `codes` has no other
    word: exit code, pytest's words, what is shown."""
    for path, text in (
        ("setup/environment.sh", STANDS),
        ("setup/test_tools.sh", ""),
        (".venv/bin/ruff", "#!/bin/sh\n"),
        (".venv/bin/python", PYTHON),
        ("test.sh", (ROOT / "test.sh").read_text()),
    ):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
        (place / path).chmod(0o755)
    done = subprocess.run(
        ["bash", place / "test.sh", *words],
        env={part: str(code) for part, code in codes.items()} | {"PATH": "/usr/bin:/bin"},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (place / "said").read_text().splitlines(), done.stdout


@pytest.mark.parametrize(
    "codes, code",
    [
        *[((0, 0, 0, 0, 0), 0), ((1, 0, 0, 0, 0), 1), ((0, 1, 0, 0, 0), 1), ((0, 0, 1, 0, 0), 1)],
        *[((0, 0, 0, 1, 0), 1), ((0, 0, 0, 0, 1), 1), ((1, 2, 2, 2, 1), 1), ((0, 5, 5, 0, 5), 0)],
        *[((5, 5, 0, 5, 5), 0), ((5, 5, 2, 5, 5), 2), ((1, 5, 5, 5, 5), 1), ((5, 5, 5, 5, 5), 5)],
    ],
)
def test_it_fails_if_any_part_fails_or_no_test_was_asked_for(
    tmp_path: Path, codes: tuple[int, ...], code: int
) -> None:
    told = dict(zip(PARTS, codes, strict=True))
    assert run(tmp_path, told)[0] == code


def test_ones_own_words_reach_all_parts(tmp_path: Path) -> None:
    _code, said, _shown = run(tmp_path, {}, "-k", "presence", "tests/cloud")
    assert [line.endswith("-k presence tests/cloud") for line in said] == [True] * len(PARTS)
    assert {part for part in PARTS for line in said if f"--part={part} " in line} == set(PARTS)


def test_what_a_row_says_is_shown_and_it_hears_a_ctrl_c(tmp_path: Path) -> None:
    # Where the tests themselves were started in the background, they are deaf to it: not so here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    shown = run(tmp_path, {"e2e": 1})[2]
    signal.signal(signal.SIGINT, before)
    assert [row for row in ROWS if f"{row}:\ntold by {row}\n" in shown] == [*ROWS]
    assert "deaf" not in shown


def test_every_path_that_runs_in_a_row_is_there_and_in_one_part() -> None:
    paths = [(row, path) for row, paths in ROWS.items() for path in paths]
    assert [path for _row, path in paths if not (ROOT / path).exists()] == []
    assert [(part_of(path), path) for _row, path in paths] == paths
    assert [part for part in PARTS if (ROOT / part).exists()] == []


_FILES = ("e2e/test_job.py", "cloud/test_app.py", "cloud/test_demo.py", "test_annex.py")


@pytest.mark.parametrize(
    "part, marks, taken",
    [
        (None, "", [*_FILES]),
        ("e2e", "", ["e2e/test_job.py"]),
        ("server", "", ["cloud/test_app.py"]),
        ("together", "", ["cloud/test_demo.py", "test_annex.py"]),
        (None, "not slow", ["e2e/test_job.py", "cloud/test_app.py", "test_annex.py"]),
        ("together", "not slow", ["test_annex.py"]),
    ],
)
def test_a_file_without_a_test_that_is_asked_for_is_not_read(
    part: str | None, marks: str, taken: list[str]
) -> None:
    asked = {"--part": part, "markexpr": marks}
    config = cast(pytest.Config, SimpleNamespace(rootpath=ROOT, getoption=asked.get))
    read = [one for one in _FILES if not pytest_ignore_collect(ROOT / "tests" / one, config)]
    assert read == taken
    assert not pytest_ignore_collect(ROOT / "tests" / "e2e", config)


def test_a_server_of_tests_that_were_killed_is_ended_and_gone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as over:
        pass
    mine, left = (tmp_path / f"hanma-pg-{pid}-x" for pid in (os.getpid(), over.pid))
    for home in (mine, left):
        (home / "data").mkdir(parents=True)
    heard = "import signal, time; signal.signal(signal.SIGQUIT, signal.SIG_DFL); print(flush=True)"
    words = [sys.executable, "-c", f"{heard}; time.sleep(60)", str(left / "data")]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE) as server:
        assert server.stdout and server.stdout.readline()  # a shell's background has it deaf to it
        (left / "data" / "postmaster.pid").write_text(f"{server.pid}\nmore\n")
        databases.remove_left_over(tmp_path)
        assert server.wait(60) == -signal.SIGQUIT
    assert mine.exists() and not left.exists()
