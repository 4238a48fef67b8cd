"""People and their roles. Phone and identity number are sealed, and found by blind index."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    delete,
    func,
    insert,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from cloud.base import districts
from cloud.base.database import Base, Change, ChangedMeanwhile, amend
from cloud.base.formats import mask, read_identity, read_phone
from cloud.base.ids import new_id
from cloud.base.unit import Unit

ROLES = frozenset(
    {"welder", "fire_watch", "enterprise", "technician", "officer", "office", "platform"}
)
STATUSES = ("pending", "active", "refused", "blocked")


class BadPerson(ValueError):
    """A field does not hold: role, district, phone or identity number (never quoted).

    `field` = which one.
    """

    def __init__(self, words: str, field: str = "roles") -> None:
        super().__init__(words)
        self.field = field


class PersonRole(Base):
    """One role of one person."""

    __tablename__ = "person_role"

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class Person(Base):
    """One real person. `login` is lower case; sealed fields are empty when not known.

    `judged_…` = which office account let the person in or not, when, and why not.
    """

    __tablename__ = "person"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    login: Mapped[str] = mapped_column(unique=True)
    phone_sealed: Mapped[str]
    phone_blind: Mapped[str | None] = mapped_column(index=True)
    identity_sealed: Mapped[str]
    identity_blind: Mapped[str | None] = mapped_column(unique=True)
    enterprise_id: Mapped[str | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    district: Mapped[str]
    status: Mapped[str]
    made_at: Mapped[int]
    judged_by: Mapped[str | None]
    judged_at: Mapped[int | None]
    judged_why: Mapped[str] = mapped_column(default="", server_default="")
    role_rows: Mapped[list[PersonRole]] = relationship(
        lazy="selectin", cascade="all, delete-orphan", order_by=PersonRole.role
    )

    @property
    def roles(self) -> frozenset[str]:
        return frozenset(row.role for row in self.role_rows)

    @roles.setter
    def roles(self, wanted: frozenset[str]) -> None:
        kept = [row for row in self.role_rows if row.role in wanted]
        self.role_rows = kept + [PersonRole(role=one) for one in sorted(wanted - self.roles)]


# One person is one question; lists ask for the roles of all at once.
_WITH_ROLES = (joinedload(Person.role_rows),)

Index("ix_person_listed", Person.district, Person.id)
Index("ix_person_named", Person.name, Person.district, Person.id)
Index("ix_person_role_held", PersonRole.role, PersonRole.person_id)
# Spelled out, not bound: a database uses a partial index only for a condition it can read.
_IS_PENDING = Person.status == literal_column("'pending'")
Index(
    "ix_person_pending",
    Person.made_at,
    Person.id,
    sqlite_where=_IS_PENDING,
    postgresql_where=_IS_PENDING,
)


def add(unit: Unit, *, roles: set[str] | frozenset[str], **given: Any) -> Person:
    """Register a person (fields as in `row`); BadPerson if a field is wrong.

    IntegrityError if the login or the identity number is taken.
    """
    person = Person(
        **row(unit, roles=roles, **given),
        role_rows=[PersonRole(role=one) for one in sorted(roles)],
    )
    unit.db.add(person)
    unit.db.flush()
    return person


def add_many(unit: Unit, rows: Iterable[tuple[dict[str, Any], frozenset[str]]]) -> None:
    """Register many at once: columns made by `row`, and the roles."""
    known = list(rows)
    unit.db.execute(insert(Person), [columns for columns, _roles in known])
    _give(unit, ((columns["id"], roles) for columns, roles in known))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Change many at once, judged as `row` judges; `roles` is changed like a column.
    ChangedMeanwhile."""
    every = list(changes)
    amend(unit.db, Person, (_without_roles(one) for one in every))
    wanted = {one.id: one.columns["roles"] for one in every if "roles" in one.columns}
    rows = select(PersonRole.person_id, PersonRole.role)
    rows = rows.where(PersonRole.person_id.in_(list(wanted)))
    held: dict[str, set[str]] = {id: set() for id in wanted}
    for id, role in unit.db.execute(rows):
        held[id].add(role)
    for one in every:
        if "roles" in one.was and held[one.id] != one.was["roles"]:
            raise ChangedMeanwhile(one.id)
    gone = [(id, role) for id, roles in wanted.items() for role in held[id] - roles]
    if gone:
        pair = tuple_(PersonRole.person_id, PersonRole.role)
        unit.db.execute(delete(PersonRole).where(pair.in_(gone)))
    _give(unit, ((id, roles - held[id]) for id, roles in wanted.items()))


