"""Who loses a role does not go on in it: the open job ends (cloud/work/revoked.py)."""

from typing import Any

import pytest

from cloud.book import outbox
from cloud.registry import people


def given(site: Any, person: Any, *roles: str) -> None:
    def change(unit: Any) -> None:
        people.set_roles(unit, people.get(unit, person.id), frozenset(roles))
        outbox.tell(unit, "roles-changed", person.id, {})

    site.county.do(change)
    site.exchange()


@pytest.mark.parametrize("part", ["welder", "fire_watch"])
def test_the_job_ends_and_the_machine_is_off(site: Any, part: str) -> None:
    job = site.working()
    given(site, getattr(site, part), "technician")
    assert (site.state(job), site.job(job).end_reason) == ("ended", "role")
    assert site.terminal.relay == 0


def test_a_job_in_a_role_that_is_kept_goes_on(site: Any) -> None:
    job = site.working()
    given(site, site.welder, "welder", "technician")
    given(site, site.fire_watch, "fire_watch", "welder")
    assert (site.state(job), site.terminal.relay) == ("on", 1)
