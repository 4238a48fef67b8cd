"""The ledgers by name: what `hanma import`, `hanma export` and the office's page may name."""

from collections.abc import Callable
from typing import Any

from cloud.base.unit import Unit
from cloud.link.stock_ledger import Modules
from cloud.registry.ledgers.bring import Ledger
from cloud.registry.ledgers.contracts import Contracts
from cloud.registry.ledgers.cylinders import Cylinders
from cloud.registry.ledgers.districts import Districts
from cloud.registry.ledgers.enterprises import Enterprises, Sites
from cloud.registry.ledgers.machines import Machines
from cloud.registry.ledgers.maker_list import MakerList
from cloud.registry.ledgers.people import Certificates, People
from cloud.registry.ledgers.survey import Survey
from cloud.registry.ledgers.training import Dates, Trainings

_MADE: dict[str, Callable[[Unit], Any]] = {
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


def ledger(unit: Unit, kind: str) -> Ledger:
    """A ledger of this kind, fresh for one table; KeyError."""
    made: Ledger = _MADE[kind](unit)
    return made