def _without_roles(change: Change) -> Change:
    columns, was = (
        {name: value for name, value in told.items() if name != "roles"}
        for told in (change.columns, change.was)
    )
    return Change(change.id, columns, was)


def _give(unit: Unit, given: Iterable[tuple[str, Iterable[str]]]) -> None:
    every = [{"person_id": id, "role": role} for id, roles in given for role in sorted(roles)]
    if every:
        unit.db.execute(insert(PersonRole), every)


def row(
    unit: Unit,
    *,
    name: str,
    login: str,
    district: str,
    roles: set[str] | frozenset[str],
    enterprise_id: str | None = None,
    phone: str = "",
    identity: str = "",
    status: str = "pending",
) -> dict[str, Any]:
    """The columns of a new person, judged and sealed; BadPerson if a field is wrong."""
    if not districts.valid(district):
        raise BadPerson(f"district {district!r}", "district")
    if not roles <= ROLES or status not in STATUSES:
        raise BadPerson(f"roles {sorted(roles)}, status {status!r}")
    phone_sealed, phone_blind = _sealed(unit, "phone", phone, read_phone(phone))
    identity_sealed, identity_blind = _sealed(unit, "identity", identity, read_identity(identity))
    return {
        "id": new_id(),
        "name": name,
        "login": login_form(login),
        "phone_sealed": phone_sealed,
        "phone_blind": phone_blind,
        "identity_sealed": identity_sealed,
        "identity_blind": identity_blind,
        "enterprise_id": enterprise_id,
        "district": district,
        "status": status,
        "made_at": unit.now,
        "judged_by": None,
        "judged_at": None,
        "judged_why": "",
    }


def get(unit: Unit, person_id: str) -> Person | None:
    return unit.db.get(Person, person_id, options=_WITH_ROLES)


def known(unit: Unit, person_id: str) -> Person:
    """Somebody who is known to be there."""
    return unit.db.get_one(Person, person_id, options=_WITH_ROLES)


def now(unit: Unit, person_id: str) -> Person:
    """Somebody who is known to be there, as changed by others meanwhile."""
    return unit.db.get_one(Person, person_id, options=_WITH_ROLES, populate_existing=True)


def by_login(unit: Unit, login: str) -> Person | None:
    return unit.db.scalar(select(Person).where(Person.login == login_form(login)))


def by_phone(unit: Unit, number: str) -> list[Person]:
    """Everybody with this number (as `read_phone` gave it), found without opening anybody's."""
    return list(
        unit.db.scalars(select(Person).where(Person.phone_blind == phone_blind(unit, number)))
    )


def phone_blind(unit: Unit, number: str) -> str:
    """The blind index of a phone number as `read_phone` gave it."""
    return unit.keys.blind(f"phone:{number}")


def by_identity(unit: Unit, identity: str) -> Person | None:
    """The person with this identity number, found without opening anybody's."""
    number = read_identity(identity)
    if number is None:
        return None
    blind = identity_blind(unit, number)
    return unit.db.scalar(select(Person).where(Person.identity_blind == blind))


def identity_blind(unit: Unit, number: str) -> str:
    """The blind index of an identity number as `read_identity` gave it."""
    return unit.keys.blind(f"identity:{number}")


def ids_by_identity(unit: Unit) -> dict[str, str]:
    """Every person's id by the blind index of the identity number, for many rows at once."""
    rows = select(Person.identity_blind, Person.id).where(Person.identity_blind.is_not(None))
    return {blind: id for blind, id in unit.db.execute(rows)}


def waiting(unit: Unit, limit: int, offset: int = 0) -> list[Person]:
    """Who registered and waits for the office, the first comer first."""
    rows = select(Person).where(_IS_PENDING)
    ordered = rows.order_by(Person.made_at, Person.id)
    return list(unit.db.scalars(ordered.limit(limit).offset(offset)))


