"""Enrolment codes, and who gets in by them."""

import hashlib
import os
from dataclasses import replace

import pytest
from sqlalchemy import select

from cloud.book import outbox
from cloud.book.audit import AuditRow
from cloud.link import enrolment, stock, terminals
from cloud.link.enrolment import Expected, Refused
from tests.cloud.conftest import County

CHIP, OTHER = "a4cf12000001", "a4cf12000002"
SECRET = bytes(range(32))
FULL = {"category": "手工电弧焊", "supply": "380", "max_a": 400}


@pytest.fixture
def technician(county):
    return county.person("technician")


def code(county, technician, times=1, hours=8):
    return county.do(enrolment.make, technician.id, times, hours)[1]


def test_a_code_makes_a_terminal_named_after_its_chip(county, technician):
    made = county.do(enrolment.enrol, code(county, technician), CHIP, SECRET)
    assert made.device == "HMA4CF12000001" and made.server == "127.0.0.1:1883"
    assert county.ask(terminals.secret, made.device) == SECRET
    assert county.ask(stock.of_device, made.device).state == "flashed"


def test_the_same_secret_again_gets_the_same_answer_and_costs_nothing(county, technician):
    text = code(county, technician)
    first = county.do(enrolment.enrol, text, CHIP, SECRET)
    assert county.do(enrolment.enrol, text, CHIP, SECRET) == first
    assert county.ask(enrolment.listed)[0].used == 1


def test_what_the_bench_wrote_it_for_is_known_and_the_last_word_counts(county, technician):
    text = code(county, technician)
    for kind, known in (("contactor", "contactor"), ("", "contactor"), ("thermal", "thermal")):
        made = county.do(enrolment.enrol, text, CHIP, SECRET, "", kind)
        assert county.ask(terminals.get, made.device).kind == known


def test_who_asks_by_the_digest_is_answered_as_by_the_secret_and_nothing_is_changed(
    county, technician
):
    text, digest = code(county, technician), hashlib.sha256(SECRET).hexdigest()
    server = county.ground.settings.told_to_terminals
    for asked in ("", digest):
        told = county.do(enrolment.expected, text, CHIP, asked)
        assert told == Expected("HMA4CF12000001", server, known=False)
    assert county.ask(terminals.get, "HMA4CF12000001") is None
    assert county.ask(enrolment.listed)[0].used == 0
    county.do(enrolment.enrol, text, CHIP, SECRET)
    assert county.do(enrolment.expected, text, CHIP, digest).known
    assert county.do(enrolment.expected, text, CHIP, "") == Refused("code-spent")
    other = county.do(enrolment.expected, code(county, technician), CHIP, digest[::-1])
    assert other == Refused("enrolled-elsewhere", "HMA4CF12000001")


def test_a_code_is_typed_as_people_type(county, technician):
    text = code(county, technician).lower().replace("-", " ")
    assert county.do(enrolment.enrol, text, CHIP, SECRET).device


def test_a_code_is_good_for_so_many_and_so_long_and_until_it_is_ended(county, technician):
    text = code(county, technician)
    county.do(enrolment.enrol, text, CHIP, SECRET)
    assert county.do(enrolment.enrol, text, OTHER, SECRET) == Refused("code-spent")
    late = code(county, technician, times=9, hours=1)
    county.clock.forward(3601)
    assert county.do(enrolment.enrol, late, OTHER, SECRET) == Refused("code-expired")
    row, ended = county.do(enrolment.make, technician.id, 9, 1)
    assert county.do(enrolment.end, row.id)
    assert county.do(enrolment.enrol, ended, OTHER, SECRET) == Refused("code-expired")
    wrong = county.do(enrolment.enrol, "AAAAA-AAAAA-AAAAA", OTHER, SECRET)
    assert wrong == Refused("code-wrong")


def test_the_text_of_a_code_is_kept_nowhere(county, technician):
    text = code(county, technician)
    (row,) = county.ask(enrolment.listed)
    assert text not in str(vars(row)) and text.replace("-", "") not in str(vars(row))


@pytest.mark.parametrize(("times", "hours"), [(0, 1), (1, 0), (1001, 1), (1, 169)])
def test_a_code_that_is_too_good_is_not_made(county, technician, times, hours):
    with pytest.raises(ValueError):
        county.do(enrolment.make, technician.id, times, hours)


def test_a_chip_that_works_elsewhere_is_refused_and_named(county, technician):
    county.do(enrolment.enrol, code(county, technician), CHIP, SECRET)
    refused = county.do(enrolment.enrol, code(county, technician), CHIP, os.urandom(32))
    assert refused == Refused("enrolled-elsewhere", "HMA4CF12000001")
    assert county.ask(terminals.secret, "HMA4CF12000001") == SECRET


