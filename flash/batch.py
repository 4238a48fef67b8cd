"""Many modules one after another: what happens between two, and what came of them all."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from flash import steps
from flash.bench import BROKEN_OFF, Say, Wanted

_LOOK_S = 0.3
_CODE = ("code-wrong", "code-expired", "code-spent")
_MACHINE = ("machine-unknown", "machine-taken", "machine-incomplete")
_NEXT, _END = "n", "q"

Record = dict[str, Any]
Place = Callable[[int], AbstractContextManager[Wanted]]
One = Callable[[Wanted], Record]


def _moment() -> None:
    time.sleep(_LOOK_S)


class Technician(Protocol):
    """Who stands at the bench. Each gives what was typed; "" = Return alone."""

    def word(self, question: str) -> str:
        """A short word, in lower case."""

    def machine(self, question: str) -> str:
        """A machine's code; what the camera or scanner gives may be the whole address."""

    def code(self, question: str) -> str:
        """An enrolment code, which is not shown while it is typed."""


@dataclass(frozen=True)
class Turn:
    """Whose turn it is: the module by its number, its machine, and the code from now on."""

    number: int
    machine: str
    code: str = ""  # instead of the one that was given at first


def run(place: Place, one: One, machine: str, technician: Technician, say: Say) -> list[Record]:
    """The last record of each module. place: gives what is wanted at the bench for a number."""
    last: dict[int, Record] = {}
    turn: Turn | None = Turn(1, machine)
    while turn:
        say(f"━━ 第 {turn.number} 个模块 Module {turn.number}")
        with place(turn.number) as wanted:
            given = replace(wanted, machine=turn.machine, code=turn.code or wanted.code)
            record = one(given)
        last[turn.number] = record
        turn = None if record.get("why") == BROKEN_OFF else _after(turn, record, technician)
    return list(last.values())


def unattended(
    place: Place, one: One, most: int | None, say: Say, wait: Callable[[], None] = _moment
) -> list[Record]:
    """The same where nobody answers: the next one is who is plugged in next. Ctrl-C ends it."""
    found: list[Record] = []
    while True:
        say(f"━━ 第 {len(found) + 1} 个模块 Module {len(found) + 1}")
        with place(len(found) + 1) as wanted:
            found.append(one(wanted))
        if found[-1].get("why") == BROKEN_OFF or len(found) == most:
            return found
        if most is None and not _swapped(wanted, found[-1].get("port", ""), say, wait):
            return found


def told(records: list[Record], say: Say) -> Record:
    """What came of them all: said to people, and given for the last line of JSON."""
    bad = [one for one in records if not one["ok"]]
    good = len(records) - len(bad)
    say(
        f"━━ 共 {len(records)} 个模块：合格 {good}，未完成 {len(bad)}。 "
        f"{len(records)} in all: {good} good, {len(bad)} not."
    )
    titles = {step.name: step.title for step in steps.STEPS}
    for one in bad:
        title = titles[one["failed"]]
        say(f"  ✗ {one.get('chip', '?')} {title}: {one.get('wrong') or one['why']}")
        if one.get("remedy"):
            say(f"  → {one['remedy']}")
    failed = [{"chip": one.get("chip", ""), "why": one["why"]} for one in bad]
    return {"ok": not bad, "modules": len(records), "good": good, "failed": failed}


def _after(turn: Turn, record: Record, technician: Technician) -> Turn | None:
    """Whose turn is next; None = that was all."""
    why = record.get("why")
    if why in _CODE:
        code = technician.code(
            "新的登记码（不显示），直接回车结束 A new enrolment code (not shown), Return ends"
        )
        return replace(turn, code=code) if code else None
    if why in _MACHINE:
        machine = technician.machine(
            "这个模块的焊机编码，直接回车结束 The machine's code for this module, Return ends"
        )
        return replace(turn, machine=machine) if machine else None
    if why and (again := _again(technician)) != _NEXT:
        return None if again == _END else turn
    following = Turn(turn.number + 1, "", turn.code)
    if turn.machine:
        machine = technician.machine(
            "接好下一个模块，输入或扫描它的焊机编码，直接回车结束 "
            "Connect the next and type or scan its machine's code, Return ends"
        )
        return replace(following, machine=machine) if machine else None
    word = technician.word(
        f"接好下一个模块后按回车，{_END} 结束 Next module connected: Return, {_END} ends"
    )
    return None if word in (_END, "n", "no") else following


def _again(technician: Technician) -> str:
    return technician.word(
        f"同一个模块再来按回车，{_NEXT} 换下一个，{_END} 结束 "
        f"The same again: Return, {_NEXT} the next one, {_END} ends"
    )


def _swapped(wanted: Wanted, port: str, say: Say, wait: Callable[[], None]) -> bool:
    """Waits until another module is there; False if that was broken off."""
    try:
        say("拔下这个模块，接上下一个；Ctrl-C 结束。 Unplug it, plug in the next; Ctrl-C ends.")
        while port and Path(port).exists():
            wait()
        while not steps.ports(wanted):
            wait()
    except KeyboardInterrupt:
        return False
    return True
