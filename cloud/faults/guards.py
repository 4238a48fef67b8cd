"""Guards that can be taken away, each by one replaced function, to see that the judge notices.

Only the child process of a trial does so (child.py); the product has no such switches. The
terminals' own guards are in simulator/trial/terminals.py.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from cloud import app
from cloud.base.unit import Ground, Unit
from cloud.book import audit
from cloud.cases import alarms, from_terminals, observed
from cloud.link import journal, reckoning, terminals, wire
from cloud.oversight.kept import Kept
from cloud.registry.sight import Sight
from cloud.work import closing, decide, opening, preparing, presence, recorded, rules, switching
from cloud.work.refusal import Refusals

Put = Callable[[Any, str, Any], None]
_STRIKES = 0.3


def take_away(name: str, put: Put = setattr) -> None:
    """Without this guard from now on; KeyError for an unknown name."""
    GUARDS[name][1](put)


def _rule(code: str) -> Callable[[Put], None]:
    def take(put: Put) -> None:
        put(decide, "RULES", tuple(one for one in rules.RULES if one.code != code))

    return take


def _always_allowed(put: Put) -> None:
    real = decide.decide

    def allowed(facts: Any, profile: Any) -> Any:
        if facts.step == "on":
            return decide.Decision(True, Refusals(), ())
        return real(facts, profile)

    for module in (decide, opening, preparing, switching):
        if hasattr(module, "decide") and module is not decide:
            put(module, "decide", allowed)


def _one_open_job(put: Put) -> None:
    _rule("machine-busy")(put)
    real = app.migrate

    def migrated(engine: Any) -> None:
        real(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP INDEX IF EXISTS ux_job_open_machine")

    put(app, "migrate", migrated)


def _answers_before_the_commit(put: Put) -> None:
    """What is told to others goes out first; a kill strikes now and then in between."""
    real = Unit.send

    def send(self: Unit, device: str, payload: bytes, light: bool = False) -> None:
        self.settled = b'"stored"' in payload  # type: ignore[attr-defined]
        real(self, device, payload, light)

    @contextmanager
    def write(self: Ground) -> Any:
        with self._my_turn(), Session(self.engine, expire_on_commit=False) as db:
            unit = Unit(self, db, self.clock())
            yield unit
            for call in unit._calls:
                call()
            if getattr(unit, "settled", False) and random.random() < _STRIKES:
                time.sleep(0.2)  # the terminal has it by now
                os.kill(os.getpid(), signal.SIGKILL)
            db.commit()

    put(Unit, "send", send)
    put(Ground, "write", write)


def _forgets_the_journal(put: Put) -> None:
    """`stored` is said although the entries are not kept."""
    real = journal._entry

    def entry(*args: Any) -> Any:
        made = real(*args)
        made.kind = "odd" if made.kind in ("on", "off") else made.kind
        return made

    put(journal, "_entry", entry)


def _drops(module: Any, *kinds: str) -> Callable[[Put], None]:
    """A room's handlers, without those of these events."""

    def take(put: Put) -> None:
        left = {kind: calls for kind, calls in module.handlers().items() if kind not in kinds}
        put(module, "handlers", lambda: left)

    return take


def _alarms_repeat(put: Put) -> None:
    real = app.migrate

    def migrated(engine: Any) -> None:
        real(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP INDEX IF EXISTS ux_alarm_open")

    put(app, "migrate", migrated)
    put(alarms, "latest", lambda unit, subject, kind: None)


def _all_districts(put: Put) -> None:
    put(Sight, "covers", lambda self, trade, *places: True)


def _trail_unlinked(put: Put) -> None:
    put(audit, "link", lambda previous, row: audit.link_of(audit.GENESIS, audit.body_digest(row)))


def _old_wills(put: Put) -> None:
    real = terminals.left

    def left(unit: Any, row: Any, told: dict[str, Any]) -> bool:
        return real(unit, row, told | {"epoch": row.epoch, "conn": row.conn})

    put(terminals, "left", left)


def _no_off(put: Put) -> None:
    put(closing, "_tell_off", lambda unit, job, why: True)


GUARDS: dict[str, tuple[str, Callable[[Put], None]]] = {
    "gate": ("I1 the decision at the press of ON", _always_allowed),
    "certificate": ("I1 the certificate's last day", _rule("certificate-expired")),
    "two-phones": ("I1 welder and fire watch are two", _rule("fire-watch-same-person")),
    "presence": (
        "I1 the spoken code",
        lambda put: put(presence, "prove", lambda *args: None),
    ),
    "one-job": ("I2 one open job a machine: rule and unique index", _one_open_job),
    "life": (
        "I4 a command dies",
        lambda put: put(app.commands, "_life_left", lambda unit, command: 3_600_000),
    ),
    "receipt": (
        "I5 the mac of an answer",
        lambda put: put(wire, "good_receipt", lambda *args: True),
    ),
    "journal": ("I5 every entry is kept", _forgets_the_journal),
    "chain": ("I5 each audit row is linked to the one before", _trail_unlinked),
    "deadline": (
        "I6 the deadline of silence",
        lambda put: put(reckoning, "silence_ms", lambda settings, row: 3_600_000),
    ),
    "old-will": ("I6 a last will of an earlier connection is ignored", _old_wills),
    "commit-first": ("I7 commit, then answer", _answers_before_the_commit),
    "alarm-once": ("I8 an open alarm is counted", _alarms_repeat),
    "alarm-kept": (
        "I8 alarms come by the journal too",
        _drops(from_terminals, "terminal-alarm", "journal-alarm"),
    ),
    "figures": (
        "I9 figures are counted again",
        lambda put: put(Kept, "__init__", _kept_for_ever(Kept.__init__)),
    ),
    "district": ("I10 an officer sees the own district", _all_districts),
    "off-alarm": ("I11 OFF unconfirmed is an alarm", _drops(observed, "off-unconfirmed")),
    "off-told": ("I11 the terminal is told to stop", _no_off),
    "release-kept": (
        "I12 releases go into the book",
        _drops(recorded, "journal-emergency-on", "journal-emergency-off"),
    ),
}


# Under which faults the loss of a guard shows itself; of all others on good lines.
SHOWN_BY = {"commit-first": ("kill-cloud", "kill-ingest")}


def shown_by(guard: str, there: Iterable[str]) -> tuple[str, ...]:
    """Of the faults that there are, those by which its absence shows."""
    wanted = SHOWN_BY.get(guard, ("register-down",))
    return tuple(one for one in there if one.startswith(wanted))


def _kept_for_ever(real: Any) -> Any:
    def init(self: Any, make: Any, keep_s: float, behind: bool = False) -> None:
        real(self, make, 1e9, behind)

    return init
