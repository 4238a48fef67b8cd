"""Upgrades of terminals: IoTDA's `$ota` conversation, one row each (protocol page, section 4).

    waiting ──version_query──► asked ──version_report──► offered ──progress──► loading ──► done
       └──────────── asked again after a pause, and after each log-in ────────────┴──► failed

    command:  made ──► sent ──► done | refused | timed_out ──► reconciled | sent again

Each is the conversation of one row in the book of commands, of the same id: that row has the life
of any command, moved here with each word of the terminal. One that says nothing for a week has
timed out: a campaign waits for it no longer, but its next log-in takes the talk up again. The
latest wins: another package for the same terminal replaces it.

The terminal judges the package by its signature; here is only who was offered what, and what
came of it. Events: `upgrade-done`, `upgrade-failed` (subject = the upgrade's id).
"""

import base64
import hmac
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Index, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.book.outbox import Event, Handlers
from cloud.link import commands, packages, terminals, wire
from cloud.link.commands import Command
from cloud.link.packages import Package
from cloud.link.strangers import text, whole
from cloud.link.terminals import Terminal

_TALKING = ("offered", "loading")  # about this package, and no other
OPEN = ("waiting", "asked", *_TALKING)
_LIVE = (*OPEN, "timed_out")  # the terminal's word still counts
# How the command stands while the conversation does so.
_LIFE = {
    "waiting": "made",
    "asked": "sent",
    "offered": "sent",
    "loading": "sent",
    "done": "done",
    "failed": "refused",
    "timed_out": "timed_out",
    "replaced": "replaced",
    "withdrawn": "replaced",
}
ASK_MS = 30_000
AGAIN_MS = 600_000
SILENT_MS = 7 * 86_400_000
SPREAD_MS = 50  # between two terminals of one campaign
TOKEN_S = 86_400
_BUSY, _NEWEST = 1, 3


class Upgrade(Base):
    """One terminal and one package. `wave` of its campaign, 0 = none; `code` = IoTDA's result
    code, None = none yet; `told_at` = its last word about this; `next_at` = when to ask (again),
    None = nothing is due. `id` = the command's."""

    __tablename__ = "upgrade"

    id: Mapped[str] = mapped_column(primary_key=True)
    campaign: Mapped[str]
    wave: Mapped[int] = mapped_column(server_default="0")
    device: Mapped[str] = mapped_column(index=True)
    digest: Mapped[str]
    state: Mapped[str]
    progress: Mapped[int]
    code: Mapped[int | None]
    words: Mapped[str]
    from_version: Mapped[str]
    made_at: Mapped[int]
    told_at: Mapped[int | None]
    next_at: Mapped[int | None]


IS_OPEN = Upgrade.state.in_([literal_column(f"'{state}'") for state in OPEN])
_IS_DUE = literal_column("next_at IS NOT NULL")
Index(
    "ux_upgrade_open",
    Upgrade.device,
    unique=True,
    sqlite_where=IS_OPEN,
    postgresql_where=IS_OPEN,
)
Index("ix_upgrade_campaign", Upgrade.campaign, Upgrade.wave, Upgrade.state)
Index("ix_upgrade_due", Upgrade.next_at, sqlite_where=_IS_DUE, postgresql_where=_IS_DUE)


class Campaign(Base):
    """Whom a package was meant for; `scope` = a device, or `all`. In waves: campaigns.py."""

    __tablename__ = "campaign"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    scope: Mapped[str]
    made_at: Mapped[int]


def handlers() -> Handlers:
    """What follows from events of the link, for `outbox.deliver`."""
    return {"terminal-login": [logged_in]}


# --- beginning and ending -----------------------------------------------------------------------


def start(unit: Unit, scope: str, package: Package) -> list[Upgrade]:
    """Offer a package to one terminal, or to `all` that it fits; what was begun.

    A terminal that has it is passed over; an older upgrade still open there is replaced.
    """
    campaign = Campaign(id=new_id(), digest=package.digest, scope=scope, made_at=unit.now)
    unit.db.add(campaign)
    rows = select(Terminal).where(Terminal.status == "active", Terminal.fw != package.version)
    if scope == "all":
        rows = rows.where(Terminal.hw == package.hw)
    else:  # the terminal itself judges whether it fits
        rows = rows.where(Terminal.device == scope)
    return begin(unit, campaign.id, unit.db.scalars(rows.order_by(Terminal.device)), package)


