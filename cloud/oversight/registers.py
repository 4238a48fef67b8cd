"""The registers page by page, each in the order of an index (reads only).

Mostly that of district and key: a subtree is one stretch of it, so every viewer's page costs the
same, the hundredth as much as the first. Enterprises and people have no trade of their own: an
officer sees those of the district; a certificate is of the trade whose department issued it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, select, true, tuple_, union
from sqlalchemy.orm import InstrumentedAttribute

from cloud.base.formats import read_firm, read_identity, read_phone
from cloud.base.ids import BadCode, read_code
from cloud.base.unit import Unit
from cloud.book.audit import AuditRow
from cloud.link import stock
from cloud.link.stock import BadStock, StockItem
from cloud.link.terminals import Terminal
from cloud.registry import people
from cloud.registry.certificates import ISSUERS, Certificate, number_blind
from cloud.registry.enterprises import Enterprise, called
from cloud.registry.machines import INDUSTRIES, Machine
from cloud.registry.people import Person, PersonRole
from cloud.registry.sight import Sight
from cloud.work import permits
from cloud.work.job import Job
from cloud.work.permits import GRADES_H, Permit

PER_PAGE = 50
_CUT = "."  # between the parts of a place in the order; no code has one

Keys = tuple[InstrumentedAttribute[str], ...]


@dataclass(frozen=True)
class Page:
    """Rows of a register, and behind which place the next page begins (empty = there is none)."""

    rows: Sequence[Any]
    after: str = ""


def machines(unit: Unit, eyes: Sight, after: str = "", asked: str = "") -> Page:
    """(machine, its owner's name). `asked` = a code, a terminal, or an owner's credit code."""
    ids = select(Machine.id, Machine.code)
    ids = ids.where(eyes.places(Machine.district), eyes.own(Machine.industry))
    if asked:
        code, firm = read_code(asked), read_firm(asked)
        owned = select(Enterprise.id).where(Enterprise.uscc == firm).scalar_subquery()
        known = Machine.code == code if not isinstance(code, BadCode) else Machine.device == asked
        ids = ids.where(Machine.enterprise_id == owned if firm else known)
    # Turned over in an index alone (ix_machine_code_seen), then read.
    page = _page(unit, ids, (Machine.code,), after, lambda row: (row.code,))
    rows = select(Machine, Enterprise.name).join(Enterprise)
    here = rows.where(Machine.id.in_([row.id for row in page.rows])).order_by(Machine.code)
    return Page(unit.db.execute(here).all(), page.after)


def enterprises(unit: Unit, eyes: Sight, after: str = "", asked: str = "") -> Page:
    """(enterprise,). `asked` = its credit code, or a part of its name."""
    rows = select(Enterprise).where(eyes.places(Enterprise.district))
    if asked:
        rows = rows.where(called(asked))
    return _page(unit, rows, (Enterprise.district, Enterprise.uscc), after)


def persons(unit: Unit, eyes: Sight, after: str = "", asked: str = "") -> Page:
    """(person,). `asked` = an identity number, a phone number, a login, or a whole name."""
    keys = (Person.district, Person.id)
    rows = select(Person).where(eyes.places(Person.district))
    number = _numbered(unit, asked)
    if number is not None:
        rows = rows.where(number)
    elif asked:
        # Each in its own index, and no further than the page: thousands may have the name.
        ids = select(Person.id).where(eyes.places(Person.district), _behind(keys, after))
        named = (Person.login == people.login_form(asked), Person.name == asked)
        some = [ids.where(one).order_by(*keys).limit(PER_PAGE + 1).subquery() for one in named]
        rows = rows.where(Person.id.in_(union(*(select(one) for one in some))))
    return _page(unit, rows, keys, after)


def certificates(unit: Unit, eyes: Sight, after: str = "", asked: str = "") -> Page:
    """(certificate, holder). `asked` = its number."""
    rows = select(Certificate, Person).join(Person, Person.id == Certificate.person_id)
    rows = rows.where(eyes.places(Person.district), issued(eyes))
    if asked:
        blind = number_blind(unit, asked)
        # With the issuer, because the index begins with it.
        number = Certificate.issuer.in_(ISSUERS) & (Certificate.number_blind == blind)
        rows = rows.where(number)
    elif not _any_issued(unit, eyes):
        return Page([])  # or everybody would be passed over, one by one
    return _page(unit, rows, (Person.district, Person.id, Certificate.id), after)


def issued(eyes: Sight) -> ColumnElement[bool]:
    """SQL: the certificate is of one's own trade."""
    own = [issuer for issuer in ISSUERS if issued_for(eyes, issuer)]
    # Not the bare column: its index would have a third of the register sorted for one page.
    return true() if len(own) == len(ISSUERS) else Certificate.issuer.concat("").in_(own)


def _any_issued(unit: Unit, eyes: Sight) -> bool:
    own = [issuer for issuer in ISSUERS if issued_for(eyes, issuer)]
    rows = select(Certificate.id).where(Certificate.issuer.in_(own))
    return unit.db.scalar(rows.limit(1)) is not None


def issued_for(eyes: Sight, issuer: str) -> bool:
    """Whether this issuer's certificates are of one's own trade."""
    trade = dict(zip(ISSUERS, INDUSTRIES, strict=True))[issuer]
    return eyes.owns(trade)


def terminals(unit: Unit, after: str = "", asked: str = "") -> Page:
    """(terminal, its machine's code or None). `asked` = the terminal's id."""
    rows = select(Terminal, Machine.code)
    rows = rows.outerjoin(Machine, Machine.device == Terminal.device)
    if asked:
        rows = rows.where(Terminal.device == asked)
    return _page(unit, rows, (Terminal.device,), after)


def modules(unit: Unit, state: str = "", after: str = "", asked: str = "") -> Page:
    """(module of the stock,). `asked` = the chip's address, or the terminal it became."""
    rows = select(StockItem)
    if state:
        rows = rows.where(StockItem.state == state)
    if asked:
        try:
            rows = rows.where(StockItem.chip == stock.chip_form(asked))
        except BadStock:
            rows = rows.where(StockItem.device == asked)
    return _page(unit, rows, (StockItem.chip,), after)


def accounts(unit: Unit, role: str, after: str = "") -> Page:
    """(person,) of everybody with this role."""
    rows = select(Person).join(PersonRole).where(PersonRole.role == role)
    return _page(unit, rows, (PersonRole.person_id,), after, lambda row: (row[0].id,))


def trail(unit: Unit, after: str = "", asked: str = "") -> Page:
    """(audit row,), the latest first. `asked` = the id of a subject or an actor."""
    rows = select(AuditRow)
    if asked:
        rows = rows.where((AuditRow.subject == asked) | (AuditRow.actor == asked))
    return _latest(unit, rows, (AuditRow.at, AuditRow.id), after)


def hot_work(
    unit: Unit,
    eyes: Sight,
    day: tuple[int, int],
    state: str = "",
    after: str = "",
    asked: str = "",
) -> Page:
    """(permit,) of those whose window touches the day (epoch ms from, to), the last to begin
    first. `asked` = a machine's code or an enterprise's credit code, `state` as `permits` says."""
    began, ended = day
    longest = max(GRADES_H.values()) * 3_600_000
    rows = select(Permit).where(Permit.window_from >= began - longest, Permit.window_from < ended)
    rows = rows.where(Permit.window_to > began, eyes.places(Permit.district))
    if eyes.trades is not None:  # a permit for any machine of the firm is of every trade
        rows = rows.outerjoin(Machine, Machine.id == Permit.machine_id)
        rows = rows.where(Permit.machine_id.is_(None) | eyes.own(Machine.industry))
    if state:
        rows = rows.where(permits.in_state(state, unit.now))
    if asked:
        code, firm = read_code(asked), read_firm(asked)
        machine = select(Machine.id).where(Machine.code == code).scalar_subquery()
        owner = select(Enterprise.id).where(Enterprise.uscc == (firm or "")).scalar_subquery()
        coded = not isinstance(code, BadCode)
        rows = rows.where(Permit.machine_id == machine if coded else Permit.enterprise_id == owner)
    return _latest(unit, rows, (Permit.window_from, Permit.id), after)


def sees_permit(unit: Unit, eyes: Sight, permit: Permit) -> bool:
    """Whether `hot_work` shows it to these eyes."""
    machine = unit.db.get(Machine, permit.machine_id) if permit.machine_id else None
    inside = Sight(eyes.root).covers("", permit.district)
    return inside and (machine is None or eyes.owns(machine.industry))


def unworded(unit: Unit, eyes: Sight, found: Sequence[Permit]) -> frozenset[str]:
    """Of these permits (ids) those that are seen without what they say: good for any machine of
    the firm, or used for one, in a trade that is not one's own."""
    ids = [one.id for one in found if one.machine_id is None]
    if eyes.trades is None or not ids:
        return frozenset()
    rows = select(Permit.id, Machine.industry).where(Permit.id.in_(ids)).distinct()
    firms = rows.join(Machine, Machine.enterprise_id == Permit.enterprise_id)
    used = rows.join(Job, Job.permit_id == Permit.id).join(Machine, Machine.id == Job.machine_id)
    told = [*unit.db.execute(firms), *unit.db.execute(used)]
    return frozenset(id for id, trade in told if not eyes.owns(trade))


def jobs_under(unit: Unit, eyes: Sight, permit: Permit, most: int) -> Sequence[Any]:
    """(job, its machine's code) of those under it that these eyes see, the last ones first."""
    rows = select(Job, Machine.code).join(Machine, Machine.id == Job.machine_id)
    seen = eyes.places(Job.district, Machine.district) & eyes.own(Machine.industry)
    rows = rows.where(Job.permit_id == permit.id, seen)
    return unit.db.execute(rows.order_by(Job.applied_at.desc()).limit(most)).all()


def _latest(unit: Unit, rows: Select[Any], keys: tuple[Any, Any], after: str) -> Page:
    """One page of rows by (time, id), the latest first."""
    time, name = keys
    at, cut, id = after.partition(_CUT)
    if cut and at.isascii() and at.isdigit() and len(at) < 16:
        rows = rows.where(tuple_(time, name) < tuple_(literal(int(at)), literal(id)))
    latest = rows.order_by(time.desc(), name.desc())
    found = unit.db.execute(latest.limit(PER_PAGE + 1)).all()
    last = found[PER_PAGE - 1][0] if len(found) > PER_PAGE else None
    return Page(found[:PER_PAGE], f"{getattr(last, time.key)}{_CUT}{last.id}" if last else "")


def _page(unit: Unit, rows: Select[Any], keys: Keys, after: str, place: Any = None) -> Page:
    """One page behind `after`; a place that is none begins at the front."""
    rows = rows.where(_behind(keys, after))
    found = unit.db.execute(rows.order_by(*keys).limit(PER_PAGE + 1)).all()
    if len(found) <= PER_PAGE:
        return Page(found)
    shown = found[:PER_PAGE]
    last = (place or _place(keys))(shown[-1])
    return Page(shown, _CUT.join(last))


def _behind(keys: Keys, after: str) -> ColumnElement[bool]:
    parts = after.split(_CUT)
    if len(parts) != len(keys):
        parts = [""] * len(keys)  # a condition all the same: it says which index to follow
    return tuple_(*keys) > tuple_(*(literal(part) for part in parts))


def _place(keys: Keys) -> Any:
    """From a row to its place in the order: each key is an attribute of one of its objects."""

    def of(row: Any) -> tuple[str, ...]:
        by_table = {type(one): one for one in row}
        return tuple(getattr(by_table[key.class_], key.key) for key in keys)

    return of


def _numbered(unit: Unit, asked: str) -> ColumnElement[bool] | None:
    """SQL: who has this identity or phone number; None if it is neither."""
    identity, phone = read_identity(asked), read_phone(asked)
    if identity:
        return Person.identity_blind == people.identity_blind(unit, identity)
    if phone:
        return Person.phone_blind == people.phone_blind(unit, phone)
    return None
