"""Whatever is sent, the answer is one clear sentence and never a fault."""

import pytest

LONG = "长" * 5_000
CONTROL = "a\x00b\x07"
CHECKS = ["combustibles", "extinguishers", "briefing", "exits"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"site": "演示车间"},
        {"work": "焊接"},
        {"site": "", "work": ""},
        {"site": "   ", "work": "焊接"},
        {"site": LONG, "work": "焊接"},
        {"site": "演示车间", "work": LONG},
        {"site": "演示车间", "work": "焊接", "voucher": LONG},
        {"site": CONTROL, "work": "焊接"},
        {"site": "演示车间", "work": "焊\n接"},
        {"site": "\u202e车间", "work": "焊接"},
        {"site": ["一", "二"], "work": "焊接"},
        {"site": "演示车间", "work": "焊接", "once": LONG},
    ],
)
def test_a_bad_application_is_a_400_with_a_sentence(browser, cast, floor, fields):
    welder = browser(cast.welder)
    for json in (False, True):
        answer = welder.post(f"/m/{cast.code}/apply", json=json, **fields)
        assert answer.status_code == 400
    assert answer.json["ok"] is False
    assert answer.json["refusals"][0]["code"] == "bad-input"
    assert answer.json["refusals"][0]["words"].endswith("。")
    assert welder.state(cast.code)["step"] == "apply"


@pytest.mark.parametrize(
    "fields",
    [
        {"ticks": CHECKS, "ten": "1"},
        {"code": "12", "ticks": CHECKS, "ten": "1"},
        {"code": "12345", "ticks": CHECKS, "ten": "1"},
        {"code": "abcd", "ticks": CHECKS, "ten": "1"},
        {"code": LONG, "ticks": CHECKS, "ten": "1"},
        {"code": CONTROL, "ticks": CHECKS, "ten": "1"},
        {"code": ["1234", "5678"], "ticks": CHECKS, "ten": "1"},
        {"code": "1234", "ticks": [*CHECKS, "everything"], "ten": "1"},
        {"code": "1234", "ticks": [LONG], "ten": "1"},
        {"code": "1234", "ticks": CHECKS, "ten": "yes"},
        {"code": "1234", "ticks": CHECKS, "ten": "1", "job": LONG},
    ],
)
def test_a_bad_check_is_a_400_and_the_code_stays_good(floor, fields):
    welder = floor.applied()
    typed = floor.spoken(welder)
    answer = welder.post(f"/m/{floor.code}/check", json=True, **fields)
    assert answer.status_code == 400
    assert welder.step(floor.code, "check", code=typed, ticks=CHECKS, ten="1")["ok"]


@pytest.mark.parametrize("reason", ["", LONG, CONTROL, "第一行\n第二行"])
def test_a_bad_reason_is_a_400_and_the_job_goes_on(browser, floor, reason):
    floor.working()
    officer = browser(floor.cast.officer)
    assert officer.post(f"/m/{floor.code}/off", json=True, reason=reason).status_code == 400
    floor.exchange()
    assert floor.terminal.relay == 1


@pytest.mark.parametrize("ticks", [["power", "gas"], ["power", LONG]])
def test_an_unknown_closing_tick_is_a_400(floor, ticks):
    welder, _watch = floor.working()
    welder.step(floor.code, "off")
    assert welder.post(f"/m/{floor.code}/clear", json=True, ticks=ticks).status_code == 400


@pytest.mark.parametrize("json", [False, True])
def test_a_body_over_64_kb_is_a_413_in_plain_words(browser, cast, json):
    welder = browser(cast.welder)
    answer = welder.post(f"/m/{cast.code}/apply", json=json, site="x" * 70_000, work="y")
    assert answer.status_code == 413
    assert "64 kB" in (answer.json["refusals"][0]["words"] if json else answer.text)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"site": "a", "work": 1}', "application/json"),
        (b"[]", "application/json"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (b"site=%ff%fe&work=%00", "application/x-www-form-urlencoded"),
        (b"site=%ED%A0%BD&work=", "application/x-www-form-urlencoded"),
        (b"a&" * 2_000, "application/x-www-form-urlencoded"),
        (b"no boundary", "multipart/form-data"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"<xml/>", "text/xml"),
        (b"", ""),
    ],
)
def test_a_body_of_another_kind_is_a_400(browser, cast, body, kind):
    welder = browser(cast.welder)
    headers = {"X-CSRF-Token": welder.token("/"), "Accept": "application/json"}
    answer = welder.client.post(
        f"/m/{cast.code}/apply", data=body, content_type=kind, headers=headers
    )
    assert answer.status_code in (400, 413)


@pytest.mark.parametrize(
    "fields",
    [
        {"login": "", "password": ""},
        {"login": "a"},
        {"login": LONG, "password": "x"},
        {"login": "a", "password": "x" * 10_000},
        {"login": CONTROL, "password": "x"},
        {"login": ["a", "b"], "password": "x"},
        {"login": "a", "password": "x", "next": "/" + LONG},
    ],
)
def test_a_bad_log_in_form_is_a_400(browser, fields):
    assert browser().post("/login", page="/login", **fields).status_code == 400


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "9" * 40, "\x00", "１", "999999"])
def test_a_nonsense_page_number_shows_a_page(browser, cast, page):
    answer = browser(cast.officer).get("/machines.json", query_string={"page": page})
    assert answer.json["page"] == 1


@pytest.mark.parametrize("accept", ["", "*/*", "nonsense", "text/html;q=x", "a" * 5000, "image/*"])
def test_an_odd_accept_header_gets_a_page(client, accept):
    assert client.get("/no-such-page", headers={"Accept": accept}).status_code == 404


def test_next_may_be_nonsense(client):
    for wanted in ("\x00", "//x", "x" * 3000, "/\ud83d".encode("utf-8", "surrogatepass")):
        assert client.get("/login", query_string={"next": wanted}).status_code == 200
