"""What was asked for once is done once: the answer is kept and given again.

`owner` = who asks (a platform's id), `key` = the caller's own word for this request.
"""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.database import Base, insert_missing
from cloud.base.unit import Unit


class GivenAnswer(Base):
    """One answer. `digest` = of what was asked, `answer` None = being worked on in this unit."""

    __tablename__ = "given_answer"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    answer: Mapped[dict[str, Any] | None]
    made_at: Mapped[int] = mapped_column(index=True)


def held(unit: Unit, owner: str, key: str, digest: str) -> GivenAnswer:
    """The row of this request, held until the end of the unit: with its answer if it had one.

    Another `digest` than the one given = the same key stands for something else.
    """
    row = {"owner": owner, "key": key, "digest": digest, "answer": None, "made_at": unit.now}
    insert_missing(unit.db, GivenAnswer, [row])
    return unit.db.get_one(GivenAnswer, (owner, key), populate_existing=True, with_for_update=True)


def forget(unit: Unit, before: int, limit: int) -> int:
    """Erase answers given before; how many."""
    old = select(GivenAnswer.owner, GivenAnswer.key).where(GivenAnswer.made_at < before)
    rows = unit.db.execute(old.order_by(GivenAnswer.made_at).limit(limit)).all()
    for owner, key in rows:
        unit.db.execute(
            delete(GivenAnswer).where(GivenAnswer.owner == owner, GivenAnswer.key == key)
        )
    return len(rows)
