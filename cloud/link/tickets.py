"""Tickets for terminals that only a phone reaches (protocol page, section 2), and their receipts.

On-line tickets carry the challenge that the phone has just read; off-line ones a number of the
terminal's own rising series. What came of one the terminal says in a receipt with its mac, which
the phone hands in. Events: `ticket-done`, `ticket-refused` (subject = the ticket's id).
"""

import base64
import hashlib
import re
from typing import Any

from sqlalchemy import Index, bindparam, literal_column, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.rows import Rows
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import terminals, wire
from cloud.link.strangers import text, whole

LIFE_MAX_S = 43_200
LEASE_MAX_S = {"on": 43_200, "off": 0, "test": 60, "service": 43_200, "here": 0}
ONLINE_LIFE_S = 600  # the challenge itself is good for two minutes at most
CHALLENGE = re.compile("[0-9a-f]{16}")
_PSEUDONYM = 12
_AS_GOOD_MS = 60_000  # what is asked for anew ends by this much sooner or later at the most


class NoTicket(Exception):
    """The terminal takes no tickets: it is unknown, revoked, or of a foreign platform."""


class Ticket(Base):
    """One ticket, with what its receipt told. `exp` epoch ms; `ch` or `n` is None."""

    __tablename__ = "ticket"

    id: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    act: Mapped[str]
    job: Mapped[str]
    person_id: Mapped[str]
    lease_s: Mapped[int]
    iat: Mapped[int]
    exp: Mapped[int]
    ch: Mapped[str | None]
    n: Mapped[int | None]
    fw: Mapped[str]
    told_at: Mapped[int | None]
    code: Mapped[int | None]
    word: Mapped[str] = mapped_column(default="")


Index("ix_ticket_job", Ticket.job, Ticket.act)
_BY_NUMBER = literal_column("n IS NOT NULL")
Index(
    "ux_ticket_number",
    Ticket.device,
    Ticket.n,
    unique=True,
    sqlite_where=_BY_NUMBER,
    postgresql_where=_BY_NUMBER,
)
# Not expired and without a receipt, the newest first; made once, as each state of a page asks it.
_LIVE = (
    select(Ticket)
    .where(Ticket.job == bindparam("job"), Ticket.act == bindparam("act"))
    .where(Ticket.person_id == bindparam("person"))
    .where(Ticket.exp > bindparam("now"), Ticket.told_at.is_(None))
    .order_by(Ticket.iat.desc())
)
_TAKEN_ALONG = Rows(_LIVE.where(Ticket.n.is_not(None)).limit(1))


class TicketSeries(Base):
    """The last number given out for one terminal; it never goes back."""

    __tablename__ = "ticket_series"

    device: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


def make(
    unit: Unit,
    device: str,
    act: str,
    *,
    person_id: str,
    job: str = "",
    lease_s: int = 0,
    life_s: int = LIFE_MAX_S,
    challenge: str = "",
    fw: str = "",
) -> Ticket:
    """Make a ticket; asked for again in the same words it is the same one, unless what it may
    switch on would end at another time now. NoTicket.

    Without a challenge it gets the next number. `fw` = SHA-256 (hex) of the fire watch's secret.
    """
    row = terminals.locked(unit, device)
    if row is None or not row.signed or (row.status != "active" and act != "off"):
        raise NoTicket(device)  # with void keys nothing begins; to end it is never too late
    life_s = min(life_s, ONLINE_LIFE_S if challenge else LIFE_MAX_S)
    ends = unit.now + life_s * 1000 if lease_s and not challenge else None
    known = _same(unit, device, act, job, person_id, challenge, fw, ends)
    if known is not None:
        return known
    ticket = Ticket(
        device=device,
        act=act,
        job=job,
        person_id=person_id,
        lease_s=min(lease_s, LEASE_MAX_S[act]),
        iat=unit.now,
        exp=unit.now + life_s * 1000,
        ch=challenge or None,
        n=None if challenge else _next_number(unit, device),
        fw=fw,
    )
    ticket.id = identity(written(unit, ticket))
    unit.db.add(ticket)
    unit.db.flush()
    return ticket


