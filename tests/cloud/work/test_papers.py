"""Certificates are checked with their issuers, daily and at a scan, and warned of."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from cloud.base.breaker import SourceDown
from cloud.book.audit import AuditRow
from cloud.book.outbox import Event
from cloud.registry import certificates
from cloud.registry.issuers import Entry, Question
from cloud.work import papers, profiles
from cloud.work.decide import decide
from cloud.work.facts import CertificateFacts, Facts
from tests.cloud.work.test_decide import APPLYING, GOOD, NOW

DAY = 86_400_000


class Register:
    """An issuer's register by hand."""

    def __init__(self) -> None:
        self.down = False
        self.entry: Entry | None = None
        self.asked: list[Question] = []

    def __call__(self, question: Question) -> Entry | None:
        self.asked.append(question)
        if self.down:
            raise SourceDown("made up")
        return self.entry


@pytest.fixture
def register(either: Any, county: Any) -> Register:
    county.ground = either
    register = Register()
    register.entry = entry(county)
    either.issuers = {"emergency": register}
    return register


def entry(county: Any, **given: Any) -> Entry:
    told = {"valid_from": county.day(-365), "valid_to": county.day(365)} | given
    return Entry(category="熔化焊接与热切割作业", **told)


def held(county: Any, person: Any) -> Any:
    (one,) = county.ask(certificates.for_person, person.id)
    return one


def test_at_a_scan_an_old_answer_is_asked_for_again(county: Any, register: Register) -> None:
    welder = county.welder()
    assert papers.freshen(county.ground, welder.id) == 1
    assert held(county, welder).answered_at == county.clock.now
    assert papers.freshen(county.ground, welder.id) == 0  # young enough
    county.clock.forward(25 * 3600)
    assert papers.freshen(county.ground, welder.id) == 1
    assert len(register.asked) == 2


def test_what_the_register_says_holds_and_is_audited(county: Any, register: Register) -> None:
    welder = county.welder()
    register.entry = entry(county, status="revoked", review_by=county.day(30))
    papers.freshen(county.ground, welder.id)
    one = held(county, welder)
    assert (one.status, one.review_by, one.known) == ("revoked", county.day(30), True)
    with county.ground.read() as unit:
        assert list(unit.db.scalars(select(AuditRow.what))) == ["certificate-changed"]
    papers.check_due(county.ground)
    county.clock.forward(90_000)
    papers.check_due(county.ground)
    with county.ground.read() as unit:  # the same again is no news
        assert list(unit.db.scalars(select(AuditRow.what))) == ["certificate-changed"]


def test_a_certificate_that_the_register_does_not_know_is_marked(
    county: Any, register: Register
) -> None:
    welder = county.welder()
    register.entry = None
    papers.freshen(county.ground, welder.id)
    assert held(county, welder).known is False


def test_a_register_that_is_down_changes_nothing_and_breaks_nothing(
    county: Any, register: Register
) -> None:
    welder = county.welder()
    county.certificate(welder)
    register.down = True
    assert papers.freshen(county.ground, welder.id) == 0
    assert len(register.asked) == 1  # the other one is not even tried
    with county.ground.read() as unit:
        assert {one.answered_at for one in certificates.for_person(unit, welder.id)} == {None}


def test_a_day_in_another_form_of_the_standard_is_kept_in_ours(
    county: Any, register: Register
) -> None:
    welder = county.welder()
    register.entry = entry(county, valid_to="20270105")
    papers.freshen(county.ground, welder.id)
    assert held(county, welder).valid_to == "2027-01-05"


@pytest.mark.parametrize("wrong", ["soon", "", None])
def test_an_answer_that_cannot_be_is_as_good_as_none(
    county: Any, register: Register, wrong: Any
) -> None:
    welder = county.welder()
    register.entry = entry(county, valid_to=wrong)
    papers.freshen(county.ground, welder.id)
    one = held(county, welder)
    assert (one.valid_to, one.answered_at) == (county.day(365), None)


def test_everybody_is_asked_for_once_a_day_and_one_dark_register_keeps_no_other_waiting(
    county: Any, register: Register
) -> None:
    dark = Register()
    dark.down = True
    county.ground.issuers = {"housing": dark, "emergency": register}
    for _ in range(3):
        county.welder()
        county.welder(issuer="housing")
    assert papers.check_due(county.ground, limit=2) == 2
    assert papers.check_due(county.ground, limit=2) == 1
    assert papers.check_due(county.ground) == 0
    county.clock.forward(24 * 3600)
    assert papers.check_due(county.ground) == 3


def test_without_registers_nobody_is_asked(county: Any) -> None:
    welder = county.welder()
    assert papers.freshen(county.ground, welder.id) == 0
    assert papers.check_due(county.ground) == 0


