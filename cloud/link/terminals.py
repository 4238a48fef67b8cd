"""Terminals 终端 as the cloud knows them: keys, the present boot, and what was last told.

The row is written only here. Two clocks meet in it: `up` is the terminal's own milliseconds since
boot, `…_at` is the cloud's time at arrival. `epoch` names one boot; it is random, so a boot that
was left never comes back, and what still arrives from it is old news.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Index, bindparam, false, insert, literal_column, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Ground, Unit
from cloud.book import outbox
from cloud.link import reckoning, wire
from cloud.link.strangers import text, whole

DIALECTS = ("native", "iotda")
ARC_AMPS = 15
SLOWEST_BEAT_S = 3600
# At a broker outside `hanma` and `hanma-…` are the cloud's own account and programs.
_DEVICE = re.compile("(?!hanma(-|$))[A-Za-z0-9_-]{1,128}")
_EPOCHS_KEPT = 16
_PURPOSE = "terminal.secret"
_HELD = "terminals held"


class BadDevice(ValueError):
    """Not a device id: 1 to 128 of A-Z a-z 0-9 _ -, nor a name of the cloud's own (`hanma`)."""


class Terminal(Base):
    """One terminal. None = never told. `n` = last command counter used; it never goes back.
    `kind` = what its cable wrote, `contactor` or `thermal`: the terminal obeys that, whatever a
    record says. `via` = the broker outside on which it last logged in, "" = not known.
    `account_at` = when its secret or its right to log in changed last, 0 = before that was kept.
    """

    __tablename__ = "terminal"

    device: Mapped[str] = mapped_column(primary_key=True)
    secret_sealed: Mapped[str]
    status: Mapped[str]
    signed: Mapped[bool]
    dialect: Mapped[str]
    made_at: Mapped[int]
    fw: Mapped[str] = mapped_column(default="")
    hw: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="", server_default="")
    imei: Mapped[str] = mapped_column(default="", index=True)
    iccid: Mapped[str] = mapped_column(default="", index=True)
    operator: Mapped[str] = mapped_column(default="")
    boot: Mapped[str] = mapped_column(default="")
    epoch: Mapped[str | None]
    left_epochs: Mapped[list[str]] = mapped_column(default=list)
    conn: Mapped[int | None]
    login_at: Mapped[int | None]
    up: Mapped[int | None]
    up_at: Mapped[int] = mapped_column(default=0)
    up_fix: Mapped[int] = mapped_column(default=0)
    n: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[int | None]
    deadline: Mapped[int | None]
    online: Mapped[bool] = mapped_column(default=False)
    mode: Mapped[str | None]
    relay: Mapped[int | None]
    job: Mapped[str] = mapped_column(default="")
    state_up: Mapped[int] = mapped_column(default=-1)
    state_at: Mapped[int] = mapped_column(default=0)
    amps: Mapped[int | None]
    arc: Mapped[bool] = mapped_column(default=False)
    rssi: Mapped[int | None]
    beat_up: Mapped[int] = mapped_column(default=-1)
    doubt: Mapped[bool] = mapped_column(default=False)
    odd: Mapped[int] = mapped_column(default=0)
    beat_working_s: Mapped[int | None]
    beat_idle_s: Mapped[int | None]
    next_beat_s: Mapped[int | None]
    via: Mapped[str] = mapped_column(default="", server_default="")
    account_at: Mapped[int] = mapped_column(default=0, server_default="0", index=True)


Index(
    "ix_terminal_deadline",
    Terminal.deadline,
    sqlite_where=Terminal.online,
    postgresql_where=Terminal.online,
)
# As the index has it: "online = 1" would not find it.
ON_LINE: ColumnElement[bool] = literal_column("terminal.online")


# --- provisioning -------------------------------------------------------------------------------


def provision(
    unit: Unit,
    device: str,
    *,
    signed: bool = True,
    dialect: str = "native",
    secret: bytes | None = None,
) -> bytes:
    """Make (or renew) a terminal and give its 32-byte secret, this once; BadDevice, ValueError.

    `secret` = one that was made on the bench. A terminal that is provisioned again has to log in
    again; its counter goes on.
    """
    if not _DEVICE.fullmatch(device):
        raise BadDevice(device)
    if dialect not in DIALECTS:
        raise ValueError(f"dialect {dialect!r}")
    fresh = secret or secrets.token_bytes(32)
    row = locked(unit, device)
    if row is None:
        row = Terminal(device=device, made_at=unit.now)
        unit.db.add(row)
    row.secret_sealed = unit.keys.seal(fresh, _PURPOSE)
    row.status, row.signed, row.dialect = "active", signed, dialect
    row.account_at = unit.now
    row.epoch = row.conn = row.up = row.relay = row.mode = None
    unit.db.flush()
    return fresh


