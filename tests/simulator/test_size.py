"""`hanma size`: every file of the board is weighed, and the sum keeps its limit."""

import json

import pytest

from simulator import image, size
from simulator.resident import resident

from ..e2e.conftest import HEAP_NOW_KB, hanma

pytestmark = pytest.mark.slow  # takes seconds

MPY_NOW = 72_200


def test_each_firmware_file_and_umqtt_is_weighed_and_the_stand_ins_are_not() -> None:
    sizes = size.compiled()
    every = image.lean_sources(image.sources())
    ours = {name for name in every if name.startswith("terminal/") and name.endswith(".py")}
    assert ours | {"umqtt/simple.py", "boots.py", "crash.py"} <= set(sizes)
    assert not {"machine.py", "esp32.py", "loop.py", "start.py"} & set(sizes)
    assert min(map(len, sizes.values())) > 20
    assert sorted(n for names in size.parts(sizes).values() for n in names) == sorted(sizes)


def test_what_is_seldom_needed_is_not_resident() -> None:
    files = image.lean_sources(image.sources())
    stays = resident(files)
    assert {"boots.py", "terminal/app.py", "terminal/both.py", "umqtt/simple.py"} <= stays
    seldom = {"upgrade", "package", "ecdsa", "trial", "camera", "clips", "rescue", "tickets"}
    assert not {f"terminal/{name}.py" for name in seldom} & stays
    assert not {"crash.py", "terminal/modem/luat.py", "terminal/modem/joining.py"} & stays
    assert stays <= set(files)


def test_the_table_of_names_is_told_from_the_rest() -> None:
    head, theirs, letters = b"M\x06\x1f\x02", b"\x0f", b"\x06abc\0" + b"\x81\x00" + bytes(65)
    assert size.names_in(head + b"\x03\x00" + theirs + letters + b"code") == 73


def test_it_says_which_aioble_it_weighed() -> None:
    assert size.aioble_kind() in ("genuine", "stand-in", "none")


@pytest.mark.slow
def test_the_command_prints_all_figures_beside_their_limits() -> None:
    """The heap keeps to its 160 kB, the .mpy not yet to its 65,536 bytes: `ok` says so, and what
    is here keeps it from growing until it does."""
    done = hanma("size")
    told = json.loads(done.stdout.splitlines()[-1])
    met = told["mpy_bytes"] <= told["mpy_limit"] and told["heap_kb"] <= told["heap_limit_kb"]
    assert told["ok"] is met and done.returncode == (0 if met else 1), done.stderr + done.stdout
    assert (told["mpy_limit"], told["heap_limit_kb"]) == (65_536, 160)
    assert 0 < told["mpy_bytes"] <= MPY_NOW and 0 < told["heap_kb"] <= HEAP_NOW_KB
    assert told["mpy_bytes"] == max(told["mpy_by_hw"].values())
    assert told["mpy_resident"] + told["mpy_on_demand"] > told["mpy_bytes"]  # both drivers
    assert 0 < told["mpy_names"] < told["mpy_resident"]
    assert told["signature_ms"] > 0
    assert [weight for _, weight in told["largest"]] == sorted(
        (weight for _, weight in told["largest"]), reverse=True
    )
