"""The journal and the crash record on real MicroPython: the same files, the same answers."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import mac

from . import signing
from .asked import micropython
from .on_micropython_journal import walk
from .test_journal import VECTORS

pytestmark = pytest.mark.slow  # takes seconds

SCRIPT = Path(__file__).with_name("on_micropython_journal.py")


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list], list]:
    return micropython(tmp_path_factory.mktemp("journal"), SCRIPT)


def some_walk(rng: random.Random) -> list[list[Any]]:
    steps: list[list[Any]] = [["start", 24_576]]
    for _ in range(rng.randrange(20, 60)):
        what = rng.randrange(9)
        if what < 4:
            words = "".join(rng.choices('焊ab\\"\n', k=rng.randrange(60)))
            fields = {"job": words, "n": rng.randrange(1 << 40)}
            steps.append(["add", rng.choice([1, 1, 40]), rng.random() < 0.4, fields])
        elif what == 4:
            steps.append(["flush"])
        elif what == 5:
            steps.append(["parcel", signing.DEVICE, rng.choice([1, 500, 3000])])
        elif what == 6:
            steps.append(["sent", rng.randrange(400)])
        elif what == 7:
            steps.append(["rewind", rng.randrange(400)])
        else:
            steps.append(["start", 24_576])
    return steps


def test_any_walk_ends_as_on_cpython(ask: Callable, tmp_path: Path) -> None:
    rng = random.Random(7)
    walks = [some_walk(rng) for _ in range(25)]
    cases = []
    for n, steps in enumerate(walks):
        cases.append({"folder": str(tmp_path / f"m{n}"), "steps": steps})
    told = ask("walk", cases)
    for n, case in enumerate(cases):
        assert told[n] == walk(case | {"folder": str(tmp_path / f"c{n}")})
        one, other = [sorted((tmp_path / f"{who}{n}").iterdir()) for who in "mc"]
        assert [file.name for file in one] == [file.name for file in other]


def test_the_macs_of_the_shared_vectors_come_out(ask: Callable) -> None:
    secret = bytes.fromhex(VECTORS["secret"])
    batches = []
    for case in VECTORS["batches"]:
        said = case["body"]["services"][0]["paras"]
        key = mac.derive(secret, "receipt").hex()
        fields = [said[name] for name in ("log", "from", "to", "entries")]
        batches.append(([key, VECTORS["device"], *fields], said["mac"]))
    assert ask("batch", [case for case, _ in batches]) == [told for _, told in batches]


def test_a_crash_is_kept_with_its_place(ask: Callable, tmp_path: Path) -> None:
    (record,) = ask("crash", [{"folder": str(tmp_path), "text": "焊 no"}])
    assert (record["type"], record["message"], record["fw"]) == ("ValueError", "? no", "0.1.0")
    places = record["trace"].split(" < ")
    assert [place.split(" ")[-1] for place in places] == ["deepest", "deeper", "crash"]
    assert all(place.startswith("on_micropython_journal.py:") for place in places)
    assert record["free"] > 0