def row(unit: Unit, device: str, secret: bytes, **told: Any) -> dict[str, Any]:
    """The columns of a new terminal whose secret is known, for `add_many`; BadDevice.

    `told` = what it has told already, as the columns are named.
    """
    if not _DEVICE.fullmatch(device):
        raise BadDevice(device)
    return {
        "device": device,
        "secret_sealed": unit.keys.seal(secret, _PURPOSE),
        "status": "active",
        "signed": True,
        "dialect": "native",
        "made_at": unit.now,
        "account_at": unit.now,
        **told,
    }


def add_many(unit: Unit, rows: Iterable[dict[str, Any]]) -> None:
    """Register many at once, each made by `row`."""
    unit.db.execute(insert(Terminal), list(rows))


def revoke(unit: Unit, device: str) -> None:
    """Nothing is heard from it and nothing sent to it any more; unknown devices are no error.

    The event `terminal-revoked` has the embedded broker close its connection. It is off line from
    now on: its own last word would not be heard.
    """
    row = locked(unit, device)
    if row is not None:
        row.status, row.account_at = "revoked", unit.now
        if row.online:
            _gone(unit, row, "revoked")
    outbox.tell(unit, "terminal-revoked", device, {})


def get(unit: Unit, device: str) -> Terminal | None:
    """The terminal as it is in the database now."""
    return unit.db.get(Terminal, device, populate_existing=True)


def with_its_numbers(unit: Unit, device: str) -> list[str]:
    """The other active terminals that told this one's IMEI or ICCID, by name; none for one that
    is revoked itself."""
    row = get(unit, device)
    if row is None or row.status != "active":
        return []
    told = ((Terminal.imei, row.imei), (Terminal.iccid, row.iccid))
    same = or_(*(column == number for column, number in told if number), false())
    active = (Terminal.status == "active") & (Terminal.device != device)
    rows = select(Terminal.device).where(same, active).order_by(Terminal.device)
    return list(unit.db.scalars(rows))


def running(unit: Unit) -> dict[str, str]:
    """What every terminal does, by id: `on`, `off`, or `dark` while it is not heard."""
    rows = select(Terminal.device, Terminal.online, Terminal.relay)
    return {
        device: ("on" if relay else "off") if online else "dark"
        for device, online, relay in unit.db.execute(rows)
    }


_THESE = (  # made once: asked for each batch of messages
    select(Terminal)
    .where(Terminal.device.in_(bindparam("devices", expanding=True)))
    .order_by(Terminal.device)
    .with_for_update()
)
_AS_IT_IS = {"populate_existing": True}


def hold(unit: Unit, devices: Iterable[str]) -> None:
    """`locked` for many at once: what follows in this unit finds them without asking again."""
    found = unit.db.scalars(_THESE, {"devices": list(set(devices))}, execution_options=_AS_IT_IS)
    unit.db.info[_HELD] = {row.device: row for row in found}


def locked(unit: Unit, device: str) -> Terminal | None:
    """The terminal, held against other workers until the end of the unit."""
    held: Terminal | None = unit.db.info.get(_HELD, {}).get(device)
    if held is not None:
        return held
    return unit.db.get(Terminal, device, populate_existing=True, with_for_update=True)


def secret(unit: Unit, device: str) -> bytes | None:
    """The secret of an active terminal, for its log-in check; None if unknown or revoked."""
    row = unit.db.get(Terminal, device)
    return opened(unit, row) if row is not None and row.status == "active" else None


class Standing(NamedTuple):
    """Where a terminal is reached, and in which dialect."""

    via: str
    iotda: bool


_STANDING = select(Terminal.via, Terminal.dialect).where(Terminal.device == bindparam("device"))


def standing_of(ground: Ground) -> Callable[[str], Standing]:
    """The standing of one terminal, one read unit for each question."""

    def standing(device: str) -> Standing:
        with ground.read() as unit:
            told = unit.db.connection().execute(_STANDING, {"device": device})
            via, dialect = told.first() or ("", "native")
        return Standing(via, dialect == "iotda")

    return standing


