"""Registration with one's real name (CQ art. 22): the person asks, the office decides."""

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.book import audit, commitments, outbox
from cloud.registry import accounts, departments, enterprises, people
from cloud.registry.departments import BadDepartment
from cloud.registry.people import BadPerson, Person

# Who may ask for it; everybody else is made by the office.
BY_ONESELF = frozenset({"welder", "fire_watch", "enterprise", "technician"})
BY_OFFICE = ("officer", "technician", "office")
# Who supervises does not work, own or fit machines; a platform's account belongs to its key.
_SUPERVISES = frozenset({"officer", "office"})
_REAL_NAME = frozenset({"welder", "fire_watch"})
_DONE = {"active": "person-approved", "refused": "person-refused", "blocked": "person-blocked"}


class NotEntitled(Exception):
    """Only an active account of the office decides, never over itself or another account of the
    same person."""


@dataclass(frozen=True)
class Turned:
    """Why a registration was not taken: the name of the field that is wrong, or `taken`.

    `taken` does not tell whether it was the login or the identity number.
    """

    field: str


def register(
    unit: Unit,
    *,
    name: str,
    login: str,
    roles: frozenset[str],
    identity: str,
    phone: str,
    district: str,
    uscc: str = "",
) -> Person | Turned:
    """Somebody registers; the account waits until the office has looked at it."""
    if not roles or not roles <= BY_ONESELF:
        return Turned("roles")
    firm = enterprises.by_uscc(unit, uscc) if uscc else None
    if (uscc and firm is None) or ("enterprise" in roles and firm is None):
        return Turned("uscc")
    for field, given in (("name", name), ("login", login), ("identity", identity)):
        if not given.strip():
            return Turned(field)
    try:
        with unit.savepoint():
            person = people.add(
                unit,
                name=name,
                login=login,
                roles=roles,
                identity=identity,
                phone=phone,
                district=district,
                enterprise_id=firm.id if firm else None,
            )
    except BadPerson as error:
        return Turned(error.field)
    except IntegrityError:
        return Turned("taken")
    told = {
        "roles": sorted(roles),
        "enterprise": person.enterprise_id,
        "commitments": commitments.commit(unit, person.id, _personal(unit, person)),
    }
    audit.write(unit, district, person.id, "registered", person.id, told)
    outbox.tell(unit, "person-registered", person.id, {"district": district})
    return person


def approve(unit: Unit, person: Person, office: Person) -> None:
    """The office lets somebody in."""
    _decide(unit, person, office, "active", "")


def turn_down(unit: Unit, person: Person, office: Person, why: str) -> None:
    """The office does not; `why` is shown to the person."""
    _decide(unit, person, office, "refused", why)


def appoint(
    unit: Unit,
    office: Person,
    *,
    name: str,
    login: str,
    phone: str,
    district: str,
    role: str,
    department: str = "",
) -> Person | Turned:
    """The office makes an account that nobody can ask for; it is in use at once and has no
    password before its owner sets one by a code to the phone. NotEntitled."""
    if office.status != "active" or "office" not in office.roles:
        raise NotEntitled
    if role not in BY_OFFICE or (department and role != "officer"):
        return Turned("department" if department else "role")
    given = {"name": name, "login": login, "phone": phone, "district": district}
    try:
        with unit.savepoint():
            person = people.add(unit, roles={role}, status="active", **given)
            if department:
                departments.post(unit, person, department)
    except BadPerson as error:
        return Turned(error.field)
    except BadDepartment:
        return Turned("department")
    except IntegrityError:
        return Turned("taken")
    told = {"role": role, "department": department}
    audit.write(unit, district, office.id, "account-made", person.id, told)
    return person


def block(unit: Unit, person: Person, office: Person, why: str) -> None:
    """The account is shut at once, every session of it ends; `why` is kept with the person."""
    _decide(unit, person, office, "blocked", why)
    accounts.sign_out_everywhere(unit, person.id)


def change_roles(
    unit: Unit,
    person: Person,
    office: Person,
    roles: frozenset[str],
    why: str,
    department: str = "",
) -> Turned | None:
    """The office gives an existing account other roles: at once, and every session of it ends.

    `department` = where an officer is posted, empty = nowhere; `why` is kept with the person.
    Turned names what does not go together: `roles`, `mixed`, `identity` (who comes to work on site
    has one), `enterprise` or `department`. NotEntitled. Event: `roles-changed` (subject = person).
    """
    both = people.held(unit, {person.id, office.id})  # two of the office may not end each other
    person, office = both[person.id], both[office.id]
    _entitled(person, office)
    before = person.roles
    if not roles or not roles <= people.ROLES or "platform" in roles | before:
        return Turned("roles")
    if roles & _SUPERVISES and roles - _SUPERVISES:
        return Turned("mixed")
    joins = roles & _REAL_NAME and not before & _REAL_NAME
    if joins and person.identity_blind is None:
        return Turned("identity")
    if "enterprise" in roles and person.enterprise_id is None:
        return Turned("enterprise")
    post = departments.of(unit, person.id)
    posted = post.code if post else ""
    if department and ("officer" not in roles or not departments.get(unit, department)):
        return Turned("department")
    if (roles, department) == (before, posted):
        return None
    people.set_roles(unit, person, roles)
    people.judge(unit, person, office, person.status, why)
    departments.post(unit, person, department)
    accounts.sign_out_everywhere(unit, person.id)
    told = {"before": sorted(before), "roles": sorted(roles), "department": department}
    audit.write(unit, person.district, office.id, "roles-changed", person.id, told)
    outbox.tell(unit, "roles-changed", person.id, {"district": person.district})
    return None


def _entitled(person: Person, office: Person) -> None:
    entitled = office.status == "active" and "office" in office.roles
    if not entitled or people.same(office, person):
        raise NotEntitled


def _personal(unit: Unit, person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "identity": people.identity(unit, person),
        "phone": people.phone(unit, person),
    }


def _decide(unit: Unit, person: Person, office: Person, status: str, why: str) -> None:
    _entitled(person, office)
    if person.status == status:
        return
    people.judge(unit, person, office, status, why)
    what = _DONE[status]
    audit.write(unit, person.district, office.id, what, person.id, {})
    outbox.tell(unit, what, person.id, {"district": person.district})
