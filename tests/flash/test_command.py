"""`flash.sh`: what is told to it reaches `hanma flash`, after everything is set up."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_flash_sh_sets_up_and_hands_every_word_on_from_wherever_it_is_called(
    tmp_path: Path,
) -> None:
    home = tmp_path / "a folder"
    (home / "setup").mkdir(parents=True)
    (home / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "flash.sh", home)
    (home / "setup" / "environment.sh").write_text(
        'make_venv() { echo venv "[$1]"; }\nmake_tools() { echo tools; }\n'
    )
    program = home / ".venv" / "bin" / "hanma"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 3\n')
    program.chmod(0o755)
    done = subprocess.run(
        [home / "flash.sh", "--labels", "two words", "--yes"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    said = ["venv []", "tools", "flash", "--labels", "two words", "--yes"]
    assert (done.stdout.splitlines(), done.stderr, done.returncode) == (said, "", 3)


@pytest.mark.parametrize(
    ("age_h", "words", "asked"), [(1, [], 0), (25, [], 1), (1, ["--again"], 1), (None, [], 1)]
)
def test_the_index_of_aioble_is_asked_once_a_day_and_whenever_it_is_wished_for(
    tmp_path: Path, age_h: int | None, words: list[str], asked: int
) -> None:
    tools = tmp_path / ".tools"
    (tmp_path / "setup").mkdir()
    (tools / "micropython").mkdir(parents=True)
    (tools / "aioble").mkdir()
    shutil.copy(ROOT / "setup" / "aioble.sh", tmp_path / "setup")
    index = tools / "micropython" / "micropython"
    index.write_text("#!/bin/sh\necho >> asked\nexit 1\n")  # out of reach
    index.chmod(0o755)
    if age_h is not None:
        (tools / "aioble" / ".tried").touch()
        then = time.time() - age_h * 3600
        os.utime(tools / "aioble" / ".tried", (then, then))
    script = ["bash", str(tmp_path / "setup" / "aioble.sh"), *words]
    assert subprocess.run(script, capture_output=True).returncode == 0
    log = tmp_path / "asked"
    assert len(log.read_text() if log.exists() else "") == asked