def active(unit: Unit) -> Iterator[tuple[str, str]]:
    """Every terminal that may log in, with its sealed secret, by name."""
    rows = select(Terminal.device, Terminal.secret_sealed).where(Terminal.status == "active")
    yield from unit.db.execute(rows.order_by(Terminal.device))


def accounts_digest(unit: Unit, since: int = 0) -> bytes:
    """Other bytes whenever `active` gives others, by what changed at `since` (epoch ms) or later;
    of a short time there is little to read."""
    rows = select(Terminal.device, Terminal.status, Terminal.secret_sealed)
    if since:
        rows = rows.where(Terminal.account_at >= since)
    digest = hashlib.sha256()
    for row in sorted(unit.db.execute(rows)):  # here: the index knows the time alone
        digest.update(f"{' '.join(row)}\n".encode())
    return digest.digest()


def opened(unit: Unit, row: Terminal) -> bytes:
    """The secret of this terminal."""
    return unsealed(unit, row.secret_sealed)


def unsealed(unit: Unit, sealed: str) -> bytes:
    """A terminal's secret, as its row holds it."""
    return unit.keys.open(sealed, _PURPOSE)


def mqtt_password(secret: bytes) -> str:
    """The password of the native dialect."""
    return wire.key(secret, "mqtt").hex()


# --- small notes --------------------------------------------------------------------------------


def take_n(unit: Unit, row: Terminal) -> int:
    """The next command counter, for a command that leaves now."""
    row.n, row.told_at = row.n + 1, unit.now
    return row.n


def doubt(row: Terminal) -> None:
    """We are not sure what it did: its next word is news even if nothing seems to change."""
    row.doubt = True


def reached_by(row: Terminal, via: str) -> None:
    """It logged in on this broker. That is the one word whose order is certain: a last will, or
    what a broker held back, comes late and from where the terminal is no more."""
    row.via = via


def flashed_as(unit: Unit, device: str, kind: str) -> None:
    """The bench writes it for this kind of switch; "" = it did not say."""
    row = locked(unit, device)
    if row is not None and kind:
        _kind(unit, row, kind)


def _kind(unit: Unit, row: Terminal, kind: str) -> None:
    if kind != row.kind:
        row.kind = kind
        outbox.tell(unit, "terminal-kind", row.device, {"device": row.device})


def count_odd(row: Terminal) -> None:
    """One more message that meant nothing to us."""
    row.odd += 1


def set_beats(row: Terminal, working_s: int, idle_s: int) -> None:
    """It acknowledged a policy: how often it beats from now on."""
    row.beat_working_s, row.beat_idle_s = working_s, idle_s


# --- what it told -------------------------------------------------------------------------------


def logged_in(unit: Unit, row: Terminal, told: dict[str, Any]) -> bool:
    """Take in a 00 whose mac was good; False if it is a repetition or from a boot that is over."""
    epoch, conn, up = text(told, "epoch"), whole(told, "conn"), whole(told, "up")
    if epoch in row.left_epochs:
        return False
    if epoch and epoch == row.epoch and row.conn is not None and (conn or 0) <= row.conn:
        return False
    _boot(row, epoch)
    row.conn, row.login_at, row.beat_up, row.doubt = conn, unit.now, -1, False
    row.next_beat_s = None
    before = (row.imei, row.iccid)
    for name in ("fw", "hw", "imei", "iccid", "operator", "boot"):
        setattr(row, name, text(told, name) or getattr(row, name) or "")
    _kind(unit, row, text(told, "kind") or row.kind)
    if (row.imei, row.iccid) != before:
        outbox.tell(unit, "terminal-numbers", row.device, {"device": row.device})
    _signed(unit, row, told)
    _state(unit, row, up, told, job=text(told, "job") or "")
    return True


def beat(unit: Unit, row: Terminal, told: dict[str, Any]) -> bool | None:
    """Take in an FF: None if it is old news, else whether it tells anything to act upon."""
    if not reckoning.of_this_boot(row, unit.now, told):
        return None
    up = whole(told, "up")
    before = (row.relay, row.mode, row.job, row.arc)
    if up is not None:
        row.beat_up = up
        row.up_fix = reckoning.correction(row, unit.now, up)
    # A terminal short of data beats more slowly than its policy says, and tells so.
    row.next_beat_s = whole(told, "next_s", 1, SLOWEST_BEAT_S)
    row.amps, row.rssi = whole(told, "amps"), whole(told, "rssi", -200)
    row.arc = bool(whole(told, "arc") if "arc" in told else (row.amps or 0) >= ARC_AMPS)
    _state(unit, row, up, told, job=text(told, "job"))
    news = row.doubt or before != (row.relay, row.mode, row.job, row.arc)
    row.doubt = False
    return news