def test_the_end_is_warned_of_90_30_and_7_days_before_once_each(either: Any, county: Any) -> None:
    county.ground = either
    county.welder(valid_to=county.day(100), review_by="")
    said = []
    for _ in range(110):
        county.do(papers.sweep)
        county.do(papers.sweep)
        with either.read() as unit:
            rows = select(Event).where(Event.kind == "certificate-near-end").order_by(Event.id)
            said = [event.details["days"] for event in unit.db.scalars(rows)]
        county.clock.forward(86_400)
    assert said == [90, 30, 7]


def test_a_certificate_that_comes_in_late_is_warned_of_at_once(county: Any) -> None:
    county.welder(valid_to=county.day(365), review_by=county.day(20))
    county.welder(valid_to=county.day(-1), review_by="")
    assert county.do(papers.sweep) == 1
    assert county.do(papers.sweep) == 0


@pytest.mark.parametrize("days", [90, 30, 7])
def test_no_mark_is_said_twice_whatever_the_register_tells_anew(
    county: Any, register: Register, days: int
) -> None:
    welder = county.welder(valid_to=county.day(days), review_by="")
    assert county.do(papers.sweep) == 1
    for category in ("熔化焊接", "压力焊"):
        county.clock.forward(25 * 3600 if category == "压力焊" else 0)
        register.entry = replace(entry(county), valid_to=held(county, welder).valid_to)
        register.entry = replace(register.entry, category=category)
        papers.freshen(county.ground, welder.id)
        assert held(county, welder).category == category
        assert county.do(papers.sweep) == 0
    register.entry = entry(county, valid_to=county.day(20))  # a new end is warned of anew
    county.clock.forward(25 * 3600)
    papers.freshen(county.ground, welder.id)
    assert county.do(papers.sweep) == 1


# --- the decision ---------------------------------------------------------------------------


def scan(certificate: CertificateFacts, **more: Any) -> Facts:
    return replace(APPLYING, certificates=(certificate,), **more)


def codes(facts: Facts, **switches: Any) -> list[str]:
    return decide(facts, replace(profiles.load("chongqing"), **switches)).refusals.codes


def asked(days_ago: float | None, **more: Any) -> CertificateFacts:
    at = None if days_ago is None else NOW - round(days_ago * DAY)
    return replace(GOOD, asks=True, answered_at=at, **more)


@pytest.mark.parametrize(
    ("days_ago", "cached_days", "refused"),
    [
        (0.5, 0, False),
        (1.5, 0, True),
        (1.5, 3, False),
        (3.1, 3, True),
        (None, 3, True),
        (None, 0, True),
    ],
)
def test_while_a_register_is_down_its_last_answer_counts_as_long_as_the_profile_says(
    days_ago: float | None, cached_days: int, refused: bool
) -> None:
    found = codes(scan(asked(days_ago)), cached_days=cached_days)
    assert found == (["certificate-unchecked"] if refused else [])


def test_a_cached_answer_is_said_so() -> None:
    decision = decide(scan(asked(1.5)), profiles.load("chongqing"))
    assert decision.duties[0].code == "certificate-cached"
    assert decision.duties[0].values["day"] == "2027-01-14"


def test_a_certificate_that_the_issuer_does_not_know_is_refused() -> None:
    assert codes(scan(asked(0, known=False))) == ["certificate-unknown"]


def test_where_nobody_can_be_asked_the_entry_of_the_office_stands() -> None:
    assert codes(scan(GOOD)) == []


def test_a_checked_certificate_counts_before_an_unchecked_one() -> None:
    facts = replace(APPLYING, certificates=(asked(None), asked(0.1)))
    assert codes(facts) == []


# --- a job that stands on a certificate -------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"status": "revoked"}, "ended"),
        ({"status": "suspended"}, "ended"),
        ({"category": "高处作业"}, "ended"),
        ({"review_by": "2027-06-01"}, "on"),
        (None, "ended"),  # the register does not know it any more
    ],
)
def test_a_certificate_that_is_taken_away_ends_the_job_that_stands_on_it(
    site: Any, change: dict[str, str] | None, state: str
) -> None:
    job = site.working()
    good = Entry("熔化焊接与热切割作业", site.county.day(-365), site.county.day(365))
    said = None if change is None else replace(good, **change)
    site.county.ground.issuers = {"emergency": lambda question: said}
    papers.check_due(site.county.ground)
    site.exchange()
    assert site.state(job) == state
    assert site.terminal.relay == (1 if state == "on" else 0)
    assert site.job(job).end_reason == ("certificate" if state == "ended" else "")


def test_a_register_that_goes_down_ends_nothing(site: Any) -> None:
    job = site.working()

    def down(question: Question) -> Entry | None:
        raise SourceDown("made up")

    site.county.ground.issuers = {"emergency": down}
    papers.check_due(site.county.ground)
    site.exchange()
    assert site.state(job) == "on"
