"""The rules: one small pure function each. The list is the order in which refusals are shown."""

from cloud.work.rules import (
    certificates,
    contracts,
    machines,
    people,
    pictures,
    sayings,
    site,
    watch,
)
from cloud.work.rules.rule import HOUSE, SAYINGS, Rule, refuse

__all__ = ["HOUSE", "RULES", "SAYINGS", "Rule", "refuse", "sayings"]

RULES: tuple[Rule, ...] = (
    people.registered,
    people.not_welder,
    certificates.certificate_missing,
    certificates.certificate_category,
    certificates.certificate_early,
    certificates.certificate_expired,
    certificates.certificate_review,
    certificates.certificate_status,
    certificates.certificate_unknown,
    certificates.certificate_waiting,
    certificates.certificate_unchecked,
    machines.machine_unusable,
    machines.terminal_missing,
    machines.terminal_dark,
    people.machine_busy,
    people.welder_busy,
    contracts.contract_missing,
    contracts.contract_window,
    contracts.briefing,
    site.permit,
    site.permit_own,
    site.checklist,
    site.ten_rules,
    pictures.site_pictures,
    site.presence,
    watch.fire_watch_missing,
    watch.fire_watch_same_person,
    watch.fire_watch_role,
    watch.fire_watch_inactive,
    watch.fire_watch_enterprise,
    contracts.fire_watch_client,
    watch.fire_watch_busy,
    watch.watch_checklist,
    pictures.joint_photo,
    watch.presence_watch,
    watch.watch_expired,
)
