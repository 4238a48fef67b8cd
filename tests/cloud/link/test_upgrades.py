"""The `$ota` conversation as rows with a life (cloud/link/upgrades.py)."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book import outbox
from cloud.link import commands, packages, terminals, upgrades
from cloud.link.commands import Command
from tests.cloud.link.conftest import DEVICE, Line
from tests.cloud.stand_in import StandIn

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "package.json").read_text("utf-8"))
GOOD = base64.b64decode(VECTORS["good"]["package"])
VERSION = packages.read(GOOD).manifest["version"]
HW = packages.read(GOOD).manifest["hw"]


@pytest.fixture
def ota(either: Any, county: Any, clock: Any, sent: list) -> Line:
    """A terminal on line that the package fits, on each of the two databases in turn."""
    either.send = lambda *out: sent.append(out)
    there = type(county)(either, clock)
    line = Line(there, sent, StandIn(DEVICE, there.do(terminals.provision, DEVICE), clock))
    line.login(hw=HW)
    line.leaving()
    there.do(packages.add, GOOD)
    return line


def start(line: Line, scope: str = DEVICE) -> list[Any]:
    return line.county.do(lambda unit: upgrades.start(unit, scope, packages.newest(unit)))


def row(line: Line) -> Any:
    return line.county.ask(upgrades.of, DEVICE)[0]


def told(line: Line) -> list[tuple[str, dict[str, Any]]]:
    """(event type, paras) of what left for the terminal."""
    bodies = [json.loads(body) for body in line.leaving()]
    events = [body["services"][0] for body in bodies if "services" in body]
    return [(one["event_type"], one["paras"]) for one in events]


def life(line: Line) -> dict[str, str]:
    """How each upgrade order stands in the book of commands."""
    orders = select(Command).where(Command.name == "upgrade")
    return line.county.ask(lambda unit: {one.id: one.state for one in unit.db.scalars(orders)})


def sweep(line: Line) -> int:
    return line.county.do(upgrades.sweep)


def report(line: Line, type: str, **paras: Any) -> str:
    return line.up(line.terminal.event("$ota", type, paras))


def offered(line: Line) -> dict[str, Any]:
    """The offer, after the talk up to it."""
    start(line)
    sweep(line)
    assert told(line) == [("version_query", {})]
    report(line, "version_report", fw_version="0.1.0", sw_version="0.1.0")
    ((type, paras),) = told(line)
    assert type == "firmware_upgrade"
    return paras


def test_the_offer_has_everything_that_iotda_wants(ota: Line) -> None:
    paras = offered(ota)
    assert set(paras) == {
        *("version", "url", "file_size", "file_name"),
        *("sign", "access_token", "expires"),
    }
    assert (paras["version"], paras["file_size"]) == (VERSION, len(GOOD))
    assert paras["url"].endswith(f"/t/packages/{row(ota).id}")
    assert len(json.dumps(paras)) < 1000
    assert row(ota).state == "offered"


def test_progress_and_the_confirmation_end_it(ota: Line) -> None:
    offered(ota)
    report(ota, "upgrade_progress_report", result_code=0, progress=40, version=VERSION)
    assert (row(ota).state, row(ota).progress) == ("loading", 40)
    report(ota, "upgrade_progress_report", result_code=0, progress=100, version=VERSION)
    assert (row(ota).state, row(ota).code, row(ota).next_at) == ("done", 0, None)
    assert len(ota.told("upgrade-done")) == 1


@pytest.mark.parametrize("code", [3, 5, 6, 7, 8, 9, 10, 255])
def test_a_result_code_that_is_no_success_ends_it_with_its_words(ota: Line, code: int) -> None:
    offered(ota)
    said = {"result_code": code, "progress": 0, "version": VERSION, "description": "signature"}
    for _ in range(2):
        report(ota, "upgrade_progress_report", **said)
    assert (row(ota).state, row(ota).code, row(ota).words) == ("failed", code, "signature")
    assert len(ota.told("upgrade-failed")) == 1


def test_a_device_that_names_the_version_it_still_runs_is_heard_and_confirms_nothing(
    ota: Line,
) -> None:
    offered(ota)
    for progress in (40, 100):
        said = {"result_code": 0, "progress": progress, "version": "0.1.0"}
        report(ota, "upgrade_progress_report", **said)
        assert (row(ota).state, row(ota).progress) == ("loading", progress)
    report(ota, "upgrade_progress_report", result_code=7, version="0.1.0")
    assert (row(ota).state, row(ota).code) == ("failed", 7)


def test_what_is_still_told_of_the_upgrade_before_is_not_about_this_one(ota: Line) -> None:
    start(ota)
    report(ota, "upgrade_progress_report", result_code=7, version="0.1.0")  # not offered yet
    assert row(ota).state == "waiting"


def test_a_terminal_that_is_busy_is_asked_again_later(ota: Line) -> None:
    offered(ota)
    report(ota, "upgrade_progress_report", result_code=1, version=VERSION)
    assert row(ota).state == "offered"
    ota.clock.forward(600)
    ota.beat()
    assert sweep(ota) == 1
    assert told(ota)[-1] == ("version_query", {})


def test_the_same_token_is_offered_again_so_that_the_load_goes_on(ota: Line) -> None:
    first = offered(ota)
    ota.clock.forward(601)
    ota.beat()
    ota.leaving()
    sweep(ota)
    report(ota, "version_report", fw_version="0.1.0")
    again = told(ota)[-1][1]
    assert again == first


def test_a_terminal_that_runs_the_version_already_is_done(ota: Line) -> None:
    start(ota)
    sweep(ota)
    report(ota, "version_report", fw_version=VERSION)
    assert row(ota).state == "done"


def test_after_the_restart_the_log_in_brings_the_question_and_the_answer_ends_it(
    ota: Line,
) -> None:
    offered(ota)
    report(ota, "upgrade_progress_report", result_code=0, progress=99, version=VERSION)
    ota.terminal.restart()
    ota.login(hw=HW, fw=VERSION)
    outbox.deliver(ota.county.ground, upgrades.handlers())
    assert told(ota)[-1] == ("version_query", {})
    report(ota, "version_report", fw_version=VERSION)
    assert row(ota).state == "done"


def test_a_dark_terminal_waits_for_its_log_in(ota: Line) -> None:
    ota.up(ota.terminal.leave())
    start(ota)
    sweep(ota)
    assert told(ota) == []
    ota.login(hw=HW)
    outbox.deliver(ota.county.ground, upgrades.handlers())
    assert told(ota)[-1] == ("version_query", {})


def test_all_means_those_whose_hardware_and_version_it_fits(ota: Line) -> None:
    make = ota.county.do
    others = {}
    for name, hw, fw in (("T-fits", HW, "0.0.1"), ("T-has", HW, VERSION), ("T-other", "x9", "1")):
        other = StandIn(name, make(terminals.provision, name), ota.clock)
        make(lambda unit, o=other, h=hw, f=fw: _heard(unit, o, h, f))
        others[name] = other
    begun = {one.device for one in start(ota, "all")}
    assert begun == {DEVICE, "T-fits"}
    assert start(ota, "all") == []


def _heard(unit: Any, terminal: StandIn, hw: str, fw: str) -> None:
    from cloud.link import intake

    assert intake.receive(unit, terminal.device, terminal.login(hw=hw, fw=fw)) == "login"


def test_another_package_takes_the_place_of_one_that_is_under_way(ota: Line) -> None:
    offered(ota)
    first = row(ota)

    def other(unit: Any) -> None:
        package = packages.newest(unit)
        second = packages.Package(
            **{name: getattr(package, name) for name in ("hw", "min_release", "expires", "size")},
            digest="00" * 32,
            release=package.release + 1,
            version="9.9",
            added_at=unit.now,
        )
        unit.db.add(second)
        unit.db.flush()
        assert len(upgrades.start(unit, DEVICE, second)) == 1

    ota.county.do(other)
    states = {one.id: one.state for one in ota.county.ask(upgrades.of, DEVICE)}
    assert states.pop(first.id) == "replaced"
    assert list(states.values()) == ["waiting"]
    assert life(ota) == {first.id: "replaced"} | dict.fromkeys(states, "made")
    assert ota.told("upgrade-failed") == []


def test_a_token_opens_its_own_package_while_the_upgrade_is_open(ota: Line) -> None:
    paras = offered(ota)
    ask, id = ota.county.ask, row(ota).id
    assert ask(upgrades.downloadable, id, paras["access_token"]).version == VERSION
    assert ask(upgrades.downloadable, id, "wrong") is None
    assert ask(upgrades.downloadable, "nobody", paras["access_token"]) is None
    report(ota, "upgrade_progress_report", result_code=7, version=VERSION)
    assert ask(upgrades.downloadable, id, paras["access_token"]) is None


@pytest.mark.parametrize(
    ("type", "paras", "word"),
    [
        ("version_report", {}, "ota"),
        ("upgrade_progress_report", {}, "ota-form"),
        ("upgrade_progress_report", {"result_code": "0"}, "ota-form"),
        ("upgrade_progress_report", {"result_code": 0, "progress": 100, "version": "old"}, "ota"),
        ("made_up", {}, "unknown-event"),
    ],
)
def test_reports_that_nobody_asked_for_or_that_mean_nothing_change_nothing(
    ota: Line, type: str, paras: dict, word: str
) -> None:
    assert report(ota, type, **paras) == word
    start(ota)
    assert report(ota, type, **paras) == word
    assert row(ota).state in ("waiting", "offered")


def test_an_order_has_the_life_of_any_command(ota: Line) -> None:
    start(ota)
    id = row(ota).id
    assert life(ota) == {id: "made"}
    sweep(ota)
    assert life(ota) == {id: "sent"}
    report(ota, "version_report", fw_version="0.1.0")
    report(ota, "upgrade_progress_report", result_code=0, progress=40, version=VERSION)
    assert life(ota) == {id: "sent"}
    report(ota, "upgrade_progress_report", result_code=0, progress=100, version=VERSION)
    assert life(ota) == {id: "done"}
    order = ota.county.ask(lambda unit: unit.db.get(Command, id))
    assert (order.title, order.device) == ("升级", DEVICE)
    assert order.made_at <= order.sent_at <= order.answered_at


def test_a_failed_one_is_a_refused_command_with_its_words(ota: Line) -> None:
    offered(ota)
    said = {"result_code": 7, "version": VERSION, "description": "signature"}
    report(ota, "upgrade_progress_report", **said)
    order = ota.county.ask(lambda unit: unit.db.get(Command, row(ota).id))
    assert (order.state, order.message) == ("refused", "signature")


def test_what_repeats_and_settles_commands_leaves_the_conversation_alone(ota: Line) -> None:
    start(ota)
    sweep(ota)
    told(ota)
    ota.clock.forward(60)
    assert ota.county.do(commands.sweep) == 0
    ota.terminal.restart()
    ota.login(hw=HW)
    assert list(life(ota).values()) == ["sent"]


def test_a_question_that_was_lost_with_the_process_is_asked_again(ota: Line) -> None:
    start(ota)
    sweep(ota)
    told(ota)  # it never left: the process died after the commit
    ota.clock.forward(31)
    assert sweep(ota) == 1
    assert told(ota) == [("version_query", {})]


def silent_for_a_week(ota: Line) -> None:
    offered(ota)
    ota.up(ota.terminal.leave())
    for _ in range(2):
        ota.clock.forward(4 * 86_400)
        sweep(ota)
    assert (row(ota).state, row(ota).next_at) == ("timed_out", None)
    assert list(life(ota).values()) == ["timed_out"]


def test_after_a_week_of_silence_it_has_timed_out_and_a_log_in_takes_it_up_again(
    ota: Line,
) -> None:
    silent_for_a_week(ota)
    ota.login(hw=HW)
    ota.leaving()
    outbox.deliver(ota.county.ground, upgrades.handlers())
    assert told(ota)[-1] == ("version_query", {})
    assert list(life(ota).values()) == ["sent"]
    report(ota, "version_report", fw_version="0.1.0")
    assert told(ota)[-1][0] == "firmware_upgrade"
    assert row(ota).state == "offered"


def test_a_later_word_shows_that_the_timed_out_order_was_obeyed(ota: Line) -> None:
    silent_for_a_week(ota)
    report(ota, "version_report", fw_version=VERSION)
    assert row(ota).state == "done"
    assert list(life(ota).values()) == ["reconciled"]


def test_a_late_answer_is_believed(ota: Line) -> None:
    silent_for_a_week(ota)
    report(ota, "upgrade_progress_report", result_code=0, progress=100, version=VERSION)
    assert list(life(ota).values()) == ["done"]


def test_a_newer_package_replaces_one_that_timed_out(ota: Line) -> None:
    silent_for_a_week(ota)
    first = row(ota).id
    (second,) = start(ota)
    assert life(ota) == {first: "replaced", second.id: "made"}