def begin(
    unit: Unit, campaign: str, meant: Iterable[Terminal], package: Package, wave: int = 0
) -> list[Upgrade]:
    """Offer a package to these terminals, one soon after the other; what was begun."""
    begun = []
    for place, row in enumerate(meant):
        running = _live(unit, row.device)
        if running is not None and running.state in OPEN and running.digest == package.digest:
            continue
        if running is not None:
            _move(unit, running, "replaced")
            running.next_at = None
            unit.db.flush()
        begun.append(_begun(unit, (campaign, wave), package, row, place))
    unit.db.flush()
    return begun


def withdraw(unit: Unit, campaign: str) -> int:
    """Take back what no terminal has heard of yet, or none has answered; how many."""
    silent = (Upgrade.state == "timed_out") & Upgrade.told_at.is_(None)
    unheard = (Upgrade.state == "waiting") | silent
    meant = select(Upgrade).where(Upgrade.campaign == campaign, unheard).with_for_update()
    rows = unit.db.scalars(meant, execution_options={"populate_existing": True}).all()
    for row in rows:
        _move(unit, row, "withdrawn")
        row.next_at = None
    unit.db.flush()
    return len(rows)


def get(unit: Unit, upgrade_id: str) -> Upgrade | None:
    return unit.db.get(Upgrade, upgrade_id)


def of(unit: Unit, device: str) -> list[Upgrade]:
    """The upgrades of one terminal, the latest first."""
    rows = select(Upgrade).where(Upgrade.device == device)
    return list(unit.db.scalars(rows.order_by(Upgrade.made_at.desc(), Upgrade.id)))


def command_state(unit: Unit, row: Upgrade) -> str | None:
    """How its command stands; None where that row has been erased (`keep_commands_d`)."""
    command = unit.db.get(Command, row.id)
    return command.state if command else None


def token(unit: Unit, upgrade_id: str) -> str:
    """The bearer token of one download. It stays the same: another would begin the load anew."""
    raw = hmac.digest(unit.keys.derive("upgrade.token"), upgrade_id.encode(), "sha256")
    return base64.urlsafe_b64encode(raw[:24]).decode()


def downloadable(unit: Unit, upgrade_id: str, bearer: str) -> Package | None:
    """The package that this token opens; None if it is wrong, or the upgrade is over."""
    right = hmac.compare_digest(token(unit, upgrade_id).encode(), bearer.encode())
    row = get(unit, upgrade_id)
    if row is None or not right or row.state not in OPEN:
        return None
    return packages.get(unit, row.digest)


def sweep(unit: Unit) -> int:
    """Ask the terminals whose time has come, or give them up; how many. Safe with many workers."""
    due = select(Upgrade).where(_IS_DUE, Upgrade.next_at <= unit.now)
    rows = due.order_by(Upgrade.next_at).limit(100).with_for_update(skip_locked=True)
    waiting = list(unit.db.scalars(rows, execution_options={"populate_existing": True}))
    for row in waiting:
        if unit.now - max(row.made_at, row.told_at or 0) > SILENT_MS:
            _move(unit, row, "timed_out")
            row.next_at = None
        else:
            _ask(unit, row)
    return len(waiting)


# --- the conversation ---------------------------------------------------------------------------


def logged_in(unit: Unit, event: Event) -> None:
    """After a connect the terminal is asked at once, however the last talk stood."""
    row = _live(unit, event.details["device"])
    if row is not None:
        row.told_at = unit.now
        _ask(unit, row)


def version_reported(unit: Unit, terminal: Terminal, paras: dict[str, Any]) -> str:
    """The terminal says what it runs: it has the package, or is offered it."""
    row = _live(unit, terminal.device)
    package = packages.get(unit, row.digest) if row else None
    version = text(paras, "fw_version") or text(paras, "sw_version") or ""
    if row is None or package is None:
        return "ota"
    if version == package.version:
        late = row.state == "timed_out"
        _end(unit, row, "done", 0, "")
        if late:
            commands.follow(unit, row.id, "reconciled")
    else:
        row.from_version, row.told_at = version, unit.now
        _offer(unit, row, package)
    return "ota"


