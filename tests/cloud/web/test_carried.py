"""What a phone carries between cloud and terminal: tickets out, receipts and journals in."""

import json

import pytest

from cloud.link import journal, terminals
from cloud.registry import machines, training
from cloud.work import jobs
from tests.cloud.web.conftest import CHECKS, PASSWORD, PIN

CH = "0011223344556677"
LOG = "aa" * 8


def job_of(county, who, cast):
    return county.ask(lambda unit: jobs.view(unit, cast.machine, who)).job


def send(user, path, body, page="/"):
    """A JSON body, as the page's script sends it."""
    headers = {"X-CSRF-Token": user.token(page), "Accept": "application/json"}
    data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False)
    return user.client.post(path, data=data, headers=headers)


@pytest.fixture
def dark(floor):
    """A job at the point where ON may be pressed, and the terminal's line is down."""
    welder, watch = floor.watched()
    floor.up(floor.terminal.leave())
    return welder, watch, job_of(floor.county, floor.cast.welder, floor.cast)


def test_a_whole_weld_over_the_phone(floor, dark):
    welder, _watch, job = dark
    address = f"/m/{floor.code}/ticket"
    answer = welder.post(address, json=True, act="on", job=job, ch=CH, pin=PIN)
    assert answer.status_code == 200
    told = floor.terminal.take(answer.json["ticket"])
    assert send(welder, "/carried/receipt", told).json == {"ok": True}
    floor.exchange()
    assert welder.state(floor.code)["state"] == "on"
    again = welder.post(address, json=True, act="off", job=job, ch=CH)
    send(welder, "/carried/receipt", floor.terminal.take(again.json["ticket"]))
    floor.exchange()
    assert floor.terminal.relay == 0
    assert welder.state(floor.code)["state"] == "ended"


def test_refusals_come_as_they_do_for_the_page(floor, dark):
    _welder, watch, job = dark
    answer = watch.post(f"/m/{floor.code}/ticket", json=True, act="on", job=job, ch=CH)
    assert answer.status_code == 409
    assert [one["code"] for one in answer.json["refusals"]] == ["not-your-job"]


@pytest.mark.parametrize(
    "change",
    [{"act": "test"}, {"act": ""}, {"job": "nobody"}, {"ch": "short"}, {"job": ""}],
)
def test_a_form_that_no_page_sends_is_bad_input(floor, dark, change):
    welder, _watch, job = dark
    form = {"act": "on", "job": job, "ch": CH} | change
    assert welder.post(f"/m/{floor.code}/ticket", json=True, **form).status_code == 400


def test_a_journal_comes_by_phone_and_stored_goes_back(floor, dark):
    welder, _watch, _job = dark
    entry = {"log": LOG, "seq": 1, "boot": 1, "up": 5, "kind": "boot"}
    answer = send(welder, "/carried/T1/journal", floor.terminal.entries(LOG, entry))
    assert (answer.status_code, answer.json["to"]) == (200, 1)
    paras = json.loads(answer.json["stored"])["services"][0]["paras"]
    assert paras["mac"] == floor.terminal._mac("command", f"T1|stored|{LOG}|1")
    assert send(welder, "/carried/T1/journal", floor.terminal.batch(LOG, entry)).json["to"] == 1


def test_the_last_journal_of_a_revoked_terminal_is_still_taken(floor, dark):
    welder, _watch, _job = dark
    floor.county.do(terminals.revoke, "T1")
    entry = {"log": LOG, "seq": 1, "boot": 1, "up": 5, "kind": "boot"}
    body = floor.terminal.entries(LOG, entry)
    assert send(welder, "/carried/T1/journal", body).json["to"] == 1
    assert [one.via for one in floor.county.ask(journal.entries, "T1", LOG)] == ["revoked"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/carried/receipt", b"hello", 400),
        ("/carried/receipt", {}, 400),
        ("/carried/receipt", {"id": "0" * 32, "code": 200}, 400),
        ("/carried/T1/journal", {"log": LOG, "from": 1, "to": 1, "entries": [], "mac": "0"}, 400),
        ("/carried/T1/journal", b"\xff", 400),
        ("/carried/nobody/journal", {"log": LOG, "from": 1, "to": 1, "entries": []}, 404),
    ],
)
def test_what_no_terminal_said_is_not_taken(browser, cast, floor, path, body, status):
    assert send(browser(cast.technician), path, body).status_code == status


def trained(county, person):
    row = training.training_row(
        person.id, organiser="演示培训", kind="exam", held_on=county.day(-10), passed=True
    )
    county.do(training.add_trainings, [row])


def test_a_technician_gets_a_test_ticket_and_nobody_works_meanwhile(browser, cast, floor, county):
    trained(county, cast.technician)
    technician = browser(cast.technician)
    form = {"device": "T1", "act": "test", "ch": CH}
    answer = technician.post("/technician/ticket", json=True, **form)
    assert answer.status_code == 200
    told = floor.terminal.take(answer.json["ticket"])
    assert send(technician, "/carried/receipt", told).json == {"ok": True}
    floor.applied()
    assert technician.post("/technician/ticket", json=True, **form).status_code == 409
    for change in ({"act": "on"}, {"ch": ""}, {"device": ""}):
        assert technician.post("/technician/ticket", json=True, **form | change).status_code == 400


def test_no_test_ticket_without_training_nor_for_a_machine_that_is_locked(
    browser, cast, floor, county
):
    form = {"device": "T1", "act": "test", "ch": CH}
    technician = browser(cast.technician)
    untrained = technician.post("/technician/ticket", json=True, **form)
    assert untrained.json["refusals"][0]["code"] == "technician-untrained"
    trained(county, cast.technician)
    county.do(lambda unit: setattr(machines.by_device(unit, "T1"), "status", "locked"))
    refused = technician.post("/technician/ticket", json=True, **form)
    assert refused.json["refusals"][0]["code"] == "terminal-locked"


