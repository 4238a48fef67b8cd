"""Pictures that a terminal takes when asked: the command `snapshot`, and the upload it allows."""

import base64
import hmac

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import media, outbox
from cloud.link import commands

UPLOAD_S = 900  # a slow line and a slow camera


class Snapshot(Base):
    """One asking. `digest` names the picture, None until it came."""

    __tablename__ = "snapshot"

    id: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(index=True)
    asked_by: Mapped[str]
    asked_at: Mapped[int]
    command: Mapped[str]
    digest: Mapped[str | None]
    came_at: Mapped[int | None]


def ask(unit: Unit, device: str, person_id: str) -> Snapshot:
    """Let the terminal take a picture; commands.TerminalDark."""
    id = new_id()
    address = f"{unit.settings.base_url}/t/snapshots/{id}"
    content = {"url": address, "token": token(unit, id)}
    command = commands.issue(unit, device, "snapshot", content=content, private=True)
    row = Snapshot(id=id, device=device, asked_by=person_id, asked_at=unit.now, command=command.of)
    unit.db.add(row)
    unit.db.flush()
    return row


def token(unit: Unit, id: str) -> str:
    """What opens the upload of this one picture."""
    raw = hmac.digest(unit.keys.derive("snapshot.token"), id.encode(), "sha256")
    return base64.urlsafe_b64encode(raw[:24]).decode()


def awaited(unit: Unit, id: str, bearer: str) -> Snapshot | None:
    """The asking that this token opens, held; None if it is wrong or too late."""
    right = hmac.compare_digest(token(unit, id).encode(), bearer.encode())
    row = unit.db.get(Snapshot, id, with_for_update=True) if right else None
    if row is None or unit.now > row.asked_at + UPLOAD_S * 1000:
        return None
    return row


def came(unit: Unit, row: Snapshot, picture: media.Ready) -> bool:
    """The picture is here; False if another one came before.

    Event: `snapshot-came` (subject = the asking's id).
    """
    kept = media.keep(unit, picture)
    if row.digest is not None:
        return row.digest == kept.digest
    row.digest, row.came_at = kept.digest, unit.now
    outbox.tell(unit, "snapshot-came", row.id, {"device": row.device, "digest": row.digest})
    return True


def get(unit: Unit, id: str) -> Snapshot | None:
    return unit.db.get(Snapshot, id)


def of(unit: Unit, device: str) -> list[Snapshot]:
    """The askings of one terminal, the latest first."""
    rows = select(Snapshot).where(Snapshot.device == device)
    return list(unit.db.scalars(rows.order_by(Snapshot.asked_at.desc(), Snapshot.id)))
