"""What terminals fetch over HTTP: a token opens one thing, and no cookie is read."""

import base64
import json
from pathlib import Path

import pytest

from cloud.link import packages, upgrades
from cloud.web.rights import ANYONE, BY_TOKEN, RIGHTS
from simulator.world.jpeg import jpeg as drawn

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "package.json").read_text("utf-8"))
GOOD = base64.b64decode(VECTORS["good"]["package"])
PICTURE = drawn([[10, 200, 60], [90, 30, 255]])


@pytest.fixture
def offer(floor, county):
    """(address, token) of a package that a terminal was offered."""
    manifest = packages.read(GOOD).manifest
    floor.up(floor.terminal.login(hw=manifest["hw"]))
    package = county.do(packages.add, GOOD)
    (row,) = county.do(upgrades.start, floor.terminal.device, package)
    return f"/t/packages/{row.id}", county.ask(upgrades.token, row.id)


def get(client, offer, token=None, **headers):
    address, right = offer
    bearer = {"Authorization": f"Bearer {right if token is None else token}"}
    return client.get(address, headers=bearer | headers)


def test_a_token_fetches_its_package_whole(client, offer):
    answer = get(client, offer)
    assert (answer.status_code, answer.data) == (200, GOOD)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("start", [1, 100, len(GOOD) - 1])
def test_a_download_that_broke_goes_on_where_it_stopped(client, offer, start):
    answer = get(client, offer, Range=f"bytes={start}-")
    assert (answer.status_code, answer.data) == (206, GOOD[start:])
    assert answer.headers["Content-Range"] == f"bytes {start}-{len(GOOD) - 1}/{len(GOOD)}"


def test_a_range_behind_the_end_is_refused(client, offer):
    assert get(client, offer, Range=f"bytes={len(GOOD)}-").status_code == 416


@pytest.mark.parametrize("token", ["", "wrong", "\u4f60"])
def test_a_wrong_token_opens_nothing(client, offer, token):
    answer = get(client, offer, token.encode().decode("latin-1"))
    assert answer.status_code == 401
    assert GOOD[:4] not in answer.data


def test_an_office_session_is_no_token(browser, cast, offer):
    assert browser(cast.office).get(offer[0]).status_code == 401


def test_a_package_whose_bytes_are_gone_is_not_found(client, offer, ground):
    for file in (ground.settings.data_dir / "packages").iterdir():
        file.unlink()
    assert get(client, offer).status_code == 404


def test_what_a_token_opens_stands_in_the_rights_table_too():
    assert all(RIGHTS[endpoint] == ANYONE for endpoint in BY_TOKEN)


# --- pictures -----------------------------------------------------------------------------------


@pytest.fixture
def asked(floor, browser, cast):
    """(address, token, id) of a picture that an officer asked for."""
    floor.exchange()
    officer = browser(cast.officer)
    answer = officer.post(f"/m/{floor.code}/order", json=True, what="snapshot")
    assert answer.status_code == 200
    body = next(json.loads(b) for _, b in reversed(floor.sent) if b'"snapshot"' in b)
    content = body["paras"]["content"]
    assert content["url"].endswith(f"/t/snapshots/{answer.json['snapshot']}")
    assert len(content["url"]) <= 120
    return f"/t/snapshots/{answer.json['snapshot']}", content["token"], officer


def bring(client, asked, data=PICTURE, token=None):
    bearer = {"Authorization": f"Bearer {asked[1] if token is None else token}"}
    return client.post(asked[0], data=data, headers=bearer, content_type="image/jpeg")


def test_a_picture_comes_by_its_token_and_the_officer_sees_it(client, asked, browser, cast):
    id = asked[0].rsplit("/", 1)[1]
    assert asked[2].get(f"/snapshots/{id}.jpg").status_code == 404
    assert [bring(client, asked).status_code for _ in range(2)] == [204, 204]
    shown = asked[2].get(f"/snapshots/{id}.jpg")
    assert (shown.data, shown.mimetype) == (PICTURE, "image/jpeg")
    assert browser(cast.far_officer).get(f"/snapshots/{id}.jpg").status_code == 403
    assert browser(cast.welder).get(f"/snapshots/{id}.jpg").status_code == 403


def test_one_asking_brings_one_picture(client, asked):
    bring(client, asked)
    assert bring(client, asked, drawn([[9, 9]])).status_code == 409


@pytest.mark.parametrize("data", [b"", b"<html>", PICTURE[:-2], b"\xff\xd8\xff\xd9"])
def test_what_is_no_picture_is_not_kept(client, asked, data):
    assert bring(client, asked, data).status_code == 400
    assert bring(client, asked).status_code == 204


def test_a_picture_larger_than_the_pages_forms_comes_whole_and_a_huge_one_does_not(client, asked):
    assert bring(client, asked, PICTURE + bytes(200_000)).status_code == 413
    assert bring(client, asked, PICTURE[:-2] + bytes(90_000) + b"\xff\xd9").status_code == 204


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_picture_under_a_wrong_token_is_not_kept(client, asked, token):
    assert bring(client, asked, token=token).status_code == 401


def test_after_a_quarter_of_an_hour_it_is_too_late(client, asked, county):
    county.clock.forward(901)
    assert bring(client, asked).status_code == 401


def test_an_order_needs_a_known_word_and_a_lock_a_reason(browser, cast, floor):
    officer = browser(cast.officer)
    address = f"/m/{floor.code}/order"
    assert officer.post(address, json=True, what="on").status_code == 400
    assert officer.post(address, json=True, what="lock").status_code == 400
    assert officer.post(address, json=True, what="lock", reason="改装").status_code == 200
    assert officer.post(address, json=True, what="restart").status_code == 403
    floor.up(floor.terminal.leave())
