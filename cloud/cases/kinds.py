"""The ledgers by name: what `hanma import`, `hanma export` and the office's page may name."""

from typing import Any

from cloud.base.unit import Unit
from cloud.link.stock_ledger import Modules
from cloud.registry.ledgers.bring import Ledger
from cloud.registry.ledgers.contracts import Contracts
from cloud.registry.ledgers.cylinders import Cylinders
from cloud.registry.ledgers.districts import Districts
from cloud.registry.ledgers.enterprises import Enterprises, Sites
from cloud.registry.ledgers.fields import Column
from cloud.registry.ledgers.machines import Machines
from cloud.registry.ledgers.maker_list import MakerList
from cloud.registry.ledgers.people import Certificates, People
from cloud.registry.ledgers.survey import Survey
from cloud.registry.ledgers.training import Dates, Trainings

_MADE: dict[str, type[Any]] = {
    "enterprises": Enterprises,
    "sites": Sites,
    "people": People,
    "certificates": Certificates,
    "machines": Machines,
    "contracts": Contracts,
    "cylinders": Cylinders,
    "maker": MakerList,
    "training": Trainings,
    "dates": Dates,
    "modules": Modules,
    "survey": Survey,
    "districts": Districts,
}
KINDS = tuple(_MADE)


def columns(kind: str) -> tuple[Column, ...]:
    """The columns of a table of this kind, without looking at what is registered; KeyError."""
    return tuple(_MADE[kind].columns)


def ledger(unit: Unit, kind: str) -> Ledger:
    """A ledger of this kind, fresh for one table; KeyError."""
    made: Ledger = _MADE[kind](unit)
    return made
