"""Alarms: once while they last, told again until their entry is stored, notices told once."""

from typing import Any

from terminal.alarms import Alarms
from terminal.controller import DANGER, NOTICE


class Book:
    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []

    def note(self, kind: str, fields: dict[str, Any]) -> int:
        self.entries.append((kind, fields))
        return len(self.entries)


def test_what_lasts_is_told_and_noted_once_until_it_ends() -> None:
    book = Book()
    alarms = Alarms(book.note)
    told = alarms.set("TAMPER", DANGER, True)
    assert told == {"alarm": "TAMPER", "level": DANGER, "seq": 1}
    assert alarms.set("TAMPER", DANGER, True) is None
    assert alarms.set("TAMPER", DANGER, False) is None
    assert alarms.set("TAMPER", DANGER, False) is None
    assert [kind for kind, _ in book.entries] == ["alarm", "alarm_clear"]
    assert alarms.set("TAMPER", DANGER, True, 5) == {
        "alarm": "TAMPER",
        "level": DANGER,
        "detail": 5,
        "seq": 3,
    }


def test_it_is_told_again_until_its_entry_is_stored() -> None:
    alarms = Alarms(Book().note)
    alarms.set("TAMPER", DANGER, True)
    alarms.set("GAS_WARN", DANGER, True)
    assert [c["seq"] for c in alarms.untold(0)] == [1, 2]
    assert [c["seq"] for c in alarms.untold(1)] == [2]
    assert alarms.untold(2) == []


def test_a_notice_is_told_each_time_it_happens() -> None:
    alarms = Alarms(Book().note)
    assert alarms.set("EMERGENCY_OFF", NOTICE, True)
    assert alarms.set("EMERGENCY_OFF", NOTICE, True)


def test_an_alarm_that_flutters_for_a_year_off_line_fills_no_memory() -> None:
    alarms = Alarms(Book().note)
    for _ in range(1000):
        alarms.set("TAMPER", DANGER, True)
        alarms.set("TAMPER", DANGER, False)
    assert len(alarms.untold(0)) == 16