def written(unit: Unit, ticket: Ticket) -> str:
    """The text that the phone carries to the terminal."""
    fields: dict[str, Any] = {"v": 1, "d": ticket.device, "act": ticket.act}
    fields |= {"who": _pseudonym(unit, ticket.person_id), "iat": ticket.iat, "exp": ticket.exp}
    if ticket.job:
        fields["job"] = ticket.job
    if LEASE_MAX_S[ticket.act]:
        fields["lease_s"] = ticket.lease_s
    fields |= {"ch": ticket.ch} if ticket.ch else {"n": ticket.n}
    if ticket.fw:
        fields["fw"] = ticket.fw
    row = terminals.get(unit, ticket.device)
    assert row
    return spelled(terminals.opened(unit, row), fields)


def spelled(secret: bytes, fields: dict[str, Any]) -> str:
    """`base64url(canonical JSON) "." base64url(mac)`."""
    body = wire.canonical(fields).encode()
    return f"{_base64url(body)}.{_base64url(wire.digest(secret, 'ticket', body))}"


def identity(text: str) -> str:
    """The id of a ticket, by which its receipt names it."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def get(unit: Unit, ticket_id: str) -> Ticket | None:
    return unit.db.get(Ticket, ticket_id)


def taken_along(unit: Unit, job: str, act: str, person_id: str) -> Ticket | None:
    """The numbered ticket that this person has for the job, while it may still be used."""
    return _TAKEN_ALONG.first(unit.db, job=job, act=act, person=person_id, now=unit.now)


def next_free(unit: Unit, device: str) -> int:
    """The number that the next off-line ticket will have: with it as `tickets_from` (a field of
    the policy) all those given out so far are void."""
    series = unit.db.get(TicketSeries, device)
    return series.n + 1 if series else 1


def receipt(unit: Unit, told: dict[str, Any]) -> str:
    """Take in a receipt that a phone brings: the terminal's own word, whoever carries it.

    Gives `receipt`, or a word for what was wrong: `receipt-form, no-such-ticket, bad-mac`.
    """
    id, code = text(told, "id"), whole(told, "code", 0, 999)
    ticket = unit.db.get(Ticket, id, with_for_update=True) if id else None
    if id is None or code is None:
        return "receipt-form"
    row = terminals.locked(unit, ticket.device) if ticket else None
    if ticket is None or row is None or told.get("d") != ticket.device:
        return "no-such-ticket"
    secret = terminals.opened(unit, row)
    if not wire.good_receipt(secret, row.device, id, code, told):
        return "bad-mac"
    if ticket.told_at is not None and (ticket.code == 200 or code != 200):
        return "receipt"
    ticket.told_at, ticket.code = unit.now, code
    ticket.word = (text(told, "word", 32) or "") if code != 200 else ""
    # Only a boot that began after the line went dark can be unknown to us and yet the present one.
    newer = (row.seen_at or 0) < ticket.iat and told["epoch"] not in row.left_epochs
    # What runs beside a ticket that was refused, or asked for nothing to run, is not its own job.
    running = None if ticket.act == "here" or code != 200 else ticket.job
    asked_in = row.epoch if newer else None
    current = terminals.answered(unit, row, told, asked_in=asked_in, job=running)
    details = {"device": row.device, "act": ticket.act, "job": ticket.job, "word": ticket.word}
    details["relay"] = whole(told, "relay", 0, 1)
    kind = "ticket-done" if code == 200 else "ticket-refused"
    outbox.tell(unit, kind, id, details | {"current": current, "person": ticket.person_id})
    return "receipt"


def _next_number(unit: Unit, device: str) -> int:
    series = unit.db.get(TicketSeries, device, populate_existing=True, with_for_update=True)
    if series is None:
        series = TicketSeries(device=device, n=0)
        unit.db.add(series)
    series.n += 1
    unit.db.flush()
    return series.n


def _same(
    unit: Unit,
    device: str,
    act: str,
    job: str,
    person_id: str,
    challenge: str,
    fw: str,
    ends: int | None,
) -> Ticket | None:
    """The ticket that this asking already brought, if it can still be used; `ends` = and if it
    expires about then (what is taken along switches on until it expires)."""
    rows = _LIVE.where(
        Ticket.device == device,
        Ticket.ch == challenge if challenge else Ticket.n.is_not(None),
        Ticket.fw == fw,
    )
    if ends is not None:
        rows = rows.where(Ticket.exp.between(ends - _AS_GOOD_MS, ends + _AS_GOOD_MS))
    asked = {"job": job, "act": act, "person": person_id, "now": unit.now}
    return unit.db.scalar(rows.limit(1), asked)


def _pseudonym(unit: Unit, person_id: str) -> str:
    return f"p-{unit.keys.blind(f'ticket.who:{person_id}')[:_PSEUDONYM]}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
