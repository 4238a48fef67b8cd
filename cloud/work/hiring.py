"""Contracted and temporary welders (CQ art. 18-20, 24): the client's contract and briefing.

Which contract a job stands under, and what the client and the welder do about it.
"""

from datetime import date
from typing import Any

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import contracts, enterprises
from cloud.registry.contracts import Briefing, Contract
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work.facts import ContractFacts
from cloud.work.job import Job


class NotEntitled(Exception):
    """Only an active account of the client, or the welder whom it concerns."""


def make(unit: Unit, client: Person, **given: Any) -> Contract:
    """The client enters a contract (fields of `contracts.row`, less the client); BadContract."""
    _of_client(client, client.enterprise_id)
    contract = contracts.add(unit, client_id=client.enterprise_id, **given)
    _note(unit, contract, client, "contract-made", {"kind": contract.kind})
    return contract


def end(unit: Unit, contract: Contract, client: Person) -> None:
    """The client takes it back; a second time changes nothing.

    Event: `contract-changed` (subject = contract id), at which the jobs under it end.
    """
    _of_client(client, contract.client_id)
    if contract.ended_at is None:
        contracts.end(unit, contract)
        _note(unit, contract, client, "contract-ended", {})
        outbox.tell(unit, "contract-changed", contract.id, {})


def brief(
    unit: Unit, contract: Contract, welder: Person, client: Person, risks: str
) -> Briefing | None:
    """The client briefs a welder whom the contract covers; None if it does not cover them."""
    _of_client(client, contract.client_id)
    if not contracts.covers(contract, welder) or contract.ended_at is not None:
        return None
    given = contracts.brief(unit, contract, welder, client, risks)
    _note(unit, contract, client, "briefing-given", {"welder": welder.id})
    return given


def confirm(unit: Unit, contract: Contract, welder: Person) -> bool:
    """The welder confirms the briefing; False if none was given."""
    given = contracts.briefing(unit, contract, welder.id)
    if given is None:
        return False
    if given.confirmed_at is None:
        contracts.confirm(unit, given)
        _note(unit, contract, welder, "briefing-confirmed", {})
    return True


def under(unit: Unit, welder: Person, machine: Machine, named: str = "") -> Contract | None:
    """The contract of a job that is applied for: the one `named`, else that of an outside welder.

    A welder of another enterprise than the machine's works for the machine's. With an own machine
    at a client's, the welder names the contract.
    """
    held = contracts.of_welder(unit, welder)
    if named:
        return next((one for one in held if one.id == named), None)
    if welder.enterprise_id == machine.enterprise_id:
        return None
    mine = [one for one in held if one.client_id == machine.enterprise_id]
    today = china_day(unit.now).isoformat()
    return max(mine, key=lambda one: one.starts_on <= today <= one.ends_on, default=None)


def client_of(unit: Unit, job: Job) -> str:
    """The enterprise for which a job is done: the client under a contract, else the machine's."""
    contract = contracts.get(unit, job.contract_id) if job.contract_id else None
    return contract.client_id if contract else job.enterprise_id


def facts_of(unit: Unit, contract: Contract | None, welder: Person) -> ContractFacts | None:
    """A contract as the rules see it; None where it does not cover this welder (any more)."""
    if contract is None or not contracts.covers(contract, welder):
        return None
    given = contracts.briefing(unit, contract, welder.id)
    return ContractFacts(
        client_id=contract.client_id,
        starts_on=date.fromisoformat(contract.starts_on),
        ends_on=date.fromisoformat(contract.ends_on),
        ended=contract.ended_at is not None,
        briefed=given is not None and given.confirmed_at is not None,
    )


def _of_client(person: Person, client_id: str | None) -> None:
    mine = client_id is not None and person.enterprise_id == client_id
    if not mine or person.status != "active" or "enterprise" not in person.roles:
        raise NotEntitled


def _note(unit: Unit, contract: Contract, actor: Person, what: str, told: dict[str, Any]) -> None:
    client = enterprises.get(unit, contract.client_id)
    audit.write(unit, client.district if client else "", actor.id, what, contract.id, told)
