"""A terminal leaves its machine for good, where nobody works with it (see web/test_taking_off.py
for the job that ends first)."""

import pytest

from cloud.book import outbox
from cloud.book.audit import AuditRow
from cloud.cases import supply, taking_off
from cloud.cases.taking_off import NoTerminal
from cloud.link import commands, stock, terminals
from cloud.registry import machines

CHIP, DEVICE = "a4cf12abcdef", "HMA4CF12ABCDEF"


@pytest.fixture
def machine(county):
    """A machine with a terminal that was flashed and installed, and is off line."""
    made = county.machine(device=DEVICE)
    county.do(terminals.provision, DEVICE)

    def installed(unit):
        stock.move(unit, CHIP, "flashed", "bench").device = DEVICE
        stock.move(unit, CHIP, "installed", "bench")

    county.do(installed)
    county.clock.forward(1)
    return made


def told(county, subject):
    rows = county.ask(lambda unit: unit.db.query(AuditRow).filter(AuditRow.subject == subject))
    return [(row.what, row.actor) for row in rows.order_by(AuditRow.seq)]


@pytest.mark.parametrize("state", taking_off.STATES)
def test_machine_stock_keys_and_trail_all_say_that_it_is_gone(county, machine, state):
    assert county.do(taking_off.take_off, DEVICE, "office", state, "换型号")
    kept = county.ask(machines.get, machine.id)
    assert (kept.device, kept.fitted_at, kept.code) == (None, None, machine.code)
    assert county.ask(stock.get, CHIP).state == state
    assert county.ask(stock.history, CHIP)[-1].note == "换型号"
    assert county.ask(terminals.secret, DEVICE) is None
    assert told(county, machine.id)[-1] == ("terminal-taken-off", "office")
    assert told(county, CHIP)[-1] == (f"module-{state}", "office")
    assert told(county, DEVICE)[-1] == ("terminal-revoked", "office")


def test_its_connection_is_closed_by_an_event(county, machine):
    dropped = []
    county.do(taking_off.take_off, DEVICE, "office", "returned")
    handlers = {"terminal-revoked": [lambda unit, event: dropped.append(event.subject)]}
    outbox.deliver(county.ground, handlers)
    assert dropped == [DEVICE]


def test_a_second_time_changes_nothing_more(county, machine):
    county.do(taking_off.take_off, DEVICE, "office", "returned")
    before = told(county, machine.id), told(county, DEVICE), len(county.ask(stock.history, CHIP))
    assert county.do(taking_off.take_off, DEVICE, "office", "returned")
    after = told(county, machine.id), told(county, DEVICE), len(county.ask(stock.history, CHIP))
    assert after == before


def test_one_that_was_revoked_before_still_frees_its_machine(county, machine):
    county.do(supply.revoke, DEVICE, "office")
    assert county.do(taking_off.take_off, DEVICE, "office", "scrapped")
    assert county.ask(machines.get, machine.id).device is None
    assert county.ask(stock.get, CHIP).state == "scrapped"


def test_one_that_never_was_in_the_stock_goes_too(county):
    made = county.machine(device="T1")
    county.do(terminals.provision, "T1")
    assert county.do(taking_off.take_off, "T1", "office", "returned")
    assert county.ask(machines.get, made.id).device is None
    assert county.ask(terminals.secret, "T1") is None


def test_another_terminal_can_be_fitted_afterwards(county, machine):
    county.do(taking_off.take_off, DEVICE, "office", "returned")
    county.do(terminals.provision, "T2")
    kept = county.ask(machines.get, machine.id)
    county.do(lambda unit: machines.fit(unit, machines.get(unit, kept.id), "T2"))
    assert county.ask(machines.by_device, "T2").id == machine.id


def test_what_does_not_exist_is_told(county):
    with pytest.raises(NoTerminal):
        county.do(taking_off.take_off, "T9", "office", "returned")


def test_the_stock_alone_does_not_take_it_off_a_machine(county, machine):
    with pytest.raises(supply.StillFitted):
        county.do(supply.move, CHIP, "returned", "office")
    assert county.ask(stock.get, CHIP).state == "installed"
    assert county.ask(terminals.secret, DEVICE) is not None


def test_nothing_is_sent_to_one_that_is_off_line(county, machine):
    county.do(taking_off.take_off, DEVICE, "office", "returned")
    assert county.ask(commands.latest, DEVICE, "lock") is None
