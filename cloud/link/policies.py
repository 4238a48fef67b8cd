"""The numbers a terminal works by, kept per terminal and sent by the signed command `policy`.

What a terminal shall have is `base` (from the rules of its place, handed in by the rooms above),
changed by `own` (set for this one terminal), with the tokens counted here. Whenever that changes,
`version` rises, and the whole policy is sent until the terminal acknowledges that version.
"""

from contextlib import suppress
from typing import Any

from sqlalchemy import Index, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.link import commands, terminals
from cloud.link.commands import Command, TerminalDark

# name: (default, least, most); the unit is in the name. As tests/vectors/policy.json has it.
FIELDS: dict[str, tuple[int, int, int]] = {
    "beat_working_s": (60, 10, 600),
    "beat_idle_s": (180, 30, 1200),
    "arc_beat_s": (30, 5, 600),
    "position_s": (86_400, 600, 604_800),
    "keepalive_s": (300, 30, 1200),
    "lease_max_s": (43_200, 60, 43_200),
    "arc_on_a": (15, 5, 200),
    "arc_off_a": (10, 3, 200),
    "bypass_a": (4, 1, 200),
    "idle_off_min": (30, 1, 720),
    "no_contact_s": (900, 300, 86_400),
    "max_h": (2, 1, 12),
    "budget_h": (12, 0, 100),
    "finish_weld": (1, 0, 1),
    "gas_warn": (20, 5, 100),
    "gas_trip": (50, 10, 100),
    "over_temp_c": (85, 50, 120),
    "low_signal": (6, 0, 31),
    "tickets_from": (0, 0, 2**53),
    "data_mb": (10, 1, 1000),
}
PAIRS = (("arc_off_a", "arc_on_a"), ("gas_warn", "gas_trip"))  # the first not above the second
AGAIN_MS = 60_000
AGAIN_MAX_MS = 3_600_000


class BadPolicy(ValueError):
    """A field is unknown or outside its limits; the text names it."""


class TerminalPolicy(Base):
    """What one terminal shall work by. `acked` = the version it acknowledged (0 = none),
    `refused` = its word about the present one, `ask_at` = when to send, None = nothing to do,
    `tries` = how often the present version was sent without an answer yet."""

    __tablename__ = "terminal_policy"

    device: Mapped[str] = mapped_column(primary_key=True)
    base: Mapped[dict[str, Any]]
    own: Mapped[dict[str, Any]]
    refill: Mapped[int]
    version: Mapped[int]
    acked: Mapped[int]
    refused: Mapped[str] = mapped_column(default="")
    ask_at: Mapped[int | None]
    tries: Mapped[int] = mapped_column(default=0, server_default="0")

    @property
    def content(self) -> dict[str, int]:
        """The whole policy as the command carries it."""
        fields = {name: default for name, (default, _, _) in FIELDS.items()}
        counted = {"version": self.version, "refill": self.refill}
        return fields | self.base | self.own | counted


_TO_SEND = literal_column("ask_at IS NOT NULL")
Index(
    "ix_terminal_policy_ask",
    TerminalPolicy.ask_at,
    sqlite_where=_TO_SEND,
    postgresql_where=_TO_SEND,
)


def handlers() -> Handlers:
    """What follows from a terminal's answer to `policy`, for `outbox.deliver`."""
    return {
        "command-done": [acknowledged],
        "command-refused": [refused],
    }


def defaults(settings: Settings) -> dict[str, int]:
    """What follows from this installation's settings."""
    names = ("beat_working_s", "beat_idle_s", "lease_max_s")
    return {name: int(getattr(settings, name)) for name in names}


def get(unit: Unit, device: str) -> TerminalPolicy | None:
    return unit.db.get(TerminalPolicy, device, populate_existing=True)


def want(unit: Unit, device: str, base: dict[str, int], told: int | None = None) -> TerminalPolicy:
    """The rules of the place ask for `base`; sent if the terminal has not acknowledged it.

    `told` = the version the terminal says it has; BadPolicy if the result does not hold.
    """
    row = _held(unit, device)
    if told is not None:
        row.acked = told
    _change(unit, row, base=base)
    if row.acked != row.version:
        row.refused = ""
        row.tries = 0  # it has just said what it has: nothing is on its way
        _send(unit, row)
    return row


def set_own(unit: Unit, device: str, fields: dict[str, int]) -> TerminalPolicy:
    """Give this one terminal other numbers than its place has (None = as the place); BadPolicy."""
    row = _held(unit, device)
    own = {name: value for name, value in (row.own | fields).items() if value is not None}
    if _change(unit, row, own=own):
        _send(unit, row)
    return row


