"""The map: gathered by the server, in the viewer's district, drawn in the datum of the tiles."""

import json

import pytest

from cloud.link import positions


def at(county, device, lat, lng, datum="WGS84"):
    told = {"lat": lat, "lng": lng, "datum": datum, "source": "gnss"}
    county.do(lambda unit: positions.keep(unit, device, told))


@pytest.fixture
def spread(county, cast):
    """T1 and T2 beside each other, T3 far away in another county."""
    county.machine(cast.works, device="T2")
    county.machine(cast.works, device="T3", district="990202001")
    at(county, "T1", 29.5, 106.5)
    at(county, "T1", 29.51, 106.51)
    at(county, "T2", 29.5101, 106.5101)
    at(county, "T3", 31.0, 108.0)


def seen(user, **asked):
    return user.get("/map.json", query_string=asked).json


def test_neighbours_are_one_square_from_afar_and_two_machines_from_near(browser, cast, spread):
    officer = browser(cast.officer)
    (square,) = seen(officer, zoom=8)["squares"]
    assert (square["count"], square["kind"]) == (2, "offline") and "codes" not in square
    near = seen(officer, zoom=17, box="106.5,29.5,106.52,29.52")["squares"]
    assert len(near) == 2 and [cast.code] in [one["codes"] for one in near]
    assert seen(officer, zoom=17, box="0,0,1,1")["squares"] == []


def test_a_window_of_the_whole_world_is_a_screenful_at_any_zoom(browser, cast, spread):
    squares = seen(browser(cast.office), zoom=18)["squares"]
    assert sorted(one["count"] for one in squares) == [1, 2]


def test_machines_in_one_place_are_told_together_with_their_codes(browser, county, cast, spread):
    at(county, "T2", 29.51, 106.51)
    box = "106.509,29.509,106.511,29.511"
    (square,) = seen(browser(cast.officer), zoom=18, box=box)["squares"]
    assert square["count"] == 2 and cast.code in square["codes"]


def test_the_same_map_is_not_sent_twice_and_every_poll_says_which_is_the_latest(
    browser, county, cast, spread
):
    officer = browser(cast.officer)
    first = officer.get("/map.json?zoom=8")
    known = {"If-None-Match": first.headers["ETag"]}
    again = officer.client.get("/map.json?zoom=8", headers=known)
    assert (again.status_code, again.data) == (304, b"")
    part = officer.get("/status.part")
    assert part.headers["Map-Tag"] == again.headers["Map-Tag"] == first.headers["Map-Tag"]
    at(county, "T2", 29.6, 106.6)
    assert officer.client.get("/map.json?zoom=8", headers=known).status_code == 200
    assert officer.get("/status.part").headers["Map-Tag"] != first.headers["Map-Tag"]


def test_only_the_last_place_in_ones_own_district_is_shown(browser, cast, spread):
    assert seen(browser(cast.officer))["bounds"] == [106.51, 29.51, 106.5101, 29.5101]
    assert seen(browser(cast.far_officer))["squares"][0]["count"] == 1
    assert sum(one["count"] for one in seen(browser(cast.office))["squares"]) == 3


def test_what_works_and_what_is_alarmed_is_told_apart(browser, county, floor):
    from cloud.cases import alarms

    at(county, "T1", 29.5, 106.5)
    officer = browser(floor.cast.officer)
    assert seen(officer)["squares"][0]["kind"] == "online"
    floor.working()
    assert seen(officer)["squares"][0]["kind"] == "working"
    machine = floor.cast.machine
    place = {"district": machine.district, "machine_id": machine.id}
    county.do(lambda unit: alarms.raise_alarm(unit, "TAMPER", "T1", **place))
    assert seen(officer)["squares"][0]["kind"] == "alarm"
    assert seen(officer, kind="working")["squares"] == []
    page = officer.get("/?kind=alarm&district=990101").text
    assert 'data-url="/map.json?kind=alarm' in page and 'name="kind" value="alarm"' in page
    assert "kind=" not in officer.get("/?kind=x").text.split('id="map"')[1].split(">")[0]


def test_who_owns_a_machine_on_the_map_is_told_with_its_code(browser, cast, spread):
    near = {"zoom": 17, "box": "106.5,29.5,106.52,29.52"}
    assert seen(browser(cast.officer), **near)["firms"][cast.code] == "演示机械厂"
    assert seen(browser(cast.officer), zoom=8)["firms"] == {}


@pytest.mark.parametrize("asked", [{"box": "1,2"}, {"box": "a,b,c,d"}, {"box": "nan,1,1,1"},
                                   {"zoom": "x"}, {"zoom": "-1"}, {"kind": "x"}])  # fmt: skip
def test_nonsense_is_refused(browser, cast, asked):
    assert browser(cast.officer).get("/map.json", query_string=asked).status_code == 400


def test_by_default_no_foreign_host_and_no_boundaries(browser, cast):
    officer = browser(cast.officer)
    policy = officer.get("/").headers["Content-Security-Policy"]
    assert "http" not in policy and "unsafe" not in policy
    assert officer.get("/map/boundaries.json").status_code == 404


def test_tiles_and_boundaries_are_a_setting(request, county, ground, tmp_path):
    from dataclasses import replace

    shape = tmp_path / "county.geojson"
    shape.write_text('{"type": "FeatureCollection", "features": []}')
    ground.settings = replace(
        ground.settings,
        map_tiles="https://tiles.example/{z}/{x}/{y}.png",
        map_datum="GCJ02",
        map_boundaries=str(shape),
    )
    browser, cast = (request.getfixturevalue(name) for name in ("browser", "cast"))
    at(county, "T1", 29.489428, 106.638084)
    officer = browser(cast.officer)
    policy = officer.get("/").headers["Content-Security-Policy"]
    assert "img-src 'self' data: https://tiles.example" in policy
    assert json.loads(officer.get("/map/boundaries.json").data)["features"] == []
    (drawn,) = seen(officer)["squares"]
    assert (drawn["lat"], drawn["lng"]) == pytest.approx((29.486536, 106.641828), abs=2e-6)
    # The window is one of the drawn map too: from near it is 500 m away from where the place is.
    assert len(seen(officer, zoom=18, box="106.641,29.486,106.642,29.487")["squares"]) == 1


def test_the_card_draws_the_last_day_and_names_nobody(browser, floor, county):
    floor.working()
    floor.up(floor.terminal.beat(amps=128, rssi=-71))
    page = browser(floor.cast.officer).get(f"/m/{floor.code}/card").text
    for lane in ("power", "arc", "signal"):
        assert f'class="{lane}"' in page
    assert "李**" in page and "李演示" not in page
    assert browser(floor.cast.far_officer).get(f"/m/{floor.code}/card").status_code == 403