def office_district(unit: Unit) -> str:
    """The widest district of the office's accounts: that of the platform; empty if it has none."""
    rows = select(Person.district).join(PersonRole, PersonRole.person_id == Person.id)
    theirs = rows.where(PersonRole.role == "office", Person.status == "active")
    widest = theirs.order_by(func.length(Person.district), Person.district).limit(1)
    return unit.db.scalar(widest) or ""


def count_waiting(unit: Unit) -> int:
    """How many wait for the office."""
    return unit.db.scalar(select(func.count()).select_from(Person).where(_IS_PENDING)) or 0


def judge(unit: Unit, person: Person, by: Person, status: str, why: str = "") -> None:
    """Let in (`active`) or turn down (`refused`), by an account of the office."""
    set_status(unit, person, status)
    person.judged_by = by.id
    person.judged_at = unit.now
    person.judged_why = why


def watching_for(unit: Unit, enterprises: set[str], limit: int = 200) -> list[Person]:
    """The active fire watches of these enterprises, by name."""
    watching = select(PersonRole.person_id).where(PersonRole.role == "fire_watch")
    here = (Person.enterprise_id.in_(enterprises), Person.status == "active")
    rows = select(Person).where(*here, Person.id.in_(watching))
    return list(unit.db.scalars(rows.order_by(Person.name, Person.id).limit(limit)))


def same(one: Person, other: Person) -> bool:
    """Whether both are one person, as far as we can tell: the same account, or two accounts with
    one telephone."""
    alike = one.phone_blind is not None and one.phone_blind == other.phone_blind
    return one.id == other.id or alike


def held(unit: Unit, ids: set[str]) -> dict[str, Person]:
    """These people as they are now, held against other workers until the end of the unit."""
    rows = select(Person).where(Person.id.in_(ids)).order_by(Person.id).with_for_update()
    found = unit.db.scalars(rows, execution_options={"populate_existing": True})
    return {person.id: person for person in found}


def set_roles(unit: Unit, person: Person, roles: frozenset[str]) -> None:
    """Give an account other roles; BadPerson if there is no such role."""
    if not roles or not roles <= ROLES:
        raise BadPerson(f"roles {sorted(roles)}")
    person.roles = roles
    unit.db.flush()


def set_status(unit: Unit, person: Person, status: str) -> None:
    """Approve (`active`), block, or put back to `pending`."""
    if status not in STATUSES:
        raise BadPerson(f"status {status!r}")
    person.status = status


def blank(unit: Unit, person: Person) -> None:
    """Take out whatever tells who it is; the row stays for what names its id."""
    person.name, person.login = "已注销", _erased(person)
    person.phone_sealed = person.identity_sealed = person.judged_why = ""
    person.phone_blind = person.identity_blind = person.enterprise_id = None
    person.roles, person.status = frozenset(), "blocked"
    unit.db.flush()


def is_erased(person: Person) -> bool:
    """Whether `blank` was here."""
    return person.login == _erased(person)


def identity(unit: Unit, person: Person) -> str:
    """The identity number in clear; every look at it is for the caller to record."""
    return _opened(unit, "identity", person.identity_sealed)


def opened_identity(unit: Unit, sealed: str) -> str:
    """The same from the sealed field alone, where many are read."""
    return _opened(unit, "identity", sealed)


def phone(unit: Unit, person: Person) -> str:
    """The phone number in clear; every look at it is for the caller to record."""
    return _opened(unit, "phone", person.phone_sealed)


def masked_identity(unit: Unit, person: Person) -> str:
    """990101********1234, or empty."""
    return mask(identity(unit, person))


def masked_phone(unit: Unit, person: Person) -> str:
    """138****5678, or empty."""
    return mask(phone(unit, person))


def login_form(login: str) -> str:
    """A login as it is stored and compared."""
    return login.strip().casefold()


def _erased(person: Person) -> str:
    return f"erased-{person.id}"


def _sealed(unit: Unit, what: str, given: str, number: str | None) -> tuple[str, str | None]:
    if not given:
        return "", None
    if number is None:
        raise BadPerson(f"the {what} number is not right", what)
    sealed = unit.keys.seal(number.encode(), f"person.{what}")
    return sealed, unit.keys.blind(f"{what}:{number}")


def _opened(unit: Unit, what: str, sealed: str) -> str:
    return unit.keys.open(sealed, f"person.{what}").decode() if sealed else ""
