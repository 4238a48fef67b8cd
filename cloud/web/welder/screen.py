"""What a machine page shows, as one plain value: the JSON of `/state`, and what the page draws.

Everything that decides comes from `jobs.view`; here it only gets the viewer's language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flask import Response, jsonify

from cloud.base.clock import china_day
from cloud.base.formats import mask_name
from cloud.base.unit import Unit
from cloud.registry import accounts, contracts, enterprises, people
from cloud.registry.enterprises import Enterprise
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import visitor
from cloud.web.language import language
from cloud.work import jobs, permits, reviewing
from cloud.work.jobs import JobView
from cloud.work.profiles import Tick
from cloud.work.refusal import Refusal, Words

_QUICK_MS, _SLOW_MS = 1_000, 5_000  # while the machine is to answer, and otherwise


ON_SITE = frozenset({"welder", "fire_watch"})


def seen_by(unit: Unit, machine: Machine, person: Person) -> dict[str, Any]:
    """The machine as this person sees it now: plain values, absolute times, their language.

    `device` = the terminal that Bluetooth meets, told to those on site.
    """
    shown = jobs.view(unit, machine, person, accounts.session_id(visitor.session_token()))
    plain = (
        *("machine", "machine_name", "machine_status", "online", "relay", "step", "part"),
        *("job", "state", "site", "work", "voucher", "welder", "fire_watch", "wants_code"),
        *("end_reason", "off_confirmed", "wants_picture", "pictures_wanted", "missed"),
        *("cylinder", "extendable", "wants_pin", "may_hand_over", "taken_from", "taken_by"),
        *("along", "before_on"),
    )
    return {name: getattr(shown, name) for name in plain} | {
        "device": (machine.device or "") if person.roles & ON_SITE else "",
        "profile": shown.profile.id,
        "permit": shown.profile.permit,
        "ticks": [{"id": tick.id, "words": words(tick.words)} for tick in ticks_of(shown)],
        "ten_rules": [words(rule) for rule in shown.profile.ten_rules]
        if shown.step == "check"
        else [],
        "pictures": [{"id": id, "kind": kind} for id, kind in shown.pictures],
        "times": shown.times | _presence_until(unit, shown, person),
        "review": _review(unit, shown),
        "contracts": _contracts(unit, shown, machine, person),
        "watches": _watches(unit, shown, machine, person),
        "approval": _approval(unit, shown, machine, person),
        "face": asdict(shown.face) if shown.face else None,
        "offer": asdict(shown.offer) if shown.offer else None,
        "refusals": told(shown.refusals),
        "poll_ms": _QUICK_MS if waits_for_machine(shown) else _SLOW_MS,
    }


def ticks_of(shown: JobView) -> tuple[Tick, ...]:
    """The check-list of the step that the viewer is at."""
    profile = shown.profile
    return {
        "check": profile.checklist,
        "watch": profile.watch_checklist,
        "clear": profile.clear_checklist,
    }.get(shown.step, ())


def waits_for_machine(shown: JobView) -> bool:
    """Whether a command is under way, so that news is a matter of seconds."""
    return shown.step == "asked" or (shown.state == "ended" and not shown.off_confirmed)


def refused(refusals: Iterable[Refusal]) -> tuple[Response, int]:
    """All of them as the answer to a program: 409."""
    return jsonify({"ok": False, "refusals": told(refusals)}), 409


def told(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    """Refusals in the viewer's language."""
    return [
        {
            "code": one.code,
            "words": words(one.words),
            "todo": words(one.todo),
            "source": one.source,
            "status": one.status,
        }
        for one in refusals
    ]


def words(both: Words) -> str:
    """The sentence in the viewer's language."""
    return both.en if language() == "en" else both.zh


def _review(unit: Unit, shown: JobView) -> dict[str, Any] | None:
    """How the review stands at the fire watch's step; the code for the welder alone."""
    if not shown.profile.review or shown.step not in ("watch", "wait-watch") or not shown.job:
        return None
    row = reviewing.get(unit, shown.job)
    told = {"passed": bool(row and row.passed_at), "given": bool(row and row.scanned_by)}
    live = row is not None and row.code and (row.code_until or 0) > unit.now
    if row is not None and live and shown.part == "welder":
        told |= {"code": row.code, "until": row.code_until}
    return told


def _contracts(
    unit: Unit, shown: JobView, machine: Machine, person: Person
) -> list[dict[str, str]]:
    """Clients for whom this welder may work here with an own machine: id and name."""
    if shown.step != "apply" or not shown.profile.contract:
        return []
    today = china_day(unit.now).isoformat()
    found = contracts.of_welder(unit, person)
    unit.hold(Enterprise, (one.client_id for one in found))
    return [
        {"id": one.id, "client": client.name}
        for one in found
        if one.starts_on <= today <= one.ends_on and one.client_id != machine.enterprise_id
        if (client := enterprises.get(unit, one.client_id))
    ]


def _watches(unit: Unit, shown: JobView, machine: Machine, person: Person) -> list[dict[str, str]]:
    """Whom the application may name as the fire watch: of the machine's house and of clients'."""
    if shown.step != "apply" or not shown.profile.fire_watch_named:
        return []
    houses = {machine.enterprise_id, *(one.client_id for one in contracts.of_welder(unit, person))}
    found = people.watching_for(unit, houses)
    return [
        {
            "id": one.id,
            # Colleagues know each other; others' names stay masked, as everywhere.
            "name": one.name if one.enterprise_id == person.enterprise_id else mask_name(one.name),
        }
        for one in found
        if one.id != person.id
    ]


def _approval(
    unit: Unit, shown: JobView, machine: Machine, person: Person
) -> dict[str, Any] | None:
    """The permit at the application, where one counts: `until` = one is in force, `asked` = mine
    waits for an answer, `refused` = why my last one was not approved."""
    if shown.step != "apply" or shown.profile.permit == "no":
        return None
    held = permits.covering(unit, machine, permits.approver(unit, person, machine))
    asked = permits.last_asked(unit, person, machine)
    state = permits.state_of(asked, unit.now) if asked else ""
    return {
        "until": held.window_to if held else None,
        "asked": {"from": asked.window_from, "to": asked.window_to}
        if asked and state in ("waiting", "approved") and asked is not held
        else None,
        "state": state,
        "refused": asked.ended_why if asked and state in ("refused", "withdrawn") else "",
    }


def _presence_until(unit: Unit, shown: JobView, person: Person) -> dict[str, int]:
    """Until when the code that was last spoken for this person, or the terminal's answer to their
    phone, is good."""
    job = jobs.by_id(unit, shown.job) if shown.wants_code and shown.job else None
    return jobs.presence_until(unit, job, person) if job else {}
