"""The ledgers of trainings and of the office's dates."""

from collections.abc import Hashable, Iterator
from typing import Any

from sqlalchemy import select

from cloud.base.database import Change
from cloud.base.unit import Unit
from cloud.registry import people, training
from cloud.registry.ledgers import fields
from cloud.registry.ledgers.bring import Registered
from cloud.registry.ledgers.fields import STREAM, BadField, Column, pick
from cloud.registry.people import Person
from cloud.registry.training import OfficeDate, Training

KINDS = dict(zip(training.KINDS, ("警示教育", "应急演练", "考试"), strict=True))
DATES = dict(zip(training.DATE_KINDS, ("特殊时段", "培训截止日"), strict=True))
YES = {True: "是", False: "否"}


def _registered(one: Training | OfficeDate, *names: str) -> Registered:
    return Registered(one.id, {name: getattr(one, name) for name in names}, one)


class Trainings:
    key = ("identity", "kind", "held_on")
    columns = (
        Column("identity", "身份证号", fields.identity, wanted=True),
        Column("kind", "类型", fields.one_of(KINDS), wanted=True, words=KINDS),
        Column("held_on", "日期", fields.day, wanted=True),
        Column("passed", "合格", fields.yes_or_no, wanted=True, words=YES),
        Column("organiser", "组织单位", fields.line),
    )

    def __init__(self, unit: Unit) -> None:
        self._people = people.ids_by_identity(unit)

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        blind = people.identity_blind(unit, values.pop("identity"))
        if blind not in self._people:
            raise BadField("这个人还没有登记。", "The person is not registered.")
        return training.training_row(self._people[blind], **values)

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        blinds = {v["identity"]: people.identity_blind(unit, v["identity"]) for v in batch}
        whose = {self._people[b]: i for i, b in blinds.items() if b in self._people}
        rows = select(Training).where(Training.person_id.in_(list(whose)))
        return {
            (whose[one.person_id], one.kind, one.held_on): _registered(one, "passed", "organiser")
            for one in unit.db.scalars(rows)
        }

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        return fresh

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        training.add_trainings(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        training.change_trainings(unit, changes)


def of_trainings(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every training, identity numbers masked."""
    rows = select(training.Training, Person).join(Person, Person.id == training.Training.person_id)
    ordered = rows.order_by(training.Training.held_on)
    for one, person in unit.db.execute(ordered, execution_options=STREAM):
        yield {column.name: getattr(one, column.name, "") for column in Trainings.columns} | {
            "identity": people.masked_identity(unit, person)
        }


class Dates:
    key = ("kind", "name", "district", "starts_on")
    columns = (
        Column("kind", "类型", fields.one_of(DATES), wanted=True, words=DATES),
        Column("name", "名称", fields.line, wanted=True),
        Column("district", "行政区划", fields.district(2), wanted=True),
        Column("starts_on", "开始日期", fields.day, wanted=True),
        Column("ends_on", "结束日期", fields.day),
    )

    def __init__(self, unit: Unit) -> None:
        pass

    def row(self, unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
        return training.date_row(**values)

    def known(self, unit: Unit, batch: list[dict[str, Any]]) -> dict[Hashable, Registered]:
        rows = select(OfficeDate).where(OfficeDate.name.in_([one["name"] for one in batch]))
        return {
            tuple(getattr(one, name) for name in self.key): _registered(one, "ends_on")
            for one in unit.db.scalars(rows)
        }

    def change(self, unit: Unit, one: Registered, fresh: dict[str, Any]) -> dict[str, Any]:
        told = {name: getattr(one.row, name) for name in self.key}
        return pick(training.date_row(**told, **fresh), fresh, {})

    def write(self, unit: Unit, rows: list[dict[str, Any]]) -> None:
        training.add_dates(unit, rows)

    def amend(self, unit: Unit, changes: list[Change]) -> None:
        training.change_dates(unit, changes)


def of_dates(unit: Unit) -> Iterator[dict[str, Any]]:
    """Every date that the office has set."""
    for one in unit.db.scalars(select(OfficeDate).order_by(OfficeDate.starts_on)):
        yield {column.name: getattr(one, column.name) for column in Dates.columns}