def progress_reported(unit: Unit, terminal: Terminal, paras: dict[str, Any]) -> str:
    """How far it is: under way, confirmed, or why not.

    Our terminals name the version that was offered. IoTDA has a device name the one that it runs:
    until the package's is named, nothing is confirmed.
    """
    row = _live(unit, terminal.device)
    package = packages.get(unit, row.digest) if row else None
    code = whole(paras, "result_code", 0, 999)
    if code is None:
        return "ota-form"
    if row is None or package is None:
        return "ota"
    version = text(paras, "version")
    named = version in (None, package.version)
    if not named and not (row.state in _TALKING and version == row.from_version):
        return "ota"
    progress = whole(paras, "progress", 0, 100) or 0
    words = text(paras, "description", 200) or ""
    if code == 0 and progress == 100 and named:
        _end(unit, row, "done", 0, words)
    elif code == 0:
        _move(unit, row, "loading")
        row.progress, row.told_at = progress, unit.now
        row.next_at = unit.now + AGAIN_MS
    elif code == _BUSY:
        row.told_at, row.next_at = unit.now, unit.now + AGAIN_MS
    else:
        _end(unit, row, "failed", code, words)
    return "ota"


def _begun(
    unit: Unit, of: tuple[str, int], package: Package, terminal: Terminal, place: int
) -> Upgrade:
    carried = {"digest": package.digest, "version": package.version, "campaign": of[0]}
    row = Upgrade(
        id=commands.converse(unit, terminal.device, "upgrade", carried).id,
        campaign=of[0],
        wave=of[1],
        device=terminal.device,
        digest=package.digest,
        state="waiting",
        progress=0,
        words="",
        from_version=terminal.fw,
        made_at=unit.now,
        next_at=unit.now + place * SPREAD_MS,
    )
    unit.db.add(row)
    return row


def _live(unit: Unit, device: str) -> Upgrade | None:
    """The upgrade that this terminal's words are about, held: there is never more than one."""
    rows = select(Upgrade).where(Upgrade.device == device, Upgrade.state.in_(_LIVE))
    rows = rows.with_for_update()
    return unit.db.scalar(rows, execution_options={"populate_existing": True})


def _ask(unit: Unit, row: Upgrade) -> None:
    terminal = terminals.get(unit, row.device)
    if terminal is None or not terminal.online:
        row.next_at = unit.now + AGAIN_MS  # its log-in comes first
        return
    if row.state in ("waiting", "timed_out"):
        _move(unit, row, "asked")
    row.next_at = unit.now + (ASK_MS if row.state == "asked" else AGAIN_MS)
    _send(unit, row, "version_query", {})


def _offer(unit: Unit, row: Upgrade, package: Package) -> None:
    if row.state != "loading":
        _move(unit, row, "offered")
    row.next_at = unit.now + AGAIN_MS
    offer = {
        "version": package.version,
        "url": f"{unit.settings.base_url}/t/packages/{row.id}",
        "file_size": package.size,
        "file_name": f"{package.hw}-{package.version}.hmu",
        "sign": package.digest,
        "access_token": token(unit, row.id),
        "expires": TOKEN_S,
    }
    _send(unit, row, "firmware_upgrade", offer)


def _move(unit: Unit, row: Upgrade, state: str) -> None:
    """The one place where a conversation moves on, and its command with it."""
    row.state = state
    message = row.words if state == "failed" else "withdrawn" if state == "withdrawn" else ""
    commands.follow(unit, row.id, _LIFE[state], message)


def _send(unit: Unit, row: Upgrade, type: str, paras: dict[str, Any]) -> None:
    unit.send(row.device, wire.event_body("$ota", type, wire.stamp(unit.now), paras))


def _end(unit: Unit, row: Upgrade, state: str, code: int | None, words: str) -> None:
    if state == "failed" and code == _NEWEST:
        words = words or "already newer"
    row.code, row.words = code, words
    _move(unit, row, state)
    row.next_at, row.told_at = None, unit.now
    row.progress = 100 if state == "done" else row.progress
    details = {"device": row.device, "digest": row.digest, "code": code, "words": words}
    outbox.tell(unit, f"upgrade-{state}", row.id, details)
