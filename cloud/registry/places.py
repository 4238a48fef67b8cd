"""The names of districts. Codes are the keys everywhere; a name is only ever shown."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base import districts
from cloud.base.database import Base, Change, amend
from cloud.base.unit import Unit


class Place(Base):
    """One named district of the tree."""

    __tablename__ = "place"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


def put(unit: Unit, code: str, name: str) -> None:
    """Name a district, or rename it; ValueError if it is no code."""
    if not districts.valid(code):
        raise ValueError(f"no district code: {code!r}")
    unit.db.merge(Place(code=code, name=name))
    unit.db.flush()


def add_many(unit: Unit, rows: Iterable[dict[str, str]]) -> None:
    """Name many districts that have no name yet: code, name."""
    unit.db.execute(insert(Place), list(rows))


def change_many(unit: Unit, changes: Iterable[Change]) -> None:
    """Rename many districts; ChangedMeanwhile."""
    amend(unit.db, Place, changes)


def name(unit: Unit, code: str) -> str:
    """The name of the smallest named district that holds `code`; the code itself if none does."""
    for part in districts.path(code):
        place = unit.db.get(Place, part)
        if place is not None:
            return place.name
    return code


def names(unit: Unit) -> dict[str, str]:
    """All names by code, for whoever tells of many places."""
    return {code: name for code, name in unit.db.execute(select(Place.code, Place.name))}


def named(known: dict[str, str], code: str) -> str:
    """`name` of many, out of all `names`."""
    return next((known[part] for part in districts.path(code) if part in known), code)
