"""Alembic's way in: one connection, handed over by whoever runs it."""

from typing import Any

from alembic import context
from sqlalchemy import BigInteger

from cloud.base.database import Base, Json
from cloud.migrations import import_tables


def spell(kind: str, item: Any, _autogen: Any) -> str | bool:
    """How a new revision spells our own types, so that it stands without the code of its day."""
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    if kind == "type" and isinstance(item, BigInteger):
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


import_tables()
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    transactional_ddl=True,
    render_as_batch=True,
    render_item=spell,
)
with context.begin_transaction():
    context.run_migrations()
