"""The one decision (cloud/work/decide.py)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud.work import profiles
from cloud.work.decide import NoSuchStep, authority_ends, decide
from cloud.work.facts import (
    CertificateFacts,
    ContractFacts,
    Facts,
    MachineFacts,
    PermitFacts,
    PersonFacts,
    end_of_china_day,
)

NOW = 1_800_000_000_000  # 2027-01-15 16:00 in China
HOUR = 3_600_000
GOOD = CertificateFacts(
    "emergency", "熔化焊接与热切割作业", date(2024, 1, 1), date(2029, 12, 31), None, "normal"
)
APPLYING = Facts(
    "apply",
    NOW,
    PersonFacts("w", frozenset({"welder"}), True, "e"),
    MachineFacts("m", "e", "industry"),
    (GOOD,),
    voucher="票",
)
WATCH = PersonFacts("f", frozenset({"fire_watch"}), True, "e")


def duties(facts: Facts, profile: str = "chongqing") -> list[str]:
    return [duty.code for duty in decide(facts, profiles.load(profile)).duties]


def test_a_good_scan_is_allowed_and_told_what_comes_next() -> None:
    decision = decide(APPLYING, profiles.load("chongqing"))
    assert decision.allowed
    assert decision.refusals == []
    assert duties(APPLYING) == ["do-check", "do-watch"]


def test_where_nothing_more_is_asked_there_are_no_duties() -> None:
    assert duties(APPLYING, "wuyi") == []


@pytest.mark.parametrize(("days", "warned"), [(30, True), (31, False), (0, True)])
def test_a_certificate_near_its_end_is_a_warning_and_no_refusal(days: int, warned: bool) -> None:
    end = date.fromordinal(date(2027, 1, 15).toordinal() + days)
    facts = replace(APPLYING, certificates=(replace(GOOD, valid_to=end),))
    assert decide(facts, profiles.load("chongqing")).allowed
    assert ("certificate-near-end" in duties(facts)) == warned


def test_a_certificate_of_another_field_is_a_warning_where_the_profile_says_so() -> None:
    facts = replace(APPLYING, certificates=(replace(GOOD, issuer="housing"),))
    assert duties(facts, "wuyi") == ["certificate-other-field"]
    assert not decide(facts, profiles.load("chongqing")).allowed


def test_an_unknown_step_is_an_error_of_the_caller() -> None:
    with pytest.raises(NoSuchStep):
        decide(replace(APPLYING, step="fly"), profiles.load("chongqing"))


@pytest.mark.parametrize(
    ("permit_h", "valid_to", "ends"),
    [
        (None, date(2029, 12, 31), NOW + 12 * HOUR),
        (2, date(2029, 12, 31), NOW + 2 * HOUR),
        (100, date(2029, 12, 31), NOW + 12 * HOUR),
        (None, date(2027, 1, 15), NOW + 8 * HOUR),  # midnight in China
        (9, date(2027, 1, 15), NOW + 8 * HOUR),
        (3, date(2027, 1, 15), NOW + 3 * HOUR),
    ],
)
def test_authority_ends_with_permit_certificate_or_twelve_hours(
    permit_h: int | None, valid_to: date, ends: int
) -> None:
    permit = PermitFacts(NOW - HOUR, NOW + permit_h * HOUR, "boss") if permit_h else None
    facts = replace(APPLYING, permit=permit, certificates=(replace(GOOD, valid_to=valid_to),))
    assert authority_ends(facts, profiles.load("chongqing")) == ends


def test_a_review_that_is_due_ends_the_authority_as_well() -> None:
    facts = replace(APPLYING, certificates=(replace(GOOD, review_by=date(2027, 1, 15)),))
    assert authority_ends(facts, profiles.load("chongqing")) == NOW + 8 * HOUR


def test_the_last_day_of_the_contract_ends_the_authority_as_well() -> None:
    hired = ContractFacts("e", date(2027, 1, 1), date(2027, 1, 15))
    facts = replace(APPLYING, contract=hired)
    assert authority_ends(facts, profiles.load("chongqing")) == NOW + 8 * HOUR


def test_the_end_of_a_day_in_china() -> None:
    assert end_of_china_day(date(2027, 1, 15)) == 1_800_028_800_000


DAYS = st.dates(date(2026, 12, 1), date(2027, 3, 1))
CERTIFICATES = st.builds(
    CertificateFacts,
    st.sampled_from(["emergency", "housing", "market"]),
    st.sampled_from(["熔化焊接与热切割作业", "建筑焊工", "高处作业"]),
    DAYS,
    DAYS,
    st.none() | DAYS,
    st.sampled_from(["normal", "suspended", "revoked"]),
)


@pytest.mark.parametrize("name", profiles.names())
@given(held=st.lists(CERTIFICATES, max_size=4).map(tuple))
@example(held=(GOOD,))  # in each profile, not only where the search comes upon a good one
def test_who_is_allowed_holds_a_certificate_that_is_good_today(
    name: str, held: tuple[CertificateFacts, ...]
) -> None:
    permit, profile = PermitFacts(NOW - 1, NOW + HOUR, "boss"), profiles.load(name)
    facts = replace(APPLYING, certificates=held, permit=permit, named=WATCH)
    usable = [one for one in held if one.welding and one.good(facts.today)]
    if profile.certificate_fits == "refuse":
        usable = [one for one in usable if one.issuer == "emergency"]
    assert decide(facts, profile).allowed == bool(usable)
    if usable:
        ends = authority_ends(facts, profile)
        assert NOW < ends <= max(end_of_china_day(one.last_day) for one in usable)


def test_the_same_facts_give_the_same_decision() -> None:
    profile: Any = profiles.load("chongqing")
    assert decide(APPLYING, profile) == decide(APPLYING, profile)
