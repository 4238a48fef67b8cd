"""What is kept for all who look serves only those with the same sight, while it is theirs."""

from dataclasses import replace

import pytest

from cloud.cases import alarms
from cloud.registry import accounts, departments
from cloud.web.regulator import status


@pytest.fixture
def settings(settings):
    return replace(settings, figures_s=3600)


@pytest.fixture
def raised(county, cast):
    """An open alarm in the officer's district, of the trade `industry`."""
    machine = cast.machine
    place = {"district": machine.district, "machine_id": machine.id}
    county.do(lambda unit: alarms.raise_alarm(unit, "TAMPER", "T1", **place))


def part(user, known=""):
    return user.get("/status.part", headers={"If-None-Match": known})


def shows_the_alarm(user):
    return "终端外壳被打开" in part(user).text


def test_each_sight_has_a_part_of_its_own(browser, cast, raised):
    near, far, office = browser(cast.officer), browser(cast.far_officer), browser(cast.office)
    assert [shows_the_alarm(one) for one in (near, far, office)] == [True, False, True]
    assert part(far, part(near).headers["ETag"]).status_code == 200
    assert part(near, part(near).headers["ETag"]).status_code == 304


def test_who_is_posted_elsewhere_sees_so_at_the_next_poll(browser, cast, county, raised):
    officer = browser(cast.officer)
    known = part(officer).headers["ETag"]
    county.do(lambda unit: departments.put(unit, "SC", "特种设备处", {"special"}))
    county.do(lambda unit: departments.post(unit, unit.db.merge(cast.officer), "SC"))
    answer = part(officer, known)
    assert answer.status_code == 200 and not shows_the_alarm(officer)


def test_who_is_signed_out_gets_nothing_for_a_known_tag(browser, cast, county, raised):
    officer = browser(cast.officer)
    known = part(officer).headers["ETag"]
    county.do(lambda unit: accounts.sign_out_everywhere(unit, cast.officer.id))
    answer = part(officer, known)
    assert answer.status_code in (303, 401) and not answer.headers.get("ETag")


def test_a_filter_beyond_ones_sight_opens_nothing(browser, cast, raised):
    far = browser(cast.far_officer)
    text = far.get("/status.part", query_string={"district": "990101"}).text
    assert "终端外壳被打开" not in text


def test_who_handled_an_alarm_sees_it_gone_at_once(browser, cast, county, raised):
    officer = browser(cast.officer)
    (alarm,) = officer.get("/alarms.json").json["alarms"]
    assert shows_the_alarm(officer)
    officer.post(f"/alarms/{alarm['id']}/verify", words="现场已看")
    officer.post(f"/alarms/{alarm['id']}/close", words="已修好")
    assert not shows_the_alarm(officer)


def test_a_part_is_drawn_anew_only_when_there_is_news(browser, cast, raised, monkeypatch):
    officer, drawn = browser(cast.officer), []
    render = status.render_template
    noted = lambda *args, **given: drawn.append(args[0]) or render(*args, **given)  # noqa: E731
    monkeypatch.setattr(status, "render_template", noted)
    kept = officer.client.application.extensions["hanma_figures"].parts
    known = part(officer).headers["ETag"]
    for one in kept._made.values():
        one.until = 0.0
    assert part(officer, known).status_code == 304
    assert drawn == ["regulator/live.html"]
