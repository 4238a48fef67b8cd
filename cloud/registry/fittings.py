"""On which machine a terminal sat before: what it wrote down there comes to light later."""

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit


class Fitting(Base):
    """One that is over: `device` sat on the machine from `began_at` to `ended_at`, epoch ms."""

    __tablename__ = "fitting"

    id: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str]
    machine_id: Mapped[str]
    began_at: Mapped[int]
    ended_at: Mapped[int]


Index("ix_fitting_device", Fitting.device, Fitting.began_at)


def over(unit: Unit, device: str, machine_id: str, began_at: int) -> None:
    """It is taken off now."""
    told = {"machine_id": machine_id, "began_at": began_at, "ended_at": unit.now}
    unit.db.add(Fitting(id=new_id(), device=device, **told))


def last(unit: Unit, device: str, at: int | None = None) -> Fitting | None:
    """The last one that had begun by then, None = of all of them; it may have ended before."""
    rows = select(Fitting).where(Fitting.device == device)
    if at is not None:
        rows = rows.where(Fitting.began_at <= at)
    return unit.db.scalar(rows.order_by(Fitting.began_at.desc(), Fitting.id).limit(1))