def refill(unit: Unit, device: str, number: int) -> TerminalPolicy:
    """Give the whole emergency budget back, once for each `number`, which only rises."""
    row = _held(unit, device)
    if row.refill >= number:
        return row
    row.refill = number
    row.version += 1
    row.tries = 0
    _send(unit, row)
    return row


def sweep(unit: Unit) -> int:
    """Send what is due; how many were looked at. Safe with many workers."""
    rows = select(TerminalPolicy).where(_TO_SEND, TerminalPolicy.ask_at <= unit.now)
    first = rows.order_by(TerminalPolicy.ask_at).limit(100).with_for_update(skip_locked=True)
    due = list(unit.db.scalars(first, execution_options={"populate_existing": True}))
    for row in due:
        if _may_be_answered(unit, row):
            row.ask_at = unit.now + AGAIN_MS
        else:
            _send(unit, row)
    return len(due)


# --- what the terminal answered -----------------------------------------------------------------


def acknowledged(unit: Unit, event: Event) -> None:
    """The terminal has taken a version over: its heartbeats come as that version says."""
    found = _meant(unit, event)
    if found is None:
        return
    row, version = found
    row.acked = version
    if version == row.version:
        row.ask_at = None
        said = row.content
        terminal = terminals.locked(unit, row.device)
        if terminal is not None:
            terminals.set_beats(terminal, said["beat_working_s"], said["beat_idle_s"])
    else:
        _send(unit, row)


def refused(unit: Unit, event: Event) -> None:
    """It will not have it: not again before something changes or it logs in anew.

    What came too late for it is no refusal: it goes out again when its time has come.
    """
    found = _meant(unit, event)
    if event.details["message"] in commands.TRIED_AGAIN:
        return
    if found is not None and found[1] == found[0].version:
        found[0].refused, found[0].ask_at = event.details["message"], None


def _meant(unit: Unit, event: Event) -> tuple[TerminalPolicy, int] | None:
    """The policy an answer is about, held, and the version that was sent."""
    if event.details["name"] != "policy":
        return None
    command = unit.db.get(Command, event.subject)
    row = unit.db.get(
        TerminalPolicy, event.details["device"], populate_existing=True, with_for_update=True
    )
    if command is None or row is None:
        return None
    return row, int(commands.carried(unit, command).get("version", 0))


def _held(unit: Unit, device: str) -> TerminalPolicy:
    row = unit.db.get(TerminalPolicy, device, populate_existing=True, with_for_update=True)
    if row is None:
        base = defaults(unit.settings)
        row = TerminalPolicy(
            device=device, base=base, own={}, refill=0, version=1, acked=0, tries=0
        )
        unit.db.add(row)
        unit.db.flush()
    return row


def _change(unit: Unit, row: TerminalPolicy, **changes: dict[str, int]) -> bool:
    before = row.content
    for name, value in changes.items():
        setattr(row, name, value)
    _check(row.base | row.own, row.content)
    changed = row.content != before
    row.version += changed
    row.tries = 0 if changed else row.tries
    return changed


def _check(given: dict[str, int], content: dict[str, int]) -> None:
    for name, value in given.items():
        _, least, most = FIELDS.get(name, (0, 1, 0))
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadPolicy(f"{name} = {value!r}")
    for low, high in PAIRS:
        if content[low] > content[high]:
            raise BadPolicy(f"{low} above {high}")


def _send(unit: Unit, row: TerminalPolicy) -> None:
    """Send it now, and again later unless it is acknowledged; the pauses double."""
    row.ask_at = unit.now + min(AGAIN_MS << min(row.tries, 10), AGAIN_MAX_MS)
    terminal = terminals.get(unit, row.device)
    if terminal is None or not terminal.online:
        return
    if commands.waiting(unit, row.device, "policy", row.version):
        return
    with suppress(TerminalDark):
        commands.issue(unit, row.device, "policy", content=dict(row.content))
        row.tries += 1


def _may_be_answered(unit: Unit, row: TerminalPolicy) -> bool:
    """Whether the answer to the last one may still wait, behind us or in the broker: the terminal
    has not been heard yet from after the moment at which that one died (its own clock, `up`)."""
    last = commands.latest(unit, row.device, "policy") if row.tries else None
    terminal = terminals.get(unit, row.device)
    if last is None or terminal is None or last.epoch != terminal.epoch:
        return False
    return terminal.state_up < int(commands.carried(unit, last).get("x", -1))