def test_a_revoked_module_that_is_still_fitted_is_to_be_taken_off_first(county, technician):
    county.do(enrolment.enrol, code(county, technician), CHIP, SECRET)
    county.do(stock.move, CHIP, "installed", "cli")
    county.do(terminals.revoke, "HMA4CF12000001")
    for secret in (SECRET, os.urandom(32)):
        refused = county.do(enrolment.enrol, code(county, technician), CHIP, secret)
        assert refused == Refused("enrolled-elsewhere", "HMA4CF12000001")
    county.do(stock.move, CHIP, "returned", "cli")
    assert county.do(enrolment.enrol, code(county, technician), CHIP, SECRET).device


def test_a_module_that_never_worked_may_begin_anew_by_the_same_code(county, technician):
    text, fresh = code(county, technician, times=2), os.urandom(32)
    county.do(enrolment.enrol, text, CHIP, SECRET)
    assert county.do(enrolment.enrol, text, CHIP, fresh).device
    assert county.ask(terminals.secret, "HMA4CF12000001") == fresh


def test_a_returned_module_is_enrolled_again_and_a_scrapped_one_never(county, technician):
    county.do(enrolment.enrol, code(county, technician), CHIP, SECRET)
    county.do(stock.move, CHIP, "returned", "cli")
    county.do(terminals.revoke, "HMA4CF12000001")
    assert county.do(enrolment.enrol, code(county, technician), CHIP, os.urandom(32)).device
    county.do(stock.move, CHIP, "scrapped", "cli")
    refused = county.do(enrolment.enrol, code(county, technician), CHIP, os.urandom(32))
    assert refused.word == "scrapped"


def test_a_terminal_for_a_machine_wants_the_machines_data(county: County, technician):
    bare, full = county.machine(), county.machine(**FULL)
    text = code(county, technician)
    refused = county.do(enrolment.enrol, text, CHIP, SECRET, bare.code)
    assert refused == Refused("machine-incomplete", "category, supply, max_a")
    unknown = county.do(enrolment.enrol, text, CHIP, SECRET, "99010100000000")
    assert unknown.word == "machine-unknown"
    assert county.ask(terminals.get, "HMA4CF12000001") is None
    assert county.do(enrolment.enrol, text, CHIP, SECRET, full.code).device
    assert county.do(enrolment.enrol, text, CHIP, SECRET, full.code).device  # again is no more
    trail = select(AuditRow).where(AuditRow.subject == "HMA4CF12000001")
    (row,) = county.ask(lambda unit: list(unit.db.scalars(trail)))
    assert (row.what, row.actor, row.district) == (
        *("terminal-enrolled", technician.id),
        full.district,
    )
    assert row.details["machine"] == full.id and SECRET.hex() not in str(row.details)
    taken = county.do(enrolment.enrol, code(county, technician), OTHER, SECRET, full.code)
    assert taken == Refused("machine-taken", "HMA4CF12000001")


def test_a_revoked_terminal_is_told_of_so_that_its_connection_goes(county, technician):
    county.do(enrolment.enrol, code(county, technician), CHIP, SECRET)
    county.do(terminals.revoke, "HMA4CF12000001")
    heard = []
    handlers = {"terminal-revoked": [lambda unit, event: heard.append(event.subject)]}
    outbox.deliver(county.ground, handlers)
    assert heard == ["HMA4CF12000001"]


def test_enrolment_holds_on_both_databases(either):
    with either.write() as unit:
        _, text = enrolment.make(unit, "somebody", 1, 1)
    with either.write() as unit:
        assert enrolment.enrol(unit, text, CHIP, SECRET).device
    with either.write() as unit:
        assert enrolment.enrol(unit, text, OTHER, SECRET) == Refused("code-spent")


def test_terminals_begin_with_different_brokers_and_each_has_all_in_their_order(
    county, technician
):
    told = "mqtts://a:8883,mqtts://b:8883,mqtts://c:8883"
    county.ground.settings = replace(county.ground.settings, terminal_server=told)
    text = code(county, technician, times=20)
    chips = [f"a4cf120000{number:02}" for number in range(20)]
    servers = {county.do(enrolment.enrol, text, chip, SECRET).server for chip in chips}
    a, b, c = told.split(",")
    assert servers == {f"{a},{b},{c}", f"{b},{c},{a}", f"{c},{a},{b}"}
