"""What holds for every address of the pages, generated from the route table: whoever asks."""

import re

import pytest

from cloud.base.formats import identity_check
from cloud.book.audit import AuditRow
from cloud.cases import looks
from cloud.web import headers
from cloud.web.rights import BY_TOKEN, allowed

NUMBER = "990101199003070" + "01"
IDENTITY = NUMBER + identity_check(NUMBER)
PHONE = "13812345678"
WHO = ("welder", "fire_watch", "enterprise", "technician", "officer", "office", "platform", None)
HEADERS = {*headers._ALWAYS, "Content-Security-Policy"}
INSIDE = re.compile(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|javascript:")
FOREIGN = re.compile(r'(?:src|href|action)="(?!/|#)')


@pytest.fixture
def addresses(app, cast):
    """(endpoint, method, address, whether it names a machine) of every route but the files."""
    with app.test_request_context():
        return [
            (
                rule.endpoint,
                method,
                rule.build({one: cast.code if one == "code" else "0" for one in rule.arguments})[
                    1
                ],
                "code" in rule.arguments,
            )
            for rule in sorted(app.url_map.iter_rules(), key=str)
            if rule.endpoint not in BY_TOKEN | {"static", "accounts.logout"}
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]


@pytest.fixture
def canaries(county, cast):
    """People with numbers that no page may show."""
    firm = cast.works
    county.person("welder", enterprise=firm, identity=IDENTITY, phone=PHONE, status="pending")
    county.person("fire_watch", enterprise=firm, phone=PHONE)


@pytest.mark.parametrize("who", WHO)
def test_every_answer_to_everybody_is_guarded_and_shows_nobodys_number(
    addresses, browser, floor, canaries, who, caplog
):
    caplog.set_level("DEBUG")
    user = browser(getattr(floor.cast, who) if who else None)
    token = {"X-CSRF-Token": user.token("/")}
    for endpoint, method, address, _machine in addresses:
        answer = user.client.open(address, method=method, headers=token, buffered=True)
        told = {name: answer.headers.get(name) for name in HEADERS}
        assert told["Content-Security-Policy"].startswith("default-src 'self'"), address
        assert "unsafe" not in told["Content-Security-Policy"], address
        assert all(told.values()), (address, told)
        assert answer.status_code < 500, (endpoint, method)
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert "HttpOnly" in cookie and "SameSite=Lax" in cookie, cookie
        if answer.mimetype == "text/html":
            assert not INSIDE.search(answer.text), address
            assert not FOREIGN.search(answer.text), address
        assert IDENTITY not in answer.text and PHONE not in answer.text, address
        assert not (answer.location and PHONE in answer.location)
    assert IDENTITY not in caplog.text and PHONE not in caplog.text


@pytest.mark.parametrize("who", WHO)
def test_no_post_moves_anything_without_this_sessions_token(addresses, browser, floor, who):
    user = browser(getattr(floor.cast, who) if who else None)
    roles = frozenset({who}) if who else None
    for endpoint, method, address, _machine in addresses:
        if method != "GET" and allowed(endpoint, roles):
            answer = user.client.open(
                address, method=method, headers={"Accept": "application/json"}
            )
            assert answer.status_code == 403, endpoint
            assert answer.json["refusals"][0]["code"] == "csrf", endpoint


@pytest.mark.parametrize("who", ["far_officer", "far_enterprise", "technician"])
def test_whatever_address_names_a_machine_is_shut_to_whom_it_does_not_concern(
    addresses, county, browser, floor, who
):
    far = county.person(
        "enterprise", enterprise=county.enterprise("演示二厂"), password="made-up-password"
    )
    person = far if who == "far_enterprise" else getattr(floor.cast, who)
    user = browser(person)
    headers = {"Accept": "application/json", "X-CSRF-Token": user.token("/account/sessions")}
    form = {"reason": "演示", "what": "off", "word": "lock", "act": "off"}
    opened = [
        (endpoint, answer.status_code)
        for endpoint, method, address, machine in addresses
        if machine
        and (who != "technician" or endpoint != "welder.machine")  # led to their own page
        if not (who == "technician" and endpoint.startswith("technician."))
        for answer in [user.client.open(address, method=method, data=form, headers=headers)]
        if answer.status_code not in (400, 401, 403, 404)
    ]
    assert opened == []


def test_whoever_reaches_for_what_is_not_theirs_stands_in_the_trail(county, browser, cast):
    far = browser(cast.far_officer)
    assert far.get(f"/m/{cast.code}").status_code == 403
    assert browser(cast.welder).get("/office/registrations").status_code == 403

    def rows(unit):
        found = unit.db.query(AuditRow).filter(AuditRow.what == "access-denied")
        return {(row.actor, row.subject) for row in found}

    assert county.ask(rows) == {
        (cast.far_officer.id, "welder.machine"),
        (cast.welder.id, "office.waiting"),
    }


def test_a_look_at_a_sealed_number_needs_a_reason_and_is_recorded(county, browser, cast):
    seen = county.person("welder", identity=IDENTITY, phone=PHONE, status="pending")
    office = browser(cast.office)
    page, path = "/office/registrations", f"/office/people/{seen.id}/look"
    assert IDENTITY not in office.get(page).text
    assert office.post(path, page=page, field="identity").status_code == 400
    assert office.post(path, page=page, field="name", reason="核对").status_code == 400
    shown = office.post(path, page=page, field="identity", reason="核对")
    assert IDENTITY in shown.text and shown.headers["Cache-Control"] == "no-store"
    assert office.post(path, page=page, json=True, field="phone", reason="联系").json["phone"]
    assert office.post("/office/people/0/look", page=page, field="phone", reason="x").status == (
        "404 NOT FOUND"
    )

    def rows(unit):
        found = unit.db.query(AuditRow).filter(AuditRow.what == "looked")
        return [(row.actor, row.subject, row.details["field"], str(row.details)) for row in found]

    trail = county.ask(rows)
    assert [one[:3] for one in trail] == [
        (cast.office.id, seen.id, "identity"),
        (cast.office.id, seen.id, "phone"),
    ]
    # The reason may tell of the person: in the trail is what proves it, the words lie beside it.
    assert not any(word in told for *_, told in trail for word in ("核对", "联系"))
    assert [one["why"] for one in county.ask(looks.at, seen.id)] == ["核对", "联系"]
    assert browser(cast.officer).post(path, field="phone", reason="x").status_code == 403
