"""No order and no subset of the steps other than the full one ever opens a job."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.base.settings import Settings
from cloud.registry import machines
from cloud.work import jobs, permits, profiles
from cloud.work.decide import decide
from cloud.work.facts import ProofFacts
from tests.cloud.work.rules.test_rules import ALL, READY

pytestmark = pytest.mark.slow  # takes seconds

STEPS = ("apply", "check", "watch", "on")
NEEDED = {
    "chongqing": STEPS,
    "dalad": STEPS,
    "wuyi": ("apply", "on"),
    # Without a regulator who passes the pictures (test_reviewing.py) no order opens a job there.
    "wuyi@key-zone": (*STEPS, "review"),
}


def in_order(needed: tuple[str, ...], done: tuple[str, ...]) -> bool:
    """Whether the needed steps come one after the other, whatever else is between."""
    rest: Iterator[str] = iter(done)
    return all(step in rest for step in needed)


@pytest.fixture(params=sorted(NEEDED))
def profile(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def settings(settings: Settings, profile: str) -> Settings:
    return replace(settings, profile=profile.removesuffix(profiles.KEY_ZONE))


def approved(site: Any) -> None:
    """A permit for three days from now."""
    boss, now = site.county.person("enterprise", enterprise=site.enterprise), site.clock.now
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    window = {"window_from": now, "window_to": now + 72 * 3_600_000}
    asked = site.county.do(permits.ask, site.welder, **given, **window)
    site.county.do(permits.approve, asked, boss)


def spoken(site: Any, job: Any, person: Any) -> str:
    """The code for this person, or a wrong one where none is spoken."""
    made = site.county.do(jobs.ask_code, job, person, lambda: "4711")
    return "0000" if isinstance(made, jobs.Refusals) else "4711"


def play(site: Any, steps: tuple[str, ...]) -> None:
    """The steps by the right people, with all that they need."""
    job: Any = None
    for step in steps:
        if step == "apply":
            got = site.apply()
            job = got if isinstance(got, jobs.Job) else job
        elif job is not None and step == "on":
            site.on(job)
        elif job is not None:
            person = site.welder if step == "check" else site.fire_watch
            more = {"ticks": ALL} if step == "check" else {}
            getattr(site, step)(job, code=spoken(site, job, person), **more)
    if job is not None:
        site.exchange()
        site.off(job)
    site.exchange()
    site.later(700)  # spoken codes are counted for ten minutes


EVERY_ORDER = [order for count in range(5) for order in permutations(STEPS, count)]
TWICE = [
    ("apply", "on", "check", "on", "watch", "on"),
    ("apply", "apply", "watch", "check", "check", "watch", "watch", "on", "on"),
    ("check", "watch", "on", "apply", "watch", "on"),
    ("apply", "watch", "on", "check", "on"),
]


def test_only_the_full_order_ever_sends_an_on(site: Any, profile: str) -> None:
    zone = profile.endswith(profiles.KEY_ZONE)
    with site.county.ground.write() as unit:
        machines.set_key_zone(unit, machines.get(unit, site.machine.id), zone)
    approved(site)
    assert len(EVERY_ORDER) == 65
    for order in [*EVERY_ORDER, *TWICE]:
        before = site.switches().count("1")
        play(site, order)
        opened = site.switches().count("1") > before
        assert opened == in_order(NEEDED[profile], order), order


UNDONE: dict[str, dict[str, Any]] = {
    "certificate": {"certificates": ()},
    "permit": {"permit": None},
    "checklist": {"ticks": frozenset()},
    "ten-rules": {"ten_rules_read": False},
    "pictures": {"site_pictures": 0},
    "presence": {"welder_present": False},
    "watch": {"fire_watch": None, "watched_at": None},
    "watch-checklist": {"watch_ticks": frozenset()},
    "watch-photo": {"joint_photo": False},
    "watch-presence": {"fire_watch_present": False},
    "watch-fresh": {"watched_at": 0},
    "pin": {"proof": ProofFacts()},
}


def asked(name: str) -> set[str]:
    """What this profile wants before an ON."""
    profile = profiles.load(name)
    watch = {"watch", "watch-checklist", "watch-presence", "watch-fresh"}
    wanted = {"certificate", "pin"} | (watch if profile.asks_watch else set())
    wanted |= {"permit"} if profile.permit != "no" else set()
    wanted |= {"checklist"} if profile.checklist else set()
    wanted |= {"ten-rules"} if profile.ten_rules else set()
    wanted |= {"pictures"} if profile.site_pictures else set()
    wanted |= {"watch-photo"} if profile.joint_photo else set()
    return wanted | ({"presence"} if profile.presence else set())


UNREVIEWED = [name for name in profiles.every() if not profiles.load(name).review]


@given(st.sampled_from(UNREVIEWED), st.sets(st.sampled_from(sorted(UNDONE))))
def test_an_on_is_allowed_only_when_nothing_that_is_asked_for_is_missing(
    name: str, missing: set[str]
) -> None:
    facts = READY
    for what in sorted(missing, reverse=True):  # without a fire watch nothing of theirs is fresh
        facts = replace(facts, **UNDONE[what])
    assert decide(facts, profiles.load(name)).allowed == (not missing & asked(name))
