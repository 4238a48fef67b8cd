"""`./test.sh` runs its two parts one after the other, and says so if either fails."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ALONE

ROOT = Path(__file__).parents[1]
STANDS = "make_venv() { :; }\nmake_tools() { :; }\nstop() { exit 9; }\n"
PYTHON = """#!/bin/sh
echo "$*" >>said
case "$*" in *together*) exit "$TOGETHER";; *alone*) exit "$ALONE";; esac
"""


def run(place: Path, together: int, alone: int, *words: str) -> tuple[int, list[str]]:
    """test.sh with a python that only says how each part went: exit code, pytest's words."""
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
    told = {"TOGETHER": str(together), "ALONE": str(alone), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["bash", place / "test.sh", *words], env=told, cwd=place, check=False)
    return done.returncode, (place / "said").read_text().splitlines()


@pytest.mark.parametrize(
    "together, alone, code",
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 2, 1), (5, 0, 0), (0, 5, 0), (5, 1, 1), (1, 5, 1)],
)
def test_it_fails_if_either_part_fails(
    tmp_path: Path, together: int, alone: int, code: int
) -> None:
    assert run(tmp_path, together, alone)[0] == code


def test_words_that_name_no_test_at_all_are_a_failure(tmp_path: Path) -> None:
    assert run(tmp_path, 5, 5)[0] == 5


def test_ones_own_words_reach_both_parts(tmp_path: Path) -> None:
    _code, said = run(tmp_path, 0, 0, "-k", "presence", "tests/cloud")
    assert [line.endswith("-k presence tests/cloud") for line in said] == [True, True]


def test_every_path_that_runs_alone_is_there() -> None:
    assert [path for path in ALONE if not (ROOT / path).exists()] == []
