"""For the office 平台运维, and for officers what is theirs of it."""

from cloud.web.office import (
    accounts,
    approvals,
    book,
    campaigns,
    enrolment,
    home,
    importing,
    items,
    permits,
    registers,
    rules,
    terminals,
)
from cloud.web.office.blueprint import blueprint

__all__ = [
    "accounts",
    "approvals",
    "blueprint",
    "book",
    "campaigns",
    "enrolment",
    "home",
    "importing",
    "items",
    "permits",
    "registers",
    "rules",
    "terminals",
]
