"""The power goes at every flash operation, on genuine littlefs, with the firmware as compiled.

Each script in powercut/ sweeps one part of the firmware (powercut/sweep.py says how).
"""

import json
import subprocess
from pathlib import Path

import pytest

from simulator import image, interpreter

FOLDER = Path(__file__).with_name("powercut")
SCRIPTS = sorted(FOLDER.glob("cut_*.py"))
HEAP_KB = 32 * 1024  # the flash is in it, several times
LIMIT_S = 300


def sweep(script: Path, folder: Path) -> list[dict]:
    """The figures that the script said; it ends with an error where a cut did harm."""
    made = image.make("micropython", folder, plain=True)
    arguments, environment = interpreter.command("micropython", made, HEAP_KB)
    path = f"{made}:{FOLDER}:.frozen"
    done = subprocess.run(
        [*arguments[:-2], str(script)],
        env=environment | {"MICROPYPATH": path},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return [json.loads(line[1:]) for line in done.stdout.splitlines() if line[:1] == "="]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_power_cut_at_any_flash_operation_loses_nothing_acknowledged(
    script: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    said = sweep(script, tmp_path_factory.getbasetemp() / "power")
    assert said
    assert all(figures["cuts"] > 100 for figures in said)


def test_the_sweep_finds_a_writer_that_acknowledges_too_early(tmp_path: Path) -> None:
    script = tmp_path / "careless.py"
    script.write_text(
        "from sweep import sweep\n"
        "def act(root, ack):\n"
        "    for n in range(3):\n"
        "        file = open(root + '/f%d' % n, 'w')\n"
        "        file.write('x')\n"
        "        ack(n)\n"
        "        file.close()\n"
        "def check(root, acked):\n"
        "    for n in acked:\n"
        "        assert open(root + '/f%d' % n).read() == 'x'\n"
        "sweep(act, check, blocks=16)\n"
    )
    with pytest.raises(AssertionError, match="power cut"):
        sweep(script, tmp_path)
