"""The ledger of contracts with outside welders (CQ art. 18-20)."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select, tuple_

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry import contracts, enterprises, people
from cloud.registry.contracts import Contract
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.enterprises import OwnerUnknown
from cloud.registry.ledgers.fields import STREAM, BadField, Column, pick
from cloud.registry.people import Person

KINDS = {"project": "项目外包", "labour": "劳务外包", "temporary": "临时用工"}


class Contracts:
    key = ("client", "reference")
    columns = (
        Column("client", "发包单位统一社会信用代码", fields.uscc, wanted=True),
        Column("kind", "合同类型", fields.one_of(KINDS), wanted=True, words=KINDS),
        Column("contractor", "承包单位统一社会信用代码", fields.uscc),
        Column("identity", "焊工身份证号", fields.identity),
        Column("starts_on", "合同开始日期", fields.day, wanted=True),
        Column("ends_on", "合同结束日期", fields.day, wanted=True),
        Column("reference", "合同编号", fields.line),
        Column("digest", "安全协议摘要", str.lower, wanted=True),
    )

    def __init__(self, unit: Unit) -> None:
        self._firms = enterprises.ids_by_uscc(unit)
        self._codes = {id: uscc for uscc, id in self._firms.items()}
        self._people = people.ids_by_identity(unit)

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        """A row without a reference is known by all that it says."""
        for values in batch:
            values["reference"] = _known_as(values)
        told = [(self._firms.get(one["client"], ""), one) for one in batch]
        named = [(client, one["reference"]) for client, one in told if not _is_bare(one)]
        bare = [(client, "", one["digest"]) for client, one in told if _is_bare(one)]
        key = (Contract.client_id, Contract.reference, Contract.digest)
        rows = select(Contract, Person.identity_sealed)
        rows = rows.outerjoin(Person, Person.id == Contract.person_id)
        found: dict[Hashable, Registered] = {}
        for here in (tuple_(*key[:2]).in_(named), tuple_(*key).in_(bare)):
            for one, welder in unit.db.execute(rows.where(here)):
                now = self._now(unit, one, welder)
                found[self._codes[one.client_id], _known_as(now)] = Registered(one.id, now, one)
        return found

    def _now(self, unit: Unit, one: Contract, welder: str | None) -> dict[str, Any]:
        names = ("kind", "starts_on", "ends_on", "reference", "digest")
        told = {name: getattr(one, name) for name in names}
        told["contractor"] = self._codes.get(one.contractor_id or "", "")
        return told | {"identity": people.opened_identity(unit, welder or "")}

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        key = {"client": self._codes[one.row.client_id], "reference": one.row.reference}
        made = self.row(unit, one.now | fresh | key)
        parties = {"contractor": ("contractor_id",), "identity": ("person_id",)}
        return pick(made, fresh, parties)

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        client, contractor = values.pop("client"), values.pop("contractor")
        if _is_bare(values):
            values["reference"] = ""
        if not {client, contractor or client} <= self._firms.keys():
            raise OwnerUnknown
        identity = values.pop("identity")
        blind = people.identity_blind(unit, identity) if identity else ""
        if identity and blind not in self._people:
            raise BadField("这位焊工还没有登记。", "The welder is not registered.")
        return contracts.row(
            unit,
            client_id=self._firms[client],
            contractor_id=self._firms.get(contractor),
            person_id=self._people.get(blind),
            **values,
        )

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        contracts.add_many(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        contracts.change_many(unit, changes)


_UNNAMED = "\n"  # before what stands for a reference; no cell has it


def _is_bare(values: dict[str, Any]) -> bool:
    return str(values["reference"]).startswith(_UNNAMED)


def _known_as(told: dict[str, Any]) -> str:
    said = ("kind", "contractor", "identity", "starts_on", "ends_on", "digest")
    return told["reference"] or _UNNAMED + "\n".join(str(told[name]) for name in said)


def of_contracts(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every contract as a row of its ledger, identity numbers masked."""
    codes = enterprises.uscc_by_id(unit)
    rows = select(Contract, Person).outerjoin(Person, Person.id == Contract.person_id)
    ordered = rows.order_by(Contract.made_at, Contract.id)
    for one, person in unit.db.execute(ordered, execution_options=STREAM):
        yield {name: getattr(one, name) for name in ("kind", "starts_on", "ends_on")} | {
            "client": codes[one.client_id],
            "contractor": codes.get(one.contractor_id or "", ""),
            "identity": people.masked_identity(unit, person) if person else "",
            "reference": one.reference,
            "digest": one.digest,
        }
