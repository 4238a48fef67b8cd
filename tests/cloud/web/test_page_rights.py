"""One rights table for all pages: every route times every role and nobody, generated."""

import pytest

from cloud.registry.people import ROLES
from cloud.web.rights import ANYONE, BY_TOKEN, RIGHTS, UNFINISHED, allowed

NOBODY = "nobody"
WHO = {
    "welder": "welder",
    "fire_watch": "fire_watch",
    "enterprise": "enterprise",
    "technician": "technician",
    "officer": "officer",
    "office": "office",
    "platform": "platform",
}
SHUT = {302, 303, 401, 403}


def routes(app):
    """(endpoint, method, address) of every route but the files."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                yield rule.endpoint, method, rule


def test_every_route_is_in_the_table_and_the_table_has_no_other(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(RIGHTS)


def test_the_table_names_only_roles_that_there_are():
    assert set().union(*RIGHTS.values()) - ANYONE <= ROLES


def test_an_endpoint_outside_the_table_is_closed_to_everybody():
    assert not allowed("anything.new", frozenset(ROLES))
    assert not allowed("anything.new", None)


def test_only_a_welder_may_press_on():
    assert RIGHTS["welder.on"] == {"welder"}


@pytest.mark.parametrize("who", [*WHO, NOBODY])
def test_every_route_opens_for_whom_the_table_says_and_for_nobody_else(app, browser, floor, who):
    """Asked as a program; open = the page itself judged the request, whatever it then said."""
    cast = floor.cast
    user = browser(None if who == NOBODY else getattr(cast, WHO[who]))
    roles = None if who == NOBODY else frozenset({who})
    token = user.token("/")
    wrong = []
    with app.test_request_context():
        known = {"code": cast.code}
        addresses = [
            (e, m, rule.build({name: known.get(name, "0") for name in rule.arguments})[1])
            for e, m, rule in routes(app)
            if e not in BY_TOKEN  # judged by their tokens: test_terminal.py
        ]
    for endpoint, method, address in sorted(addresses):
        if endpoint == "accounts.logout":
            continue  # it would end the walk; below
        headers = {"Accept": "application/json", "X-CSRF-Token": token}
        answer = user.client.open(address, method=method, headers=headers)
        shut = answer.status_code == 401 or (
            answer.status_code == 403 and answer.json["refusals"][0]["code"] == "forbidden"
        )
        if endpoint == "welder.machine" and who == "platform":
            assert shut  # the page is open to scans, this machine is not theirs
        elif endpoint == "accounts.login" and method == "POST":
            assert answer.status_code == 400  # the empty form was judged
        elif shut == allowed(endpoint, roles):
            wrong.append((endpoint, method, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("who", ["officer", "office"])
def test_without_the_second_factor_they_open_nothing_but_the_page_that_makes_it(
    app, browser, floor, who
):
    user = browser()
    user.sign_in(getattr(floor.cast, who))
    headers = {"Accept": "application/json", "X-CSRF-Token": user.token("/account/factor")}
    opened = set()
    with app.test_request_context():
        known = {"code": floor.cast.code}
        addresses = [
            (e, m, rule.build({name: known.get(name, "0") for name in rule.arguments})[1])
            for e, m, rule in routes(app)
            if e not in BY_TOKEN and e != "accounts.logout"
        ]
    for endpoint, method, address in addresses:
        answer = user.client.open(address, method=method, headers=headers)
        refused = answer.status_code == 403 and answer.json["refusals"][0]["code"]
        if refused not in ("second-factor-first", "forbidden"):
            opened.add(endpoint)
    assert opened == UNFINISHED - {"accounts.logout"}


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/", "/login?next=/"),
        ("/?page=2", "/login?next=/?page%3D2"),
        ("/find?code=1", "/login?next=/find?code%3D1"),
    ],
)
def test_somebody_signed_out_is_led_to_the_log_in_form_and_back(client, path, to):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (303, to)


def test_a_press_after_the_session_ended_leads_back_to_the_machine(post, cast):
    answer = post(f"/m/{cast.code}/on", page="/login")
    assert (answer.status_code, answer.location) == (303, f"/m/{cast.code}")


@pytest.mark.parametrize("path", ["/status.json", "/m/{code}/state"])
def test_programs_are_told_to_log_in(client, cast, path):
    answer = client.get(path.format(code=cast.code), headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.json["refusals"][0]["code"] == "log-in"


def test_an_officer_of_another_district_sees_neither_the_machine_nor_its_state(browser, cast):
    far = browser(cast.far_officer)
    assert far.get(f"/m/{cast.code}").status_code == 403
    assert far.get(f"/m/{cast.code}/state").status_code == 403
    assert far.post(f"/m/{cast.code}/off", reason="无人监护").status_code == 403


def test_an_officer_sees_a_machine_that_works_in_the_district(browser, county, floor):
    elsewhere = county.machine(floor.cast.works, device="T2", district="990202001")
    far = browser(floor.cast.officer)
    assert far.get(f"/m/{elsewhere.code}").status_code == 403
    near = browser(floor.cast.far_officer)
    assert near.get(f"/m/{elsewhere.code}").status_code == 200


def test_an_enterprise_sees_its_own_machines_only(browser, county, cast):
    theirs = county.machine(county.enterprise("演示二厂"))
    owner = browser(cast.enterprise)
    assert owner.get(f"/m/{cast.code}").status_code == 200
    assert owner.get(f"/m/{theirs.code}").status_code == 403


def test_rights_that_were_taken_are_gone_at_the_next_request(browser, county, cast):
    from cloud.registry import people

    officer = browser(cast.officer)
    assert officer.get("/status.json").status_code == 200
    county.do(lambda unit: people.set_status(unit, people.get(unit, cast.officer.id), "blocked"))
    assert officer.get("/status.json").status_code == 401
