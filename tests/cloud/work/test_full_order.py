"""No order and no subset of the steps other than the full one ever opens a job."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.base.settings import Settings
from cloud.registry import cylinders, machines
from cloud.work import jobs, permits, profiles, reviewing, verifying
from cloud.work.decide import decide
from cloud.work.facts import ProofFacts
from tests.cloud.work.rules.test_rules import ALL, READY

pytestmark = pytest.mark.slow  # takes seconds

STEPS = ("apply", "check", "watch", "on")
NEEDED = {
    "chongqing": STEPS,
    "dalad": ("apply", "check", "face", "watch", "on"),
    "wuyi": ("apply", "on"),
    "wuyi@key-zone": ("apply", "check", "review", "venue", "watch", "on"),
    "chongqing@cylinder": STEPS,
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
    return replace(settings, profile=profile.partition("@")[0])


def approved(site: Any) -> None:
    """A permit for three days from now."""
    boss, now = site.county.person("enterprise", enterprise=site.enterprise), site.clock.now
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    window = {"window_from": now, "window_to": now + 72 * 3_600_000}
    asked = site.county.do(permits.ask, site.welder, **given, **window)
    site.county.do(permits.approve, asked, boss)


def bottle(site: Any) -> Any:
    """A gas cylinder of the site's enterprise, which has no terminal."""
    given = {"number": "TS-1", "gas": "oxygen", "test_by": site.county.day(300), "name": "演示瓶"}
    place = {"district": site.machine.district, "industry": "industry"}
    owner = {"enterprise_id": site.enterprise.id, "rng": site.county.rng}
    return site.county.do(cylinders.add, **given | place | owner)


def begun(site: Any, profile: str) -> int:
    """How often work began: an ON was sent, or the press that opens work with cylinders."""
    if profile.endswith(profiles.CYLINDER):
        return site.audit().count("job-on")
    return site.switches().count("1")


def judged(site: Any, job: Any) -> None:
    """A regulator passes the pictures, if there are any to pass."""
    officer = site.county.person("officer", district=site.machine.district)
    site.county.do(reviewing.judge, job, officer, True)


def code_given(site: Any, job: Any) -> None:
    """The venue's code appears on the welder's phone, and the fire watch gives it in."""
    shown = site.county.do(reviewing.show, job, site.welder)
    code = "000000" if isinstance(shown, jobs.Refusals) else shown.code
    site.county.do(reviewing.scan, job, site.fire_watch, code)


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
        elif job is not None and step == "review":
            judged(site, job)
        elif job is not None and step == "venue":
            code_given(site, job)
        elif job is not None and step == "face":
            site.face(job)
        elif job is not None and step == "vouch":
            site.county.do(verifying.decline, job, site.welder)
            site.county.do(verifying.vouch, job, site.fire_watch, True, site.proof)
        elif job is not None:
            person = site.welder if step == "check" else site.fire_watch
            more = {"ticks": ALL} if step == "check" else {}
            getattr(site, step)(job, code=spoken(site, job, person), **more)
    if job is not None:
        site.exchange()
        site.off(job)
    site.exchange()
    site.later(700)  # spoken codes are counted for ten minutes


def every_order(steps: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [order for count in range(len(steps) + 1) for order in permutations(steps, count)]


def left_out(steps: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The steps in their order, some of them left out."""
    return [some for count in range(len(steps)) for some in combinations(steps, count)]


# Between the application and the press; orders without a face check are tried as everywhere.
FACE_AT_EVERY_PLACE = [
    tuple(one.replace("vouch", way) for one in order)
    for order in every_order(("check", "vouch", "watch"))
    for way in ("face", "vouch")
    if "vouch" in order or way == "face"
]
_REVIEWED = ("check", "review", "venue", "watch")
REVIEW_AT_EVERY_PLACE = [*permutations(_REVIEWED), *left_out(_REVIEWED)]
TWICE = [
    ("apply", "check", "review", "venue", "check", "watch", "on"),
    ("apply", "review", "check", "venue", "review", "watch", "venue", "watch", "on"),
    ("apply", "on", "check", "on", "watch", "on"),
    ("apply", "apply", "watch", "check", "check", "watch", "watch", "on", "on"),
    ("check", "watch", "on", "apply", "watch", "on"),
    ("apply", "watch", "on", "check", "on"),
    ("face", "apply", "check", "watch", "on"),
    ("apply", "face", "check", "on", "watch", "on"),
]


def test_only_the_full_order_ever_sends_an_on(site: Any, profile: str) -> None:
    if profile.endswith(profiles.CYLINDER):
        site.machine = bottle(site)
    zone = profile.endswith(profiles.KEY_ZONE)
    with site.county.ground.write() as unit:
        machines.get(unit, site.machine.id).key_zone = zone
    approved(site)
    orders = every_order(STEPS)
    assert len(orders) == 65
    if profiles.load(profile).face:
        orders = [one for one in orders if len(one) == 4]  # none is the whole way here
        orders += [("apply", *between, "on") for between in FACE_AT_EVERY_PLACE]
        assert len(orders) == 24 + 27
        site.verifier()
    if profiles.load(profile).review:
        orders = [("apply", *between, "on") for between in REVIEW_AT_EVERY_PLACE]
        assert len(orders) == 24 + 15
    if profile.endswith(profiles.CYLINDER):  # the rules are those that all 65 orders meet above
        orders = [*permutations(STEPS), *left_out(STEPS)]
    for order in [*orders, *TWICE]:
        before = begun(site, profile)
        play(site, order)
        opened = begun(site, profile) > before
        found = tuple(step.replace("vouch", "face") for step in order)
        assert opened == in_order(NEEDED[profile], found), order


UNDONE: dict[str, dict[str, Any]] = {
    "certificate": {"certificates": ()},
    "permit": {"permit": None},
    "checklist": {"ticks": frozenset()},
    "ten-rules": {"ten_rules_read": False},
    "pictures": {"site_pictures": 0},
    "presence": {"welder_present": False},
    "face": {"face_by": ""},
    "named": {"named": None},
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
    watch = {"watch", "watch-checklist", "watch-fresh"}
    wanted = {"certificate", "pin"} | (watch if profile.asks_watch else set())
    wanted |= {"permit"} if profile.permit != "no" else set()
    wanted |= {"checklist"} if profile.checklist else set()
    wanted |= {"ten-rules"} if profile.ten_rules else set()
    wanted |= {"pictures"} if profile.site_pictures else set()
    wanted |= {"named"} if profile.fire_watch_named else set()
    wanted |= {"face"} if profile.face else set()
    wanted |= {"watch-photo"} if profile.joint_photo else set()
    there = {"presence"} | ({"watch-presence"} if profile.asks_watch else set())
    return wanted | (there if profile.presence else set())


UNREVIEWED = [name for name in profiles.every() if not profiles.load(name).review]


@given(st.sampled_from(UNREVIEWED), st.sets(st.sampled_from(sorted(UNDONE))))
def test_an_on_is_allowed_only_when_nothing_that_is_asked_for_is_missing(
    name: str, missing: set[str]
) -> None:
    facts = READY
    for what in sorted(missing, reverse=True):  # without a fire watch nothing of theirs is fresh
        facts = replace(facts, **UNDONE[what])
    assert decide(facts, profiles.load(name)).allowed == (not missing & asked(name))
