"""For the office 平台运维, and for officers what is theirs of it."""

from cloud.web.office import approvals, home, importing, items, registers, terminals
from cloud.web.office.blueprint import blueprint

__all__ = ["approvals", "blueprint", "home", "importing", "items", "registers", "terminals"]