def answered(
    unit: Unit, row: Terminal, told: dict[str, Any], *, asked_in: str | None, job: str | None
) -> bool:
    """Take in the result of an answer whose mac was good; False if it is from a boot left since.

    `asked_in` = the boot the command was made for: if that is still the present one as far as we
    know, an answer from another boot proves that one newer, whatever was believed before.
    `job` = what runs if the relay is closed (answers do not name it).
    """
    epoch = text(told, "epoch")
    if epoch != row.epoch and asked_in != row.epoch:
        return False
    _boot(row, epoch)
    _signed(unit, row, told)
    _state(unit, row, whole(told, "up"), told, job=job if whole(told, "relay") else None)
    return True


def seen(unit: Unit, row: Terminal) -> None:
    """It is there: move last-seen and the deadline, and tell if it was away."""
    row.seen_at = unit.now
    row.deadline = unit.now + reckoning.silence_ms(unit.settings, row)
    if not row.online:
        row.online = True
        outbox.tell(unit, "terminal-online", row.device, reckoning.news(row))


def left(unit: Unit, row: Terminal, told: dict[str, Any]) -> bool:
    """Take in a Z0; False if it is older than the last log-in (unsigned terminals cannot say)."""
    epoch, conn = text(told, "epoch"), whole(told, "conn") or 0
    if row.signed and (epoch is None or epoch != row.epoch or conn < (row.conn or 0)):
        return False
    reason = text(told, "reason", 16) or "will"
    if reason == "power":
        # Without mains nothing flows. Before a restart the relay was opened, but whether its
        # contact followed only the next log-in tells.
        row.relay, row.mode, row.amps, row.arc = 0, "idle", 0, False
        row.state_at = unit.now
    if row.online:
        _gone(unit, row, reason, tamper=bool(whole(told, "tamper", 0, 1)))
    return True


def off_line(unit: Unit) -> int:
    """Tell of every terminal whose deadline has passed; how many. Safe with many workers."""
    overdue = select(Terminal.device).where(ON_LINE, Terminal.deadline <= unit.now)
    count = 0
    for device in list(unit.db.scalars(overdue.order_by(Terminal.deadline).limit(500))):
        row = locked(unit, device)
        if row is not None and row.online and (row.deadline or 0) <= unit.now:
            _gone(unit, row, "silent")
            count += 1
    return count


def _boot(row: Terminal, epoch: str | None) -> None:
    if epoch is None or epoch == row.epoch:
        return
    left = [one for one in (*row.left_epochs, row.epoch) if one and one != epoch]
    row.left_epochs = left[-_EPOCHS_KEPT:]
    row.epoch = epoch
    row.conn = row.up = None
    row.beat_up = row.state_up = -1


def _signed(unit: Unit, row: Terminal, told: dict[str, Any]) -> None:
    up = whole(told, "up")
    # Only a later word counts: a repetition that lay in a queue would make the clock late.
    if up is not None and (row.up is None or up > row.up):
        row.up, row.up_at, row.up_fix = up, unit.now, 0
    # After a restore from a backup the terminal knows the counter better.
    row.n = max(row.n, whole(told, "n") or 0)


def _state(
    unit: Unit, row: Terminal, up: int | None, told: dict[str, Any], job: str | None
) -> None:
    """Relay, mode and job, unless something later was told already."""
    if up is not None and up < row.state_up:
        return
    relay = whole(told, "relay", 0, 1)
    row.relay = row.relay if relay is None else relay
    row.mode = text(told, "mode", 16) or row.mode
    row.job = row.job if job is None else job
    row.state_up = row.state_up if up is None else up
    row.state_at = unit.now


def _gone(unit: Unit, row: Terminal, reason: str, tamper: bool = False) -> None:
    row.online = False
    news = reckoning.news(row, reason=reason, tamper=tamper)
    outbox.tell(unit, "terminal-offline", row.device, news)
