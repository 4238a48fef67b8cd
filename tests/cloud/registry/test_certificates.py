"""Certificates of the three issuers; a re-check replaces what was known."""

from typing import Any

import pytest

from cloud.registry import certificates
from cloud.registry.certificates import BadCertificate


@pytest.fixture
def welder(county: Any) -> Any:
    return county.person("welder")


def test_a_recorded_certificate_is_the_persons(county: Any, welder: Any) -> None:
    made = county.certificate(welder, issuer="housing", category="建筑焊工")
    (found,) = county.ask(certificates.for_person, welder.id)
    assert (found.id, found.issuer, found.category) == (made.id, "housing", "建筑焊工")
    assert (found.status, found.checked_at) == ("normal", county.clock.now)


def test_the_longest_valid_certificate_comes_first(county: Any, welder: Any) -> None:
    for days in (10, 300, 100):
        county.certificate(welder, valid_to=county.day(days))
    found = county.ask(certificates.for_person, welder.id)
    assert [one.valid_to for one in found] == [county.day(d) for d in (300, 100, 10)]


def test_the_same_number_again_is_a_new_check_and_no_second_row(county: Any, welder: Any) -> None:
    first = county.certificate(welder, number="T000001")
    county.clock.forward(86_400)
    again = county.certificate(welder, number="T000001", status="suspended")
    assert again.id == first.id
    (found,) = county.ask(certificates.for_person, welder.id)
    assert (found.status, found.checked_at) == ("suspended", county.clock.now)


def test_two_issuers_may_use_the_same_number(county: Any, welder: Any) -> None:
    county.certificate(welder, number="1", issuer="emergency")
    county.certificate(welder, number="1", issuer="market")
    assert len(county.ask(certificates.for_person, welder.id)) == 2


def test_a_suspension_holds_from_its_commit(county: Any, welder: Any) -> None:
    made = county.certificate(welder)
    with county.ground.write() as unit:
        (row,) = certificates.for_person(unit, welder.id)
        certificates.set_status(unit, row, "suspended")
        with pytest.raises(BadCertificate):
            certificates.set_status(unit, row, "lost")
    (found,) = county.ask(certificates.for_person, welder.id)
    assert (found.id, found.status) == (made.id, "suspended")


def test_the_number_is_sealed_and_shown_masked(county: Any, welder: Any) -> None:
    made = county.certificate(welder, number="T990101198001010012")
    assert "0012" not in made.number_sealed
    assert county.ask(certificates.masked_number, made) == "T99************0012"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "post office"},
        {"status": "fine"},
        {"valid_to": "2030-02-30"},
        {"valid_from": "1.1.2020"},
        {"review_by": "soon"},
        {"valid_from": "2030-01-02", "valid_to": "2030-01-01"},
    ],
)
def test_a_wrong_field_is_refused(county: Any, welder: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(BadCertificate):
        county.certificate(welder, **wrong)


def test_a_certificate_of_nobody_is_refused_by_the_database(county: Any, welder: Any) -> None:
    from sqlalchemy.exc import IntegrityError

    welder.id = "nobody"
    with pytest.raises(IntegrityError):
        county.certificate(welder)
