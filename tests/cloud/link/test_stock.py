"""Where each module is, and what runs out."""

from datetime import date

import pytest

from cloud.link import stock
from cloud.link.stock import BadStock

CHIP = "a4cf12000001"


def test_a_module_goes_from_hand_to_hand_and_all_of_it_is_kept(county):
    for state in ("received", "flashed", "installed", "returned", "flashed", "scrapped"):
        county.clock.forward(1)
        county.do(stock.move, CHIP, state, "cli", "note of " + state)
    told = county.ask(stock.history, CHIP)
    assert [one.state for one in told][-2:] == ["flashed", "scrapped"] and len(told) == 6
    assert county.ask(stock.listed, "scrapped")[0].chip == CHIP
    assert county.ask(stock.listed, "received") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [("received", "installed"), ("scrapped", "flashed"), ("installed", "flashed")],
)
def test_a_step_that_cannot_be_is_refused(county, before, after):
    for state in {"installed": ["flashed", "installed"]}.get(before, ["received", before][-1:]):
        if state == "scrapped":
            county.do(stock.move, CHIP, "received", "cli")
        county.do(stock.move, CHIP, state, "cli")
    with pytest.raises(BadStock):
        county.do(stock.move, CHIP, after, "cli")


def test_what_runs_out_is_told_the_most_urgent_first(county):
    row = county.do(stock.move, CHIP, "received", "cli")

    def note(unit, **papers):
        blank = {"sim_until": "", "insurance": "", "insurance_until": ""}
        stock.set_papers(unit, stock.get(unit, row.chip), **(blank | papers))

    county.do(note, sim_until="2027-03-01", insurance="PICC-1", insurance_until="2027-02-01")
    found = county.ask(stock.expiring, date(2027, 1, 15), 30)
    assert [(what, until) for _, what, until in found] == [("insurance", "2027-02-01")]
    found = county.ask(stock.expiring, date(2027, 1, 15), 60)
    assert [what for _, what, _ in found] == ["insurance", "sim"]
    with pytest.raises(BadStock):
        county.do(note, sim_until="soon")
    assert county.ask(stock.get, CHIP).insurance == "PICC-1"


@pytest.mark.parametrize("text", ["A4:CF:12:00:00:01", "a4-cf-12-00-00-01", " a4cf12000001 "])
def test_an_address_is_read_as_people_write_it(text):
    assert stock.chip_form(text) == CHIP


def test_what_is_no_address_is_refused():
    with pytest.raises(BadStock):
        stock.chip_form("a4cf12")
