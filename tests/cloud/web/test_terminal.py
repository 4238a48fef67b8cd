"""What terminals fetch over HTTP: a token opens one thing, and no cookie is read."""

import base64
import json
from pathlib import Path

import pytest

from cloud.link import packages, upgrades
from cloud.web.rights import ANYONE, BY_TOKEN, RIGHTS

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "package.json").read_text("utf-8"))
GOOD = base64.b64decode(VECTORS["good"]["package"])


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
