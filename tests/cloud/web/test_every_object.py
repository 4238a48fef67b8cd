"""Whoever knows the name of a thing that is not theirs gets nothing by it, over every address.

The names are real ones, so an address that answers a stranger would give something away; a person
who may is asked last, to see that the name was real there.
"""

import pytest

from cloud.cases import alarms, service
from cloud.link import snapshots, stock
from cloud.registry import contracts, training
from cloud.web.rights import BY_TOKEN
from cloud.work import permits, pictures
from cloud.work.job import Job

# Opened by knowing it, and by nothing else; or the same for everybody (blank forms).
_NOT_OF_ANYBODY = {"static", "accounts.first", "regulator.form", "regulator.form_file"}
_NOT_OF_ANYBODY |= {"technician.wiring"}
# A welder of elsewhere may scan any machine: the rules answer, not the rights.
_BY_SCAN = "welder."
# A technician works on whatever machine needs it; records are the own ones.
_ANY_MACHINE = {
    f"technician.{what}"
    for what in ("ticket", "machine", "begin", "replace_label", "label", "terminal")
} | {"welder.journal", "welder.machine"}
_SHUT = (400, 401, 403, 404)
_FORM = {
    "reason": "演示", "why": "演示", "words": "演示", "what": "off", "word": "lock", "act": "off",
    "field": "phone", "status": "blocked", "state": "lost", "note": "演示", "risks": "演示",
    "verdict": "pass", "passed": "1", "to": "housing", "department": "housing", "site": "演示",
    "work": "焊接", "voucher": "1", "code": "1234", "iccid": "1", "sim_until": "2030-01-01",
}  # fmt: skip


@pytest.fixture
def things(county, floor, cast, clock):
    """One of each kind, all of the township of the cast: its real name, by endpoint."""
    floor.working()
    machine, people = cast.machine, cast
    job = county.ask(lambda unit: unit.db.query(Job).one())
    picture = county.ask(pictures.of_job, job.id)[0]
    alarm = county.do(
        alarms.raise_alarm, "TAMPER", "T1", district=machine.district, machine_id=machine.id
    )
    contract = county.do(
        contracts.add,
        client_id=people.works.id,
        person_id=people.other_welder.id,
        kind="temporary",
        starts_on=county.day(0),
        ends_on=county.day(90),
        digest="ab" * 32,
        reference="演示",
    )
    county.do(contracts.brief, contract, people.other_welder, people.enterprise, "演示")
    certificate = county.certificate(people.welder)
    waiting = county.person("welder", enterprise=people.works, status="pending")
    snapshot = county.do(snapshots.ask, "T1", people.officer.id)
    asked = {
        "grade": "second",
        "window_from": clock.now,
        "window_to": clock.now + 9,
        "machine": machine,
    }
    permit = county.do(permits.ask, people.welder, enterprise_id=people.works.id, **asked)
    chip = "a4cf12000001"
    county.do(stock.move, chip, "received", people.technician.id)
    _trained(county, people.technician)
    record = county.do(service.begin, machine, people.technician, service.KINDS[0])
    return {
        "record": record.id,
        "alarm": alarm.id,
        "contracts": contract.id,
        "picture": picture.id,
        "certificate": certificate.id,
        "registration": waiting.id,
        "person": people.welder.id,
        "enterprise": people.works.id,
        "review": job.id,
        "snapshot": snapshot.id,
        "permit": permit.id,
        "chip": chip,
    }


def _trained(county, person):
    told = {"kind": "exam", "held_on": county.day(-30), "passed": True}
    county.do(training.add_trainings, [training.training_row(person.id, **told)])


def _named(endpoint, things):
    """The real name for what the address calls `id`; 0 for what is not made here."""
    if endpoint.startswith("technician."):
        return things["record"]
    for part, name in (
        ("alarm", "alarm"), ("contracts", "contracts"), ("picture", "picture"),
        ("confirm", "certificate"), ("certificate", "certificate"), ("decide", "registration"),
        ("look", "person"), ("person", "person"), ("enterprise", "enterprise"),
        ("reviews", "review"), ("snapshot", "snapshot"), ("permit", "permit"),
    ):  # fmt: skip
        if part in endpoint:
            return things[name]
    return "0"


@pytest.fixture
def addresses(app, cast, things):
    """(endpoint, method, address with real names) of every route that names something."""
    found = []
    with app.test_request_context():
        for rule in sorted(app.url_map.iter_rules(), key=str):
            if not rule.arguments or rule.endpoint in BY_TOKEN | _NOT_OF_ANYBODY:
                continue
            known = {"code": cast.code, "device": "T1", "chip": things["chip"], "digest": "0" * 64}
            values = {
                name: known[name] if name in known else _named(rule.endpoint, things)
                for name in rule.arguments
            }
            address = rule.build(values)[1]
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
                found.append((rule.endpoint, method, address))
    assert len(found) > 40
    return found


def _tried(user, addresses):
    """(endpoint, status) of what was not shut."""
    headers = {"Accept": "application/json", "X-CSRF-Token": user.token("/account/sessions")}
    return [
        (endpoint, answer.status_code)
        for endpoint, method, address in addresses
        for form in [None if method == "GET" else _FORM]
        for answer in [user.client.open(address, method=method, data=form, headers=headers)]
        if answer.status_code not in _SHUT
    ]


@pytest.mark.parametrize("role", ["officer", "enterprise", "technician", "platform"])
def test_a_stranger_of_another_district_and_enterprise_opens_nothing(
    county, browser, addresses, role
):
    far = county.person(
        role,
        enterprise=county.enterprise("演示二厂", "990202001"),
        password="made-up-password",
        district="990202",
    )
    _trained(county, far)
    allowed = _ANY_MACHINE if role == "technician" else set()
    assert [one for one in _tried(browser(far), addresses) if one[0] not in allowed] == []


@pytest.mark.parametrize("role", ["welder", "fire_watch"])
def test_a_stranger_on_site_may_scan_and_is_refused_by_the_rules_alone(
    county, browser, addresses, cast, role
):
    firm = county.enterprise("演示二厂", "990202001")
    far = county.person(role, enterprise=firm, password="made-up-password", district="990202")
    before = county.ask(lambda unit: [(job.id, job.state) for job in unit.db.query(Job)])
    for endpoint, status in _tried(browser(far), addresses):
        assert endpoint.startswith(_BY_SCAN), endpoint
        assert endpoint in ("welder.machine", "welder.state", "welder.journal") or status == 409
    known = {id for id, _state in before}
    after = county.ask(lambda unit: [(job.id, job.state) for job in unit.db.query(Job)])
    assert [one for one in after if one[0] in known] == before
    assert all(state == "refused" for id, state in after if id not in known)


def test_the_names_are_real_somebody_who_may_opens_them(browser, addresses, cast):
    got = {}
    for name in ("office", "officer", "enterprise", "welder", "technician"):
        user = browser(getattr(cast, name))
        looks = [one for one in addresses if one[1] == "GET"]
        for endpoint, status in _tried(user, looks):
            got.setdefault(endpoint, status)
    wanted = {endpoint for endpoint, method, _address in addresses if method == "GET"}
    # No picture came from the terminal yet, the machine has its code already, no document is made.
    not_yet = {"regulator.snapshot", "activation.form", "technician.picture", "technician.paper"}
    named = {endpoint for endpoint, _method, address in addresses if "/0" not in address}
    assert (wanted & named) - set(got) <= not_yet
