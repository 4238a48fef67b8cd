"""For officers and the office: how it stands, what must be handled, what came of it."""

from __future__ import annotations

from cloud.web.regulator import alarms, card, lists, map, orders, reports, status
from cloud.web.regulator.blueprint import blueprint
from cloud.web.regulator.looking import init_app

__all__ = [
    "alarms",
    "blueprint",
    "card",
    "init_app",
    "lists",
    "map",
    "orders",
    "reports",
    "status",
]
