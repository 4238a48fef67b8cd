"""The page of one's own sign-ins: where, since when; end one, or all."""

import re

import pytest

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120 MicroMessenger/8.0"
ID = re.compile('name="id" value="([0-9a-f]{12})"')


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (ANDROID, "Android · WeChat"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) Safari/604.1", "iPhone · Safari"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120 Safari/537 Edg/120", "Windows · Edge"),
        ("curl/8", "未知设备"),
        ("<script>", "未知设备"),
    ],
)
def test_each_says_what_and_where_it_is(browser, cast, told, shown):
    user = browser()
    user.client.environ_base |= {"HTTP_USER_AGENT": told, "REMOTE_ADDR": "192.0.2.7"}
    user.sign_in(cast.enterprise)
    page = user.get("/account/sessions").text
    assert f"{shown} · 本机" in page and "192.0.2.7" in page and "<script>" not in page


def test_one_is_ended_and_the_others_go_on(browser, cast):
    first, second = browser(cast.enterprise), browser(cast.enterprise)
    ids = ID.findall(second.get("/account/sessions").text)
    assert len(ids) == 2
    here = ID.search(second.get("/account/sessions").text.split("本机")[1])[1]
    (there,) = set(ids) - {here}
    ended = second.post("/account/sessions/end", page="/account/sessions", id=there)
    assert ended.location == "/account/sessions"
    assert first.get("/account/sessions").status_code == 303
    assert second.get("/account/sessions").status_code == 200


def test_all_are_ended_at_once_and_nobody_elses(browser, cast):
    mine, other = browser(cast.enterprise), browser(cast.officer)
    again = browser(cast.enterprise)
    told = again.post("/account/sessions/end", page="/account/sessions", id="all", json=True)
    assert told.json == {"ok": True, "ended": 2}
    assert (mine.get("/").status_code, again.get("/").status_code) == (303, 303)
    assert other.get("/").status_code == 200


def test_somebody_elses_session_cannot_be_ended(browser, cast):
    theirs = browser(cast.officer)
    id = ID.search(theirs.get("/account/sessions").text)[1]
    mine = browser(cast.enterprise)
    told = mine.post("/account/sessions/end", page="/account/sessions", id=id, json=True)
    assert told.json["ended"] == 0
    assert theirs.get("/").status_code == 200


def test_addresses_are_sealed_in_the_database(browser, cast, ground):
    user = browser()
    user.client.environ_base |= {"REMOTE_ADDR": "192.0.2.77"}
    user.sign_in(cast.enterprise)
    raw = b"".join(
        path.read_bytes() for path in ground.settings.data_dir.glob("hanma.db*") if path.is_file()
    )
    assert b"192.0.2.77" not in raw
