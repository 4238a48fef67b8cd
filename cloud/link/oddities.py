"""What terminals said that meant nothing to us: counted on the terminal, the latest kept."""

from sqlalchemy import Index, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.link import terminals
from cloud.link.terminals import Terminal

KEPT = 20  # per terminal
CHARACTERS_KEPT = 500


class Oddity(Base):
    """One odd message; `payload` = its beginning, with what cannot be shown replaced."""

    __tablename__ = "oddity"

    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str]
    at: Mapped[int]
    reason: Mapped[str]
    payload: Mapped[str]


Index("ix_oddity_device", Oddity.device, Oddity.id)


def keep(unit: Unit, row: Terminal, reason: str, payload: bytes) -> None:
    """Count it and keep it; the oldest beyond KEPT of this terminal go."""
    terminals.count_odd(row)
    shown = payload[:CHARACTERS_KEPT].decode("utf-8", "replace")
    shown = "".join(sign if sign.isprintable() else "\ufffd" for sign in shown)
    unit.db.add(Oddity(device=row.device, at=unit.now, reason=reason, payload=shown))
    unit.db.flush()
    rows = select(Oddity.id).where(Oddity.device == row.device)
    last = unit.db.scalar(rows.order_by(Oddity.id.desc()).offset(KEPT - 1).limit(1))
    if last is not None:
        unit.db.execute(delete(Oddity).where(Oddity.device == row.device, Oddity.id < last))


def of(unit: Unit, device: str) -> list[Oddity]:
    """What is kept of one terminal, the latest first."""
    rows = select(Oddity).where(Oddity.device == device).order_by(Oddity.id.desc())
    return list(unit.db.scalars(rows))
