"""What a journal tells about jobs reaches the book (cloud/work/recorded.py)."""

from typing import Any

import pytest

from cloud.link import journal, terminals

LOG = "aa" * 8


def entry(seq: int, kind: str, at: int, **other: Any) -> dict[str, Any]:
    told = {"log": LOG, "seq": seq, "boot": 1, "up": seq * 1000, "kind": kind, "at": at}
    return told | other


def carry(site: Any, *entries: dict[str, Any], via: str = "phone") -> None:
    """A phone hands in what a dark terminal wrote down."""
    paras = site.terminal.batch(LOG, *entries)

    def hand_in(unit: Any) -> None:
        row = terminals.locked(unit, site.terminal.device)
        assert journal.take(unit, row, paras, via=via).word == "journal"

    site.county.do(hand_in)
    site.deliver()


def dark(site: Any) -> None:
    site.up(site.terminal.leave())
    site.deliver()
    site.clock.forward(60)


def test_off_in_the_journal_of_a_dark_terminal_pauses_the_job(site: Any) -> None:
    job = site.working()
    dark(site)
    carry(site, entry(1, "off", site.clock.now, job=job.id, why="idle"))
    assert site.state(job) == "paused"
    assert "recorded-off" in site.audit()


@pytest.mark.parametrize("via", ["phone", "revoked"])
def test_the_last_journal_of_a_revoked_terminal_is_evidence_and_moves_nothing(
    site: Any, via: str
) -> None:
    job = site.working()
    dark(site)
    carry(site, entry(1, "off", site.clock.now, job=job.id, why="button"), via=via)
    assert "recorded-off" in site.audit()
    moved = (site.state(job), site.job(job).off_confirmed_at is not None)
    assert moved == (("ended", True) if via == "phone" else ("on", False))


@pytest.mark.parametrize("why", ["button", "gas"])
@pytest.mark.parametrize("told_before", [True, False])
def test_what_the_terminal_ended_for_good_is_ended_in_the_book(
    site: Any, why: str, told_before: bool
) -> None:
    job = site.working()
    site.clock.forward(1)
    site.terminal.relay = 0
    if told_before:
        site.beat()
        assert site.state(job) == "paused"
    site.up(site.terminal.entries(LOG, entry(1, "off", site.clock.now, job=job.id, why=why)))
    site.exchange()
    site.clock.forward(1)
    site.beat()
    job = site.job(job)
    assert (job.state, job.end_reason) == ("ended", "terminal-ended")
    assert job.off_confirmed_at is not None


def test_a_record_older_than_what_the_line_told_moves_nothing(site: Any) -> None:
    before = site.clock.now
    site.clock.forward(30)
    job = site.working()
    dark(site)
    carry(site, entry(1, "off", before, job=job.id))
    assert site.state(job) == "on"


def test_while_the_line_stands_the_line_is_believed(site: Any) -> None:
    job = site.working()
    site.up(site.terminal.entries(LOG, entry(1, "on", site.clock.now, job=job.id)))
    site.up(site.terminal.entries(LOG, entry(2, "off", site.clock.now + 5, job=job.id)))
    site.deliver()
    assert site.state(job) == "on"


def test_off_recorded_after_the_end_confirms_the_end(site: Any) -> None:
    job = site.working()
    dark(site)
    site.off(job)
    site.clock.forward(1)
    carry(site, entry(1, "off", site.clock.now, job=job.id))
    assert site.job(job).off_confirmed_at is not None


@pytest.mark.parametrize("why", ["button", "gas"])
def test_a_carried_record_of_an_end_for_good_confirms_the_end_and_raises_nothing(
    site: Any, why: str
) -> None:
    job = site.working()
    dark(site)
    at = site.clock.now
    site.clock.forward(600)  # on the way up
    carry(site, entry(1, "off", at, job=job.id, why=why))
    job = site.job(job)
    assert (job.state, job.off_confirmed_at) == ("ended", site.clock.now)
    site.later(60, beating=False)
    assert site.job(job).off_alarm_at is None


@pytest.mark.parametrize("why", ["button", "gas", "fault"])
def test_a_relay_that_is_told_closed_is_not_confirmed_off_by_the_record(
    site: Any, why: str
) -> None:
    job = site.working()
    site.terminal.deaf = True
    site.clock.forward(1)
    site.beat(mode="fault", relay=1, job="")
    site.up(site.terminal.entries(LOG, entry(1, "off", site.clock.now, job=job.id, why=why)))
    site.deliver()
    job = site.job(job)
    assert (job.state, job.end_reason) == ("ended", "terminal-ended")
    assert job.off_confirmed_at is None
    site.later(60, beating=False)
    assert site.job(job).off_alarm_at is not None
    site.beat(mode="idle", relay=0, job="")  # the contact has let go
    assert site.job(job).off_confirmed_at is not None


@pytest.mark.parametrize("ended_before", [True, False])
def test_a_carried_record_of_a_fault_ends_the_job_and_confirms_nothing(
    site: Any, ended_before: bool
) -> None:
    job = site.working()
    dark(site)
    if ended_before:
        site.off(job)
    site.clock.forward(1)
    carry(site, entry(1, "off", site.clock.now, job=job.id, why="fault"))
    job = site.job(job)
    assert (job.state, job.off_confirmed_at) == ("ended", None)
    site.later(60, beating=False)
    assert site.job(job).off_alarm_at is not None
    assert "off-confirmed" not in site.audit()


def test_a_button_pressed_where_the_contact_is_told_closed_still_confirms_nothing(
    site: Any,
) -> None:
    job = site.working()
    site.terminal.deaf = True
    site.clock.forward(1)
    site.up(site.terminal.entries(LOG, entry(1, "off", site.clock.now, job=job.id, why="button")))
    site.deliver()
    assert (site.state(job), site.job(job).off_confirmed_at) == ("ended", None)


def test_an_entry_about_another_terminals_job_moves_nothing(site: Any, other_site: Any) -> None:
    job = other_site.working()
    carry(site, entry(1, "off", site.clock.now, job=job.id))
    assert other_site.state(job) == "on"


def test_an_emergency_release_goes_into_the_book_of_the_district(site: Any) -> None:
    carry(
        site,
        entry(1, "emergency_on", site.clock.now),
        entry(2, "emergency_off", site.clock.now, why="contact"),
    )
    assert site.audit()[-2:] == ["emergency-on", "emergency-off"]


def test_the_same_journal_brought_twice_is_in_the_book_once(site: Any) -> None:
    for _ in range(2):
        carry(site, entry(1, "emergency_on", site.clock.now))
    assert site.audit().count("emergency-on") == 1
