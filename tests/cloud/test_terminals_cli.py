"""`hanma enrol` and `hanma terminal`."""

import json

import pytest
from click.testing import CliRunner

from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.cli import main
from cloud.link import enrolment, stock, terminals
from cloud.registry import machines
from tests.cloud.conftest import County, HandClock


@pytest.fixture
def ground(tmp_path):
    ground = Ground.open(Settings(data_dir=tmp_path))
    migrate(ground.engine)
    yield ground
    ground.close()


@pytest.fixture
def county(ground):
    return County(ground, HandClock())


def hanma(ground, *words):
    settings = {"HANMA_DATA": str(ground.settings.data_dir)}
    done = CliRunner().invoke(main, list(words), env=settings)
    return done.exit_code, done.output


def test_a_code_is_made_listed_and_ended(county, ground):
    technician = county.person("technician")
    exit_code, said = hanma(ground, "enrol", "code", "--for", technician.login, "--times", "3")
    made = json.loads(said)
    assert exit_code == 0 and made["times"] == 3
    assert made["code"] not in hanma(ground, "enrol", "list")[1]
    assert hanma(ground, "enrol", "end", made["id"])[0] == 0
    assert hanma(ground, "enrol", "end", "nothing")[0] == 1


def test_a_welder_gets_no_code(county, ground):
    code, said = hanma(ground, "enrol", "code", "--for", county.welder().login)
    assert code == 1 and "technician" in said


def test_a_module_is_received_noted_returned_and_revoked(county, ground):
    chip = "a4:cf:12:00:00:01"
    assert hanma(ground, "terminal", "move", chip, "received", "--note", "批次 1")[0] == 0
    text = county.do(enrolment.make, "somebody", 1, 1)[1]
    county.do(enrolment.enrol, text, stock.chip_form(chip), bytes(32))
    said = hanma(ground, "terminal", "papers", chip, "--sim-until", "2027-01-20")[1]
    assert json.loads(said)["device"] == "HMA4CF12000001"
    assert hanma(ground, "terminal", "papers", chip, "--sim-until", "soon")[0] == 1
    assert "sim" in hanma(ground, "terminal", "expiring", "--days", "100000")[1]
    assert hanma(ground, "terminal", "move", chip, "returned")[0] == 0
    assert county.ask(terminals.get, "HMA4CF12000001").status == "revoked"
    states = [
        json.loads(x)["state"]
        for x in hanma(ground, "terminal", "history", chip)[1].split("\n")
        if x
    ]
    assert sorted(states) == ["flashed", "received", "returned"]
    assert hanma(ground, "terminal", "revoke", "HM-nobody")[0] == 1
    assert hanma(ground, "terminal", "history", "zz")[0] == 1
    assert "returned" in hanma(ground, "terminal", "stock")[1]


def test_a_terminal_is_taken_off_its_machine_by_a_command(county, ground):
    machine = county.machine(device="T1")
    county.do(terminals.provision, "T1")
    code, said = hanma(ground, "terminal", "take-off", "T1", "--scrap", "--note", "进水")
    told = {"device": "T1", "status": "revoked", "state": "scrapped"}
    assert code == 0 and json.loads(said) == told
    assert county.ask(machines.get, machine.id).device is None
    assert hanma(ground, "terminal", "take-off", "T9")[0] == 1


def test_the_stock_command_names_the_one_that_takes_it_off(county, ground):
    text = county.do(enrolment.make, "somebody", 1, 1)[1]
    county.do(enrolment.enrol, text, "a4cf12000001", bytes(32))
    county.machine(device="HMA4CF12000001")
    code, said = hanma(ground, "terminal", "move", "a4cf12000001", "returned")
    assert code == 1 and "take-off HMA4CF12000001" in said


def test_a_terminal_that_is_on_line_and_does_not_answer_is_not_given_up(county, ground):
    county.machine(device="T1")
    county.do(terminals.provision, "T1")

    def heard(unit):
        row = terminals.locked(unit, "T1")
        row.online, row.relay, row.deadline = True, 1, unit.now + 10**12

    county.do(heard)
    code, said = hanma(ground, "terminal", "take-off", "T1", "--wait-s", "0")
    assert code == 1 and "--unplugged" in said
    assert county.ask(terminals.secret, "T1") is not None
    assert hanma(ground, "terminal", "take-off", "T1", "--unplugged")[0] == 0


def test_a_terminals_own_label_is_printed(county, ground, tmp_path):
    county.do(terminals.provision, "HMA4CF12000001")
    out = tmp_path / "label.pdf"
    code, said = hanma(ground, "terminal", "label", "HMA4CF12000001", "--out", str(out))
    assert code == 0 and "HANMA_HOTLINE" in said
    assert out.read_bytes().startswith(b"%PDF")
    assert hanma(ground, "terminal", "label", "T9", "--out", str(out))[0] == 1
