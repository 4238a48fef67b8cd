"""The last 24 hours of each terminal in quarters of an hour: heard, power, arc, signal.

One small row a terminal that never grows; it is written only where a quarter's picture changes.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.unit import Unit
from cloud.link.terminals import Terminal

SLOT_MS = 900_000
KEPT = 96
_AMPS_STEP = 10  # finer changes of the current are not worth a write
_HELD = "traces held"


class Trace(Base):
    """`slots` = {"of": [[slot, relay, arc, amps, rssi], …]}, the latest last.

    slot = epoch ms / SLOT_MS; relay, arc = 1 if ever in it; amps = the most; rssi = the last, or
    None. A slot that is missing: nothing was heard.
    """

    __tablename__ = "trace"

    device: Mapped[str] = mapped_column(primary_key=True)
    slots: Mapped[dict[str, Any]]


_THESE = select(Trace).where(Trace.device.in_(bindparam("devices", expanding=True)))


def hold(unit: Unit, devices: Iterable[str]) -> None:
    """Read at once what `keep` will need for these in this unit."""
    found = unit.db.scalars(_THESE, {"devices": list(set(devices))})
    unit.db.info[_HELD] = {trace.device: trace for trace in found}


def keep(unit: Unit, row: Terminal) -> None:
    """What the terminal told just now belongs to this quarter."""
    held = unit.db.info.setdefault(_HELD, {})
    trace = held.get(row.device)
    if trace is None:
        with unit.db.no_autoflush:  # else the terminal's row is written by itself first
            trace = unit.db.get(Trace, row.device)
        if trace is None:
            trace = Trace(device=row.device, slots={"of": []})
            unit.db.add(trace)
        held[row.device] = trace
    known = trace.slots["of"]
    slot = unit.now // SLOT_MS
    last = known[-1] if known and known[-1][0] == slot else [slot, 0, 0, 0, None]
    amps = max(last[3], (row.amps or 0) // _AMPS_STEP * _AMPS_STEP)
    rssi = row.rssi if last[4] is None or abs((row.rssi or 0) - last[4]) > 3 else last[4]
    fresh = [slot, max(last[1], row.relay or 0), max(last[2], int(row.arc or 0)), amps, rssi]
    if not known or known[-1] != fresh:
        before = known[:-1] if known and known[-1][0] == slot else known
        trace.slots = {"of": [*before, fresh][-KEPT:]}


def of(unit: Unit, device: str) -> list[list[int | None]]:
    """The slots of the last 24 hours, the latest last."""
    trace = unit.db.get(Trace, device)
    oldest = unit.now // SLOT_MS - KEPT
    return [one for one in trace.slots["of"] if one[0] > oldest] if trace else []
