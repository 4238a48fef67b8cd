"""`--batch`: one module after another, with whoever stands at the bench."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flash import batch, rehearsal, steps
from flash.bench import BROKEN_OFF, Ledger, Module, Wanted
from simulator.cable.flashchip import Kind
from tests.flash.conftest import Shop
from tests.flash.window import on_a_terminal

Record = dict[str, Any]


class Typing:
    """A technician who types these words, one a question, and remembers what was asked."""

    def __init__(self, *words: str) -> None:
        self.words, self.asked = list(words), []  # type: list[str], list[str]

    def _next(self, question: str) -> str:
        self.asked.append(question)
        return self.words.pop(0)

    word = machine = code = _next


class Modules:
    """What comes of one module after another, and what was wanted for each."""

    def __init__(self, *whys: str) -> None:
        self.whys, self.numbers = list(whys), []  # type: list[str], list[int]
        self.wanted: list[Wanted] = []

    @contextlib.contextmanager
    def place(self, number: int) -> Iterator[Wanted]:
        self.numbers.append(number)
        yield Wanted(code="FIRST")

    def one(self, wanted: Wanted) -> Record:
        self.wanted.append(wanted)
        why = self.whys.pop(0)
        chip = {"chip": f"c{self.numbers[-1]}"}
        return chip | ({"ok": False, "failed": "test", "why": why} if why else {"ok": True})

    def run(self, technician: Typing, machine: str = "") -> Record:
        return batch.told(batch.run(self.place, self.one, machine, technician, print), print)


def test_the_next_module_comes_until_no_more_is_wanted() -> None:
    modules = Modules("", "", "")
    told = modules.run(Typing("", "y", "q"))
    assert modules.numbers == [1, 2, 3]
    assert told == {"ok": True, "modules": 3, "good": 3, "failed": []}


def test_a_module_that_failed_is_taken_again_and_counted_once() -> None:
    modules = Modules("cable", "", "sim", "")
    told = modules.run(Typing("", "", "n", "", "q"))
    assert modules.numbers == [1, 1, 2, 3]
    assert told == {
        "ok": False,
        "modules": 3,
        "good": 2,
        "failed": [{"chip": "c2", "why": "sim"}],
    }


def test_a_code_that_is_over_is_asked_for_anew_and_kept_for_the_rest() -> None:
    modules = Modules("", "code-expired", "", "")
    assert modules.run(Typing("", "SECOND", "", "q"))["ok"]
    assert [one.code for one in modules.wanted] == ["FIRST", "FIRST", "SECOND", "SECOND"]
    assert modules.numbers == [1, 2, 2, 3]


def test_each_module_of_a_batch_has_a_machine_of_its_own() -> None:
    modules = Modules("", "machine-taken", "", "cable", "")
    assert modules.run(Typing("M2", "M3", "M4", "", ""), machine="M1")["ok"]
    assert [one.machine for one in modules.wanted] == ["M1", "M2", "M3", "M4", "M4"]


def test_without_a_machine_none_is_asked_for() -> None:
    modules, technician = Modules("", ""), Typing("", "q")
    modules.run(technician)
    assert [one.machine for one in modules.wanted] == ["", ""]
    assert not any("machine's code" in question for question in technician.asked)


def test_what_is_broken_off_ends_the_batch_without_a_question() -> None:
    modules = Modules("", BROKEN_OFF)
    told = modules.run(Typing(""))
    assert told["failed"] == [{"chip": "c2", "why": BROKEN_OFF}]


def test_where_nobody_is_asked_the_next_one_is_who_is_plugged_in_next(tmp_path: Path) -> None:
    port = tmp_path / "ttyUSB0"
    port.touch()
    hand = iter((port.unlink, port.touch, port.unlink, _enough))  # what happens at the bench
    modules = Modules("", "")

    @contextlib.contextmanager
    def place(number: int) -> Iterator[Wanted]:
        modules.numbers.append(number)
        yield Wanted(port=str(port))

    def one(wanted: Wanted) -> Record:
        return modules.one(wanted) | {"port": wanted.port}

    found = batch.unattended(place, one, None, print, wait=lambda: next(hand)())
    assert [record["chip"] for record in found] == ["c1", "c2"]


def _enough() -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_a_module_that_failed_is_unplugged_and_the_next_one_in_the_same_port_is_taken(
    shop: Shop, tmp_path: Path
) -> None:
    """Boards on their cables: what is waited for is the port itself."""
    ledger, port = Ledger(tmp_path / "ledger.jsonl"), tmp_path / "ttyUSB0"
    kinds = (Kind(chip="esp32s3", mac="a4cf12ba0001"), Kind(flash_mb=2, mac="a4cf12ba0002"))
    with (
        shop.board("batch-1", kind=kinds[0]) as first,
        shop.board("batch-2", kind=kinds[1]) as second,
    ):
        port.symlink_to(first.board.link)

        def told(text: str) -> None:
            if text.startswith("拔下"):
                first.do(first.board.pull)
                second.do(second.board.pull)

        def plug_in() -> None:
            port.unlink()
            port.symlink_to(second.board.link)
            second.do(second.board.plug)

        hand = iter((plug_in, _enough))
        place = contextlib.nullcontext(replace(shop.wanted, port=str(port)))

        def one(wanted: Wanted) -> Record:
            ledger.note(record := shop.run(wanted.port))
            return record

        batch.unattended(lambda number: place, one, None, told, wait=lambda: next(hand)())
    rows = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert [row["why"] for row in rows] == ["wrong-chip", "small-flash"]


def test_a_step_that_is_broken_off_stands_in_the_record(tmp_path: Path) -> None:
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if text.startswith("▶ 1/7"):
            raise KeyboardInterrupt

    module = Module(Wanted(), say, lambda question: True, tmp_path)
    assert not steps.flash(module)
    assert module.record.pop("wrong").startswith("已中断") and module.record.pop("remedy")
    assert module.record == {"steps": [], "ok": False, "failed": "port", "why": BROKEN_OFF}
    assert "会从断开处继续" in said[-1]


def test_the_command_asks_for_the_code_unseen_and_says_what_came_of_all(tmp_path: Path) -> None:
    seen, exit_code = on_a_terminal(
        ["--batch", "--cloud", "https://example.invalid", "--port", "/dev/no-such-port"],
        tmp_path,
        [("not shown", "SECRET-CODE\r"), ("same again", "\r"), ("same again", "\x03")],
    )
    assert exit_code == 1
    assert "SECRET-CODE" not in seen
    assert seen.count("✗ 1/7 找端口 Port: /dev/no-such-port 不存在。 There is no such port.") == 2
    assert "✗ ? 找端口 Port: /dev/no-such-port 不存在" in seen
    assert seen.count("→ 请插好数据线") == 3  # each time, and once more at the end
    told = json.loads(seen.strip().splitlines()[-1])
    assert told == {"ok": False, "modules": 1, "good": 0, "failed": [{"chip": "", "why": "port"}]}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--cloud"),
        (["--cloud", "https://example.invalid"], "HANMA_ENROL_CODE"),
        (["--fault", "cable"], "--fault goes with --virtual"),
    ],
)
def test_what_misses_is_told_before_anything_is_written(
    tmp_path: Path, words: list[str], told: str
) -> None:
    seen, exit_code = on_a_terminal(words, tmp_path, [("not shown", "\r")])
    assert exit_code and told in seen and "1/7" not in seen


@pytest.mark.slow
def test_each_module_of_a_rehearsal_is_a_board_of_its_own_and_a_fault_is_mended(
    tmp_path: Path,
) -> None:
    given = {"cloud": "http://127.0.0.1:9", "image": None}
    macs = []
    with rehearsal.bench(tmp_path / "board", given, "cable") as place:
        for number in (1, 2):
            with place(number) as wanted:
                assert wanted.image_sha256 and Path(wanted.port).exists()
                macs.append(json.loads((Path(wanted.port).parent / "board.json").read_text()))
    assert macs[0]["mac"] != macs[1]["mac"]
    assert not (tmp_path / "board" / "port").exists()
