"""`hanma keys`: a fresh key in place of each, and what the old ones kept stays readable."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cloud.base.clock import now_ms
from cloud.base.signing import Signer
from cloud.base.unit import Ground
from cloud.book import audit, checkpoints, inspection, media
from cloud.cases import supply
from cloud.cli import main
from cloud.link import enrolment, stock, terminals
from cloud.oversight import evidence_file
from cloud.registry import accounts, machines, people
from cloud.work import job as table
from simulator.world.jpeg import jpeg as drawn
from tests import databases
from tests.cloud.conftest import PASSWORD, County

GREY, DARK = drawn([[10, 200], [90, 30]]), drawn([[1, 2], [3, 4]])
PHONE = "13800000000"
CHIP, DEVICE = "a4cf12000001", "HMA4CF12000001"


@pytest.fixture(autouse=True)
def today(county: County) -> None:
    """The command has the clock of the computer."""
    county.clock.now = now_ms()


def hanma(ground: Ground, *words: str) -> Result:
    return CliRunner().invoke(main, list(words), env=databases.told(ground.settings.data_dir))


def last(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.output.splitlines()[-1])


def whats(county: County) -> list[tuple[str, str]]:
    with county.ground.read() as unit:
        rows = unit.db.query(audit.AuditRow).filter(audit.AuditRow.what.like("%key-re%"))
        return [(row.what, row.subject) for row in rows]


def test_a_fresh_data_key_seals_and_what_was_sealed_before_is_read(county: County) -> None:
    ground = county.ground
    old = county.person("welder", phone=PHONE)
    county.do(media.keep, media.ready(GREY, "site"))
    before = ground.keys.id
    told = last(hanma(ground, "keys", "data"))
    new = county.person("welder", phone="13900000000")
    county.do(media.keep, media.ready(DARK, "site"))
    assert new.phone_sealed.startswith(told["now"]) and old.phone_sealed.startswith(before)
    again = Ground.open(ground.settings)  # a cloud that starts anew
    for one in (ground, again):
        with one.read() as unit:
            assert people.phone(unit, unit.db.get(people.Person, old.id)) == PHONE
            assert [one.id for one in people.by_phone(unit, PHONE)] == [old.id]
            pictures = unit.db.query(media.Media).all()
            assert {media.opened(unit, row.digest) for row in pictures} >= {GREY, DARK}
    again.close()
    assert last(hanma(ground, "keys", "list"))["data"] == {"now": told["now"], "earlier": [before]}
    assert whats(county) == [("key-renewed", "data")]


def test_a_fresh_signing_key_and_what_the_old_one_signed_is_good(
    county: County, tmp_path: Path
) -> None:
    ground, data = county.ground, county.ground.settings.data_dir
    county.do(audit.write, "990101001", "x", "made-up", "y", {})
    county.do(checkpoints.write)
    old = Signer.load(data)
    told = last(hanma(ground, "keys", "signing"))
    county.do(audit.write, "990101001", "x", "made-up", "y", {})
    county.do(checkpoints.write)
    new = Signer.load(data)
    signers = [checkpoints.read(path.read_text()).public for path in checkpoints.files(data)]
    assert (
        signers == [old.public, old.public, new.public] and told["fingerprint"] == new.fingerprint
    )
    assert county.ask(inspection.inspect).findings == []
    assert [*last(hanma(ground, "audit", "key"))["earlier"]] == [old.fingerprint]
    file = tmp_path / "one.evidence"
    points = [
        {"number": number, "text": path.read_text()}
        for number, path in enumerate(checkpoints.files(data), 1)
    ]
    tables: Any = {"about": [{"job": "x"}], "checkpoint": points}
    tables |= {"picture": [], "audit_link": [], "audit_row": []}
    evidence_file.write(file, tables, new)
    assert evidence_file.verify(file, new.fingerprint).wrong == []
    assert evidence_file.verify(file, old.fingerprint).wrong == ["key"]


def test_a_signing_key_that_cannot_be_replaced_goes_on_and_the_book_tells_of_the_try(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = county.ground
    county.do(audit.write, "990101001", "x", "made-up", "y", {})
    before = Signer.load(ground.settings.data_dir).fingerprint

    def full(*_given: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("cloud.base.signing.files.put", full)
    assert hanma(ground, "keys", "signing").exit_code == 1
    assert Signer.load(ground.settings.data_dir).fingerprint == before
    assert whats(county) == [("key-renewal", "signing")]
    assert county.ask(inspection.inspect).findings == []


def test_the_old_signing_key_signs_nothing_more(county: County) -> None:
    """Whoever stole it signs a checkpoint later, or tells of a succession from its own key."""
    ground, data = county.ground, county.ground.settings.data_dir
    county.do(audit.write, "990101001", "x", "made-up", "y", {})
    Signer.load(data)
    seed = (data / "keys" / "platform.key").read_bytes()
    last(hanma(ground, "keys", "signing"))
    fresh = (data / "keys" / "platform.key").read_bytes()
    county.clock.now += 1000 * 86_400 * 365 * 30
    county.do(audit.write, "990101001", "x", "made-up", "y", {})
    (data / "keys" / "platform.key").write_bytes(seed)
    stolen = county.do(checkpoints.write)
    (data / "keys" / "platform.key").write_bytes(fresh)
    assert [(one.row, one.what) for one in county.ask(inspection.inspect).findings] == [
        (stolen.name, "foreign-key")
    ]
    told = json.loads((data / "keys" / "succession.json").read_text())
    told[0] |= {"from": Signer(bytes(32)).public}
    (data / "keys" / "succession.json").write_text(json.dumps(told))
    assert Signer.load(data).earlier == {}


def test_with_a_fresh_session_key_all_sign_in_again_and_open_forms_are_void(
    county: County,
) -> None:
    ground = county.ground
    person = county.person("welder", password=PASSWORD)
    signed = accounts.sign_in(ground, person.login, PASSWORD, "127.0.0.1")
    before = ground.keys.csrf
    assert last(hanma(ground, "keys", "sessions"))["ended"] == 1
    assert county.ask(accounts.sessions_of, person.id) == [] and signed
    assert ground.keys.csrf != before
    assert whats(county) == [("key-renewed", "sessions")]


def renewing(county: County) -> tuple[Any, str]:
    """A machine whose terminal works, and a code that renews it."""
    technician, machine = county.person("technician"), county.machine(device=DEVICE)
    text = county.do(enrolment.make, technician.id, 1, 8)[1]
    county.do(enrolment.enrol, text, CHIP, bytes(range(32)))
    told = last(hanma(county.ground, "keys", "terminal", DEVICE, "--for", technician.login))
    return machine, told["code"]


def test_no_fresh_secret_while_a_job_is_open_there_whose_off_would_not_be_believed(
    county: County,
) -> None:
    machine, code = renewing(county)
    given = {"machine_id": machine.id, "device": DEVICE, "welder_id": county.welder().id}
    given |= {"enterprise_id": machine.enterprise_id, "district": machine.district}
    job = county.do(table.opened, "on", site="", work="", voucher="", **given)
    refused = county.do(supply.enrol, code, CHIP, bytes(32))
    assert refused == enrolment.Refused("job-open", DEVICE)
    assert county.ask(terminals.secret, DEVICE) == bytes(range(32))
    county.do(lambda unit: table.move(unit, unit.db.merge(job), "job-ended", state="ended"))
    assert county.do(supply.enrol, code, CHIP, bytes(32)).device == DEVICE
    assert county.ask(terminals.secret, DEVICE) == bytes(32)


def test_a_terminal_that_is_erased_for_a_fresh_secret_begins_as_locked_as_its_machine(
    county: County,
) -> None:
    machine, code = renewing(county)
    assert not county.do(supply.enrol, code, CHIP, bytes(32)).locked
    county.do(lambda unit: machines.set_status(unit, unit.db.merge(machine), "locked"))
    assert county.do(supply.enrol, code, CHIP, bytes(32)).locked


def test_a_terminal_gets_a_fresh_secret_where_it_is_fitted_by_a_code_for_it_alone(
    county: County,
) -> None:
    ground, technician = county.ground, county.person("technician")
    text = county.do(enrolment.make, technician.id, 2, 8)[1]
    county.do(enrolment.enrol, text, CHIP, bytes(range(32)))
    machine = county.machine(device=DEVICE)
    county.do(stock.move, CHIP, "installed", "x")
    told = last(hanma(ground, "keys", "terminal", DEVICE, "--for", technician.login))
    code, fresh = told["code"], bytes(32)
    assert county.ask(terminals.secret, DEVICE) == bytes(range(32))  # until the bench has done it
    other = county.do(enrolment.enrol, code, "a4cf12000002", fresh)
    assert other == enrolment.Refused("code-wrong")
    usual = county.do(enrolment.enrol, text, CHIP, fresh)
    assert usual == enrolment.Refused("enrolled-elsewhere", DEVICE)
    made = county.do(enrolment.enrol, code, CHIP, fresh)
    assert made.device == DEVICE and county.ask(terminals.secret, DEVICE) == fresh
    assert county.ask(machines.by_device, DEVICE).id == machine.id
    assert county.ask(stock.get, CHIP).state == "installed"
    assert ("terminal-key-renewal", DEVICE) in whats(county)


@pytest.mark.parametrize("device", ["HMNOBODY", DEVICE])
def test_no_code_for_a_terminal_that_is_not_there_or_revoked(county: County, device: str) -> None:
    technician = county.person("technician")
    county.do(terminals.provision, DEVICE)
    county.do(terminals.revoke, DEVICE)
    refused = hanma(county.ground, "keys", "terminal", device, "--for", technician.login)
    assert refused.exit_code == 1 and device in refused.output
