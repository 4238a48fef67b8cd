"""The bench's one request."""

import hashlib

import pytest

from cloud.link import enrolment, terminals

CHIP = "a4:cf:12:00:00:01"
SECRET = bytes(range(32)).hex()


@pytest.fixture
def code(county):
    return county.do(enrolment.make, county.person("technician").id, 2, 8)[1]


def ask(client, code, **given):
    body = {"chip": CHIP, "secret": SECRET} | given
    return client.post("/t/enrol", json=body, headers={"Authorization": f"Bearer {code}"})


def test_the_bench_gets_who_the_module_is_and_never_a_secret(client, county, code):
    answer = ask(client, code)
    assert answer.status_code == 200 and answer.json["device"] == "HMA4CF12000001"
    assert answer.json["locked"] is False
    assert SECRET not in answer.text and "Set-Cookie" not in answer.headers
    assert county.ask(terminals.secret, "HMA4CF12000001").hex() == SECRET


def test_the_bench_is_told_what_the_labels_say(client, county, code):
    settings = county.ground.settings
    told = ask(client, code).json
    assert (told["base_url"], told["hotline"]) == (settings.base_url, settings.hotline)


def test_a_question_by_digest_is_answered_and_makes_no_terminal(client, county, code):
    digest = hashlib.sha256(bytes.fromhex(SECRET)).hexdigest()
    for known in (False, True):
        told = ask(client, code, secret=None, digest=digest).json
        assert (told["device"], told["known"]) == ("HMA4CF12000001", known)
        assert "release_key" not in told
        assert (county.ask(terminals.get, told["device"]) is not None) == known
        ask(client, code, hardware="thermal")
    assert county.ask(terminals.get, "HMA4CF12000001").kind == "thermal"


@pytest.mark.parametrize(
    "given",
    [
        {"chip": "zz"},
        {"secret": "00"},
        {"secret": SECRET.upper()},
        {"chip": None},
        {"machine": "9" * 33},
        {"secret": 5},
        {"secret": None, "digest": "00"},
        {"hardware": "relay"},
    ],
)
def test_what_has_not_the_form_is_refused(client, code, given):
    answer = ask(client, code, **given)
    assert (answer.status_code, answer.json["code"]) == (400, "bad-input")


def test_what_is_no_json_or_too_long_is_refused(client, code):
    headers = {"Authorization": f"Bearer {code}"}
    assert client.post("/t/enrol", data=b"\xff{", headers=headers).status_code == 400
    assert client.post("/t/enrol", data=b"x" * 5000, headers=headers).status_code == 413


def test_a_wrong_code_is_refused_and_guessing_is_slowed(client, county):
    assert ask(client, "AAAAA-AAAAA-AAAAA").status_code == 401
    assert ask(client, "").json["code"] == "code-wrong"
    for _ in range(298):
        ask(client, "x")
    assert ask(client, "x").status_code == 429


def test_a_module_of_somebody_else_is_a_conflict_that_names_it(client, county, code):
    ask(client, code)
    other = county.do(enrolment.make, county.person("technician").id, 1, 1)[1]
    answer = ask(client, other, secret="ab" * 32)
    assert answer.status_code == 409
    assert answer.json == {"ok": False, "code": "enrolled-elsewhere", "told": "HMA4CF12000001"}
