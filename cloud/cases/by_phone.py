"""Codes by text message: a welder or fire watch signs in with one, everybody mends a password.

Whatever number is given, the answer is the same and takes as long: nobody learns here whether it
is known. A number that stands with two accounts opens neither.
"""

import secrets

from cloud.base.formats import read_phone
from cloud.base.unit import Ground, Unit
from cloud.cases import entrance
from cloud.registry import accounts, factors, one_time, people
from cloud.registry.accounts import Account, Refused, SignedIn
from cloud.registry.people import Person

SIGN_IN, RESET = "sms-sign-in", "sms-reset"
_CROWD = 10  # a whole site stands behind one address of the mobile network
ALONE = frozenset({"welder", "fire_watch"})  # whoever has more to say needs more than a phone


def ask(unit: Unit, phone: str, purpose: str, address: str) -> str:
    """Send a code to this number; empty, `phone` (it is none) or `throttled`."""
    number = read_phone(phone)
    if number is None:
        return "phone"
    if _crowded(unit, "sms-address", address) or accounts.too_often(
        unit, "sms-number", number, unit.settings.sms_often
    ):
        return "throttled"
    person = _whose(unit, number, purpose)
    code = f"{secrets.randbelow(1_000_000):06}"
    one_time.keep(
        unit,
        purpose,
        people.phone_blind(unit, number),
        code,
        life_s=unit.settings.sms_code_s,
        tries=unit.settings.sms_code_tries,
        person_id=person.id if person else None,
    )
    if person:
        minutes = unit.settings.sms_code_s // 60
        unit.text(number, f"【焊码】验证码 {code}，{minutes} 分钟内有效，请勿告诉他人。")
    return ""


def sign_in(
    unit: Unit, phone: str, typed: str, address: str, *, agent: str = "", replaces: str = ""
) -> SignedIn | Refused:
    """A session for whoever holds the phone; `wrong` or `throttled` if not."""
    if _crowded(unit, "sms-tried", address):
        return Refused("throttled")
    person = _proved(unit, phone, typed, SIGN_IN)
    entrance.record(unit, person, "" if person else "wrong-code")
    return accounts.begin(unit, person, address, agent, replaces) if person else Refused("wrong")


def reset(ground: Ground, phone: str, typed: str, password: str, address: str) -> str:
    """Another password, and every session ends; empty, `wrong` or `throttled`.

    WeakPassword if it is. Takes the ground: the slow hash must not hold the only writer.
    """
    kept = accounts.hashed(ground.settings, password)
    with ground.write() as unit:
        if _crowded(unit, "sms-tried", address):
            return "throttled"
        person = _proved(unit, phone, typed, RESET)
        if person is None:
            entrance.record(unit, None, "wrong-code")
            return "wrong"
        accounts.keep_password(unit, person.id, kept)
        entrance.tell(unit, person, "password-reset", {})
        return ""


def _crowded(unit: Unit, what: str, address: str) -> bool:
    return accounts.too_often(unit, what, address, unit.settings.throttle_failures * _CROWD)


def _proved(unit: Unit, phone: str, typed: str, purpose: str) -> Person | None:
    number = read_phone(phone) or ""
    row = one_time.redeem(unit, purpose, people.phone_blind(unit, number), typed)
    person = _whose(unit, number, purpose)  # blocked, or given another number, in the meantime?
    return person if row and person and person.id == row.person_id else None


def _whose(unit: Unit, number: str, purpose: str) -> Person | None:
    """The only active account that this number may open."""
    found = [one for one in people.by_phone(unit, number) if one.status == "active"]
    if len(found) != 1:
        return None
    person = found[0]
    if purpose == RESET:
        return person if unit.db.get(Account, person.id) else None
    return person if person.roles <= ALONE and not factors.in_force(unit, person.id) else None
