"""The people of an enterprise, and how long their certificates still hold (reads only)."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Subquery, case, func, select

from cloud.base.formats import for_welding
from cloud.base.unit import Unit
from cloud.registry.certificates import WARN_DAYS, Certificate, last_day
from cloud.registry.people import Person, PersonRole

# `certificates.last_day` in SQL: ISO days compare as texts.
_LAST = case(
    (Certificate.review_by == "", Certificate.valid_to),
    (Certificate.review_by < Certificate.valid_to, Certificate.review_by),
    else_=Certificate.valid_to,
)
_GOOD = Certificate.known & (Certificate.status == "normal")
# `formats.for_welding` in SQL.
_WELDS = Certificate.category.contains("焊") & ~Certificate.category.contains("非金属")
_FIRST, _LAST_OF_ALL = "0", "9"  # before and after every ISO day


@dataclass(frozen=True)
class Paper:
    """One certificate: its last day, the days left (below 0 = over), and what that means.

    `level` = good, 90, 30, 7 (so near its end, in days), over, or bad: suspended, revoked, or not
    confirmed by its issuer or the office. `welding` = it is one for metal welding.
    """

    certificate: Certificate
    until: date
    days: int
    level: str
    welding: bool


def of_enterprise(unit: Unit, enterprise_id: str, limit: int, offset: int = 0) -> list[Person]:
    """Its people: welders who may weld nothing, then whose ends soonest, then the rest."""
    best = _best(enterprise_id)
    welds = (
        select(PersonRole.person_id)
        .where(PersonRole.person_id == Person.id, PersonRole.role == "welder")
        .exists()
    )
    soonest = func.coalesce(func.min(best.c.until), case((welds, _FIRST), else_=_LAST_OF_ALL))
    rows = (
        select(Person.id)
        .outerjoin(best, best.c.person_id == Person.id)
        .where(Person.enterprise_id == enterprise_id, Person.status != "refused")
        .group_by(Person.id)
        .order_by(soonest, Person.name, Person.id)
    )
    ids = list(unit.db.scalars(rows.limit(limit).offset(offset)))
    found = {one.id: one for one in unit.db.scalars(select(Person).where(Person.id.in_(ids)))}
    return [found[id] for id in ids]


def near_end(unit: Unit, enterprise_id: str, today: date) -> int:
    """How many of its people have a welding certificate that is over or ends within 90 days."""
    best = _best(enterprise_id)
    soon = (today + timedelta(WARN_DAYS[0])).isoformat()
    rows = select(func.count(best.c.person_id.distinct())).where(best.c.until <= soon)
    return unit.db.scalar(rows) or 0


def papers(unit: Unit, people: list[str], today: date) -> dict[str, list[Paper]]:
    """The certificates of these people, those that end soonest first."""
    found: dict[str, list[Paper]] = {id: [] for id in people}
    rows = select(Certificate).where(Certificate.person_id.in_(people))
    for one in unit.db.scalars(rows.order_by(_LAST, Certificate.id)):
        found[one.person_id].append(_paper(one, today))
    return found


def ending(unit: Unit, person_id: str, today: date) -> list[Paper]:
    """Whichever of one's own welding certificates is over or ends within 90 days, the longest one
    of each issuer; none where another goes on."""
    held = papers(unit, [person_id], today)[person_id]
    longest = {one.certificate.issuer: one for one in held if one.welding and one.level != "bad"}
    return [one for one in longest.values() if one.level != "good"]


def _paper(one: Certificate, today: date) -> Paper:
    until = last_day(one)
    days = (until - today).days
    if one.status != "normal" or not one.known:
        level = "bad"
    elif days < 0:
        level = "over"
    else:
        level = next((str(most) for most in sorted(WARN_DAYS) if days <= most), "good")
    return Paper(one, until, days, level, for_welding(one.category))


def _best(enterprise_id: str) -> Subquery:
    """Per person and issuer the last day of the welding certificate that lasts longest."""
    rows = select(Certificate.person_id, func.max(_LAST).label("until"))
    ours = rows.join(Person, Person.id == Certificate.person_id).where(
        Person.enterprise_id == enterprise_id, _GOOD, _WELDS
    )
    return ours.group_by(Certificate.person_id, Certificate.issuer).subquery()
