"""`./test.sh` runs its three parts, and says so if any fails."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ALONE, STAGED, part_of

ROOT = Path(__file__).parents[1]
STANDS = "make_venv() { :; }\nmake_tools() { :; }\nstop() { exit 9; }\n"
PYTHON = """#!/bin/sh
echo "$*" >>said
case "$*" in
*together*) exit "$TOGETHER";;
*staged*) echo "told by the staged"; sh -c 'kill -INT $$; echo deaf'; exit "$STAGED";;
*alone*) exit "$ALONE";;
esac
"""


def run(
    place: Path, together: int, staged: int, alone: int, *words: str
) -> tuple[int, list[str], str]:
    """test.sh with a python that only says how each part went: exit code, pytest's words, what is
    shown."""
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
    codes = {"TOGETHER": str(together), "STAGED": str(staged), "ALONE": str(alone)}
    done = subprocess.run(
        ["bash", place / "test.sh", *words],
        env=codes | {"PATH": "/usr/bin:/bin"},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, (place / "said").read_text().splitlines(), done.stdout


@pytest.mark.parametrize(
    "together, staged, alone, code",
    [
        *[(0, 0, 0, 0), (1, 0, 0, 1), (0, 1, 0, 1), (0, 0, 1, 1), (1, 2, 1, 1), (0, 5, 0, 0)],
        *[(5, 0, 5, 0), (0, 5, 5, 0), (5, 5, 0, 0), (5, 1, 5, 1), (1, 5, 5, 1), (5, 5, 2, 2)],
    ],
)
def test_it_fails_if_any_part_fails(
    tmp_path: Path, together: int, staged: int, alone: int, code: int
) -> None:
    assert run(tmp_path, together, staged, alone)[0] == code


def test_words_that_name_no_test_at_all_are_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, 5, 5, 5)[0] == 5


def test_ones_own_words_reach_all_parts(tmp_path: Path) -> None:
    _code, said, _shown = run(tmp_path, 0, 0, 0, "-k", "presence", "tests/cloud")
    assert [line.endswith("-k presence tests/cloud") for line in said] == [True] * 3


def test_what_the_staged_say_is_shown_and_they_hear_a_ctrl_c(tmp_path: Path) -> None:
    # Where the tests themselves were started in the background, they are deaf to it: not so here.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    shown = run(tmp_path, 0, 1, 0)[2]
    signal.signal(signal.SIGINT, before)
    assert "told by the staged" in shown and "deaf" not in shown


def test_every_path_that_runs_in_a_row_is_there_and_in_one_part() -> None:
    assert [path for path in (*STAGED, *ALONE) if not (ROOT / path).exists()] == []
    assert [part_of(path) for path in STAGED] == ["staged"] * len(STAGED)
    assert [part_of(path) for path in ALONE] == ["alone"] * len(ALONE)
