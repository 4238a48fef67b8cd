"""`flash.sh`: what is told to it reaches `hanma flash`, after everything is set up."""

import shutil
import subprocess
from pathlib import Path

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
