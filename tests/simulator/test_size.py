"""`hanma size`: every file of the board is weighed, and the sum keeps its limit."""

import json

import pytest

from simulator import image, size

from ..e2e.conftest import hanma


def test_each_firmware_file_and_umqtt_is_weighed_and_the_stand_ins_are_not() -> None:
    sizes = size.compiled()
    ours = {str(path.relative_to(image.FIRMWARE)) for path in image.FIRMWARE.rglob("*.py")}
    assert ours | {"umqtt/simple.py"} <= set(sizes)
    assert not {"machine.py", "esp32.py", "loop.py", "start.py"} & set(sizes)
    assert min(sizes.values()) > 20


def test_it_says_which_aioble_it_weighed() -> None:
    assert size.aioble_kind() in ("genuine", "stand-in", "none")


@pytest.mark.slow
def test_the_command_prints_all_figures_beside_their_limits() -> None:
    done = hanma("size")
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0 and told["ok"], done.stderr + done.stdout
    assert 0 < told["mpy_bytes"] <= told["mpy_limit"] == 65_536
    assert 10 < told["stand_ins_kb"] < 60
    assert 0 < told["heap_kb"] <= told["heap_limit_kb"] == 160
    assert told["signature_ms"] > 0
    assert [weight for _, weight in told["largest"]] == sorted(
        (weight for _, weight in told["largest"]), reverse=True
    )
