"""Exempt places are counted, not controlled (cloud/work/exempting.py; CQ art. 2)."""

from typing import Any

import pytest

from cloud.registry import certificates, machines, sites
from cloud.work import exempting
from cloud.work.exempting import NotEntitled


@pytest.fixture
def office(county: Any) -> Any:
    return county.person("office")


@pytest.fixture
def exempt(site: Any, office: Any) -> Any:
    firm = site.enterprise
    site.county.do(lambda unit: exempting.mark(unit, unit.db.merge(firm), office, "民爆场所"))
    return site


def test_a_scan_and_on_are_all_that_is_asked_and_the_job_is_counted(exempt: Any) -> None:
    newcomer = exempt.county.person("welder")  # no certificate, no contract
    job = exempt.apply(newcomer, voucher="")
    assert (job.state, job.site, job.work) == ("applied", "–", "–")
    exempt.welder = newcomer
    exempt.on(job)
    exempt.exchange()
    assert exempt.state(job) == "on"
    assert exempt.job(job).profile == "chongqing@exempt"


def test_the_authority_is_still_a_lease_with_an_end(exempt: Any) -> None:
    job = exempt.apply()
    exempt.on(job)
    exempt.exchange()
    assert exempt.job(job).lease_until == exempt.clock.now + 43_200_000
    exempt.later(43_201)
    assert exempt.state(job) == "ended"


def test_a_certificate_taken_away_does_not_end_counted_work(exempt: Any) -> None:
    job = exempt.apply()
    exempt.on(job)
    exempt.exchange()
    (held,) = exempt.county.ask(certificates.for_person, exempt.welder.id)
    exempt.county.do(lambda unit: certificates.set_status(unit, unit.db.merge(held), "revoked"))
    exempt.later(60)
    assert exempt.state(job) == "on"


def test_an_unsafe_machine_stays_off_there_too(exempt: Any) -> None:
    machine = exempt.machine
    exempt.county.do(lambda unit: machines.set_status(unit, unit.db.merge(machine), "unsafe"))
    assert exempt.apply().codes == ["machine-unusable"]


def test_back_inside_the_rules_everything_is_asked_again(exempt: Any, office: Any) -> None:
    firm, job = exempt.enterprise, exempt.apply()
    exempt.on(job)
    exempt.exchange()
    exempt.county.do(lambda unit: exempting.mark(unit, unit.db.merge(firm), office, ""))
    exempt.exchange()
    assert (exempt.state(job), exempt.job(job).end_reason) == ("ended", "exempt-over")
    assert exempt.terminal.relay == 0
    assert exempt.apply(exempt.county.person("welder"), voucher="").codes == [
        "certificate-missing",
        "contract-missing",
        "permit",
    ]
    assert exempt.audit().count("exempt") == exempt.audit().count("exempt-over") == 1


@pytest.fixture
def workshop(site: Any) -> Any:
    """A registered site of the machine's enterprise."""
    given = {"enterprise_id": site.enterprise.id, "name": "演示车间", "district": "990101"}
    return site.county.do(lambda unit: sites.add(unit, **given))


def at_workshop(
    site: Any, workshop: Any, office: Any, *there: Any, reason: str = "涉密场所"
) -> None:
    def mark(unit: Any) -> None:
        exempting.mark(
            unit, unit.db.merge(workshop), office, reason, [unit.db.merge(it) for it in there]
        )

    site.county.do(mark)


def test_at_an_exempt_site_the_machines_count_that_the_office_named(
    site: Any, workshop: Any, office: Any
) -> None:
    assert site.apply(voucher="").codes == ["permit"]
    at_workshop(site, workshop, office, site.machine)
    job = site.apply(voucher="")
    assert (job.profile, job.district) == ("chongqing@exempt", site.machine.district)
    assert site.audit().count("exempt") == 2  # the site, and the machine's own history


def test_whoever_types_the_name_of_an_exempt_site_is_asked_for_everything(
    site: Any, workshop: Any, office: Any
) -> None:
    at_workshop(site, workshop, office)
    stranger = site.county.person("welder")
    refused = site.apply(stranger, voucher="")
    assert refused.codes == ["certificate-missing", "contract-missing", "permit"]


def test_a_machine_that_is_named_no_more_stops_and_is_asked_anew(
    site: Any, workshop: Any, office: Any
) -> None:
    at_workshop(site, workshop, office, site.machine)
    job = site.apply(voucher="")
    site.on(job)
    site.exchange()
    at_workshop(site, workshop, office)
    site.exchange()
    assert (site.state(job), site.job(job).end_reason) == ("ended", "exempt-over")
    assert site.terminal.relay == 0
    assert site.apply(voucher="").codes == ["permit"]


def test_an_exempt_firms_machine_at_another_firms_work_is_under_the_rules(
    exempt: Any, office: Any
) -> None:
    machine, client = exempt.machine, exempt.county.enterprise()
    assert exempt.county.ask(exempting.holds, machine)
    assert not exempt.county.ask(exempting.holds, machine, client.id)


@pytest.mark.parametrize("role", ["officer", "enterprise", "welder"])
def test_only_the_office_marks(site: Any, role: str) -> None:
    person = site.county.person(role, enterprise=site.enterprise)
    with pytest.raises(NotEntitled):
        site.county.do(exempting.mark, site.enterprise, person, "涉密场所")
