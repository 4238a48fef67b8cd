"""The ledger of people and that of their certificates. Personal numbers leave masked."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.registry import certificates, enterprises, people
from cloud.registry.certificates import Certificate
from cloud.registry.enterprises import Enterprise
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.enterprises import OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column, no_state, pick
from cloud.registry.people import Person

ROLES = {
    "welder": "焊工",
    "fire_watch": "监护人",
    "enterprise": "作业单位",
    "technician": "安装人员",
    "officer": "监管人员",
    "office": "平台运维",
    "platform": "对接平台",
}
STATES = {"active": "通过", "pending": "待审核", "refused": "未通过", "blocked": "停用"}
ISSUERS = {"emergency": "应急管理", "housing": "住建", "market": "市场监管"}
PAPERS = {"normal": "正常", "suspended": "暂扣", "revoked": "撤销"}
# Whoever brings in a ledger works for the office, but these decide over others: one by one.
_NOT_BY_LEDGER = frozenset({"officer", "office", "platform"})
_KEPT_IN = {"phone": ("phone_sealed", "phone_blind"), "uscc": ("enterprise_id",)}


def _not_by_ledger() -> BadField:
    return BadField("监管、运维和平台账号不能导入。", "Such accounts are made one by one.")


def _login(text: str) -> str:
    return people.login_form(fields.line(text))


class People:
    key = ("identity",)
    columns = (
        Column("name", "姓名", fields.line, wanted=True),
        Column("identity", "公民身份号码", fields.identity, wanted=True),
        Column("phone", "手机号码", fields.phone(fixed=False)),
        Column("roles", "角色", fields.some_of(ROLES), wanted=True),
        Column("uscc", "统一社会信用代码", fields.uscc),
        Column("district", "行政区划", fields.district(2), wanted=True),
        Column("login", "账号", _login),
        Column("status", "审核状态", fields.one_of(STATES), empty="pending", words=STATES),
    )

    def __init__(self, unit: Unit) -> None:
        self._owners = enterprises.ids_by_uscc(unit)
        self._known = set(people.ids_by_identity(unit))
        self._logins = set(unit.db.scalars(select(Person.login)))

    def row(self, unit: Unit, values: dict[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
        owner = self._owner(values.pop("uscc"))
        if values["roles"] & _NOT_BY_LEDGER:
            raise _not_by_ledger()
        values["login"] = people.login_form(values["login"]) or f"p-{new_id()[:12]}"
        made = people.row(unit, enterprise_id=owner, **values)
        if made["identity_blind"] in self._known:
            raise BadField("这个人已经登记。", "The person is registered already.")
        self._take(made["login"])
        self._known.add(made["identity_blind"])
        return made, values["roles"]

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        by = {people.identity_blind(unit, v["identity"]): v["identity"] for v in batch}
        rows = select(Person, Enterprise.uscc).outerjoin(Enterprise)
        here = rows.where(Person.identity_blind.in_(list(by)))
        return {
            (by[one.identity_blind],): Registered(one.id, self._now(unit, one, uscc or ""), one)
            for one, uscc in unit.db.execute(here)
        }

    def _now(self, unit: Unit, one: Person, uscc: str) -> dict[str, Any]:
        told = {name: getattr(one, name) for name in ("name", "roles", "district", "status")}
        return told | {"login": one.login, "uscc": uscc, "phone": people.phone(unit, one)}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        no_state(fresh)
        given = one.now | fresh
        owner = self._owner(given.pop("uscc"))
        if (given["roles"] | one.row.roles) & _NOT_BY_LEDGER:
            raise _not_by_ledger()
        made = people.row(unit, enterprise_id=owner, **given) | {"roles": given["roles"]}
        if "login" in fresh and made["login"] != one.row.login:
            self._take(made["login"])
        return pick(made, fresh, _KEPT_IN)

    def _owner(self, uscc: str) -> str | None:
        owner = self._owners.get(uscc)
        if uscc and owner is None:
            raise OwnerUnknown
        return owner

    def _take(self, login: str) -> None:
        if login in self._logins:
            raise BadField("这个账号已有人使用。", "The account's name is taken.")
        self._logins.add(login)

    def write(self, unit: Unit, rows: list[tuple[dict[str, Any], frozenset[str]]]) -> None:
        people.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        people.change_many(unit, changes)


def of_people(unit: Unit) -> Iterator[dict[str, Any]]:
    """Everybody as a row of the ledger, numbers masked."""
    codes = enterprises.uscc_by_id(unit)
    rows = select(Person).order_by(Person.login)
    for one in unit.db.scalars(rows, execution_options=STREAM):
        yield {
            "name": one.name,
            "identity": people.masked_identity(unit, one),
            "phone": people.masked_phone(unit, one),
            "roles": "、".join(ROLES[role] for role in sorted(one.roles)),
            "uscc": codes.get(one.enterprise_id or "", ""),
            "district": one.district,
            "login": one.login,
            "status": one.status,
        }


class Certificates:
    key = ("issuer", "number")
    columns = (
        Column("identity", "公民身份号码", fields.identity, wanted=True),
        Column("issuer", "发证部门", fields.one_of(ISSUERS), wanted=True, words=ISSUERS),
        Column("number", "证件编号", fields.number, wanted=True),
        Column("category", "作业类别", fields.line, wanted=True),
        Column("valid_from", "有效期起", fields.day, wanted=True),
        Column("valid_to", "有效期止", fields.day, wanted=True),
        Column("review_by", "应复审日期", fields.day),
        Column("status", "证件状态", fields.one_of(PAPERS), empty="normal", words=PAPERS),
    )

    def __init__(self, unit: Unit) -> None:
        self._holders = people.ids_by_identity(unit)
        known = select(Certificate.issuer, Certificate.number_blind)
        self._taken = {(issuer, blind) for issuer, blind in unit.db.execute(known)}

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        made = certificates.row(unit, self._holder(unit, values.pop("identity")), **values)
        key = (made["issuer"], made["number_blind"])
        if key in self._taken:
            raise BadField("这张证件已经登记。", "The certificate is registered already.")
        self._taken.add(key)
        return made

    def _holder(self, unit: Unit, identity: str) -> str:
        blind = people.identity_blind(unit, identity)
        if blind not in self._holders:
            raise BadField("持证人还没有登记。", "The holder is not registered.")
        return self._holders[blind]

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        by = {certificates.number_blind(unit, v["number"]): v["number"] for v in batch}
        rows = select(Certificate, Person.identity_sealed)
        rows = rows.join(Person, Person.id == Certificate.person_id)
        here = (Certificate.issuer.in_(certificates.ISSUERS), Certificate.number_blind.in_(by))
        return {
            (one.issuer, by[one.number_blind]): Registered(
                one.id, self._now(unit, one, holder), one
            )
            for one, holder in unit.db.execute(rows.where(*here))
        }

    def _now(self, unit: Unit, one: Certificate, holder: str) -> dict[str, Any]:
        names = ("category", "valid_from", "valid_to", "review_by", "status")
        told = {name: getattr(one, name) for name in names}
        return told | {"identity": people.opened_identity(unit, holder)}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        given = one.now | fresh
        holder = self._holder(unit, given.pop("identity"))
        row: Certificate = one.row
        number = certificates.number(unit, row)
        made = certificates.row(unit, holder, issuer=row.issuer, number=number, **given)
        # As a new check of it: good from now on, and the warnings begin anew.
        return pick(made, (*fresh, "checked_at", "known", "warn_on"), {"identity": ("person_id",)})

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        certificates.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        certificates.change_many(unit, changes)


def of_certificates(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every certificate as a row of the ledger, numbers masked."""
    rows = select(Certificate, Person).join(Person, Person.id == Certificate.person_id)
    ordered = rows.order_by(Certificate.valid_to, Certificate.id)
    for one, holder in unit.db.execute(ordered, execution_options=STREAM):
        yield {column.name: getattr(one, column.name, "") for column in Certificates.columns} | {
            "identity": people.masked_identity(unit, holder),
            "number": certificates.masked_number(unit, one),
        }
