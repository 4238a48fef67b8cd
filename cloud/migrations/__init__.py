"""Alembic revisions; `cloud.base.database.migrate` runs them at every start."""

import importlib
import pkgutil

_ROOMS = ("registry", "book", "link", "work", "cases")


def import_tables() -> None:
    """Import every file of the rooms that own tables, so that Base.metadata knows all of them."""
    for room in _ROOMS:
        package = importlib.import_module(f"cloud.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"cloud.{room}."):
            importlib.import_module(module.name)