# --- presence by Bluetooth -----------------------------------------------------------------------


def prove_here(floor, user, who):
    """The phone takes a ticket to the terminal, and its answer back."""
    form = {"job": job_of(floor.county, who, floor.cast), "ch": CH}
    answer = user.post(f"/m/{floor.code}/here", json=True, **form)
    assert answer.status_code == 200, answer.text
    told = floor.terminal.take(answer.json["ticket"])
    assert send(user, "/carried/receipt", told).json == {"ok": True}


def test_the_terminals_answer_stands_in_for_the_spoken_code(browser, floor):
    welder, watch = floor.applied(), browser(floor.cast.fire_watch)
    for user, who, step, ticks in (
        (welder, floor.cast.welder, "check", CHECKS),
        (watch, floor.cast.fire_watch, "watch", ["site", "stay"]),
    ):
        if step == "watch":
            assert watch.picture(floor.code).status_code == 200
        page = user.get(f"/m/{floor.code}").text
        assert 'name="code"' in page and 'id="here" hidden' in page
        assert f'data-here="/m/{floor.code}/here"' in page
        prove_here(floor, user, who)
        page = user.get(f"/m/{floor.code}").text
        assert 'name="code"' not in page and "终端已经用蓝牙证明您在场" in page
        assert user.step(floor.code, step, ticks=ticks, ten="1")["ok"]
    assert floor.terminal.spoken == []
    assert welder.state(floor.code)["state"] == "watched"


def test_after_its_seconds_the_page_asks_for_the_code_again(floor):
    welder = floor.applied()
    prove_here(floor, welder, floor.cast.welder)
    assert welder.state(floor.code)["times"]["here_until"]
    floor.county.clock.forward(60)
    assert "here_until" not in welder.state(floor.code)["times"]
    assert 'name="code"' in welder.get(f"/m/{floor.code}").text
    answer = welder.post(f"/m/{floor.code}/check", json=True, ticks=CHECKS, ten="1")
    assert answer.status_code == 400 and "验证码" in answer.json["refusals"][0]["words"]


def test_a_code_that_is_typed_beside_the_answer_is_not_judged(floor):
    welder = floor.applied()
    prove_here(floor, welder, floor.cast.welder)
    assert welder.step(floor.code, "check", code="", ticks=CHECKS, ten="1")["ok"]


@pytest.mark.parametrize("change", [{"ch": ""}, {"ch": "short"}, {"job": ""}, {"job": "nobody"}])
def test_a_form_for_presence_that_no_page_sends_is_bad_input(floor, change):
    welder = floor.applied()
    form = {"job": job_of(floor.county, floor.cast.welder, floor.cast), "ch": CH} | change
    assert welder.post(f"/m/{floor.code}/here", json=True, **form).status_code == 400


def test_whose_turn_it_is_not_gets_the_refusal(browser, floor):
    floor.applied()
    form = {"job": job_of(floor.county, floor.cast.welder, floor.cast), "ch": CH}
    watch = browser(floor.cast.fire_watch)
    answer = watch.post(f"/m/{floor.code}/here", json=True, **form)
    assert answer.status_code == 409
    assert [one["code"] for one in answer.json["refusals"]] == ["wrong-step"]
    for person in (floor.cast.officer, floor.cast.enterprise, floor.cast.technician):
        answer = browser(person).post(f"/m/{floor.code}/here", json=True, **form)
        assert answer.status_code == 403


# --- the fire watch underground ------------------------------------------------------------------


def stranger(floor):
    """A fire watch of the same works who is not this job's."""
    return floor.county.person("fire_watch", enterprise=floor.cast.works, password=PASSWORD)


def test_the_fire_watch_takes_along_and_the_welders_ticket_says_so(floor):
    welder, watch = floor.watched()
    job = welder.state(floor.code)["job"]
    told = watch.post(f"/m/{floor.code}/along", json=True, job=job).json
    assert told["every_s"] == 3600 and told["square"].startswith("<svg")
    assert welder.state(floor.code)["along"]
    answer = welder.post(f"/m/{floor.code}/ticket", json=True, act="on", job=job, pin=PIN)
    assert answer.json["watched"]
    assert floor.terminal.take(answer.json["ticket"])["word"] == "fire-watch"
    beside = floor.terminal.take(f"{answer.json['ticket']}.{told['secret']}")
    assert (beside["code"], floor.terminal.relay) == (200, 1)


def test_nobody_else_gets_the_secret(floor, browser):
    welder, _watch = floor.watched()
    job = welder.state(floor.code)["job"]
    assert welder.post(f"/m/{floor.code}/along", json=True, job=job).status_code == 403
    other = browser(stranger(floor))
    answer = other.post(f"/m/{floor.code}/along", json=True, job=job)
    assert (answer.status_code, "secret" in answer.json) == (409, False)
    assert other.post(f"/m/{floor.code}/along", json=True, job="nobody").status_code == 400


def test_a_check_in_is_brought_later_and_only_by_the_fire_watch_of_that_job(floor, browser):
    _welder, watch = floor.watched()
    told = {"job": watch.state(floor.code)["job"], "at": floor.county.clock.now}
    assert send(watch, "/carried/watch", told).json == {"ok": True}
    other = browser(stranger(floor))
    assert send(other, "/carried/watch", told).status_code == 400
    for wrong in ({"at": told["at"]}, told | {"at": 2**50}, told | {"at": "now"}, {"job": 1}):
        assert send(watch, "/carried/watch", wrong).status_code == 400
