"""A job is opened here and nowhere else: a welder scanned a machine and wants to work."""

from dataclasses import replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from cloud.base.unit import Unit
from cloud.registry import people, sites
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work import cylinders, exempting, gather, hiring, permits, profiles
from cloud.work import job as table
from cloud.work.decide import decide
from cloud.work.facts import Facts
from cloud.work.job import Job
from cloud.work.permits import Permit
from cloud.work.refusal import Refusals


def apply(
    unit: Unit,
    welder: Person,
    machine: Machine,
    site: str,
    work: str,
    voucher: str = "",
    *,
    district: str | None = None,
    contract: str = "",
    fire_watch: str = "",
    planned: tuple[int, int | None] | None = None,
    before: Job | None = None,
) -> Job | Refusals:
    """Open a job; applied for twice it is the same one. A refused attempt is kept as well.

    A permit that covers the machine now is taken; `voucher` names another one (CQ annex 2.3).
    `district` = where the site is, else the registered site's of this name, else the machine's (as
    well where nothing of the place is kept). `contract` = id of the one that the welder
    works under with an own machine; an outside welder's is found (work/hiring.py).
    `fire_watch` = id of the one whom the application names, where the profile asks for it.
    `planned` = when the work is to begin and, perhaps, to end, epoch ms; None = from now on.
    `before` = the job that was handed over and is gone on with (work/handing.py).
    """
    running = cylinders.running_with(unit, machine)
    if running is not None and running.welder_id == welder.id:
        return running
    # Put into a key zone since the page was opened?
    machine = unit.db.get_one(Machine, machine.id, populate_existing=True)
    hired = hiring.under(unit, welder, machine, contract)
    client_id = hired.client_id if hired else ""
    owner = client_id or machine.enterprise_id
    exempt = exempting.holds(unit, machine, client_id)
    place = None if exempt else sites.named(unit, owner, site)
    bottle = machine.kind == "cylinder"
    profile = profiles.at(unit.settings.profile, machine.key_zone, exempt, bottle)
    mine = cylinders.open_of(unit, welder) if bottle else None
    permit = permits.covering(unit, machine, client_id) if profile.permit != "no" else None
    if before and planned and planned[1] and permit:
        planned = (planned[0], min(planned[1], permit.window_to))
    named = people.get(unit, fire_watch) if profile.fire_watch_named and fire_watch else None
    opening = _columns(welder, machine, permit) | {
        "named_watch_id": named.id if named else None,
        "contract_id": hired.id if hired else None,
        "profile": profile.id,
        "district": district or (place or machine).district,
        "site": exempting.UNTOLD if exempt else site,
        "work": exempting.UNTOLD if exempt else work,
        "planned_from": max(planned[0], unit.now) if planned else None,
        "planned_until": planned[1] if planned else None,
        "voucher": voucher,
    }
    vouched = permit is None and not permits.denied(unit, welder, machine, client_id)
    claimed = {"voucher": voucher if vouched else "", "contract_named": bool(contract)}
    # Of a job that is gone on with the time was planned under another permit: it bars nothing.
    claimed |= {"planned": None if before else planned}
    claimed |= {"before_off": before is None or not gather.job_still_on(unit, before)}
    going_on = {"handed_from": before.id if before else None}

    def facts() -> Facts:
        found = gather.applying(unit, welder, machine, permit, hired, named, **claimed)
        # One's own open job with cylinders takes another one in.
        return replace(found, welder=replace(found.welder, busy=False)) if mine else found

    decision = decide(facts(), profile)
    if decision.allowed and mine is not None:
        return cylinders.take(unit, mine, machine, welder)
    if decision.allowed:
        try:
            with unit.savepoint():
                state = "applied" if profile.permit == "no" else "permitted"
                return table.opened(unit, state, **opening | going_on)
        except IntegrityError:
            # Somebody was quicker by less than a look: now the rules see it.
            decision = decide(facts(), profile)
    if bottle and profile.cylinders:
        cylinders.judged_bad(unit, machine, welder, decision.refusals)
        opening["end_reason"] = cylinders.NON_COMPLIANT
    table.opened(unit, "refused", **opening, **table.kept(decision.refusals, welder.id))
    return decision.refusals


def _columns(welder: Person, machine: Machine, permit: Permit | None) -> dict[str, Any]:
    return {
        "machine_id": machine.id,
        "device": machine.device,
        "enterprise_id": machine.enterprise_id,
        "welder_id": welder.id,
        "permit_id": permit.id if permit else None,
    }
