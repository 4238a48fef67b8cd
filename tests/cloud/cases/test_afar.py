"""Whoever starts a machine stands beside it (cloud/cases/afar)."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from cloud.base.datum import to_gcj02
from cloud.cases import afar
from cloud.cases.alarms import Alarm
from simulator.phone import fresh_picture
from tests.cloud.cases.conftest import Desk

HERE = (29.5, 106.5)
NEAR, FAR = (29.5040, 106.5), (29.5, 106.5056)  # 445 m to the north, 543 m to the east


def taken(at: tuple[float, float] | None) -> bytes:
    """A picture as a phone takes it, with its place where it knows it."""
    told = Image.Exif()
    if at is not None:
        north, east = ((int(one), int(one % 1 * 60), one * 60 % 1 * 60) for one in at)
        told[0x8825] = {1: "N", 2: north, 3: "E", 4: east}
    made = BytesIO()
    Image.open(BytesIO(fresh_picture())).save(made, "JPEG", exif=told)
    return made.getvalue()


def seen(desk: Desk, at: tuple[float, float] | None) -> list[str]:
    """The welder's picture from there comes in for a checked job; the alarms then."""
    desk.picture(desk.apply(), desk.welder, taken(at))
    desk.deliver()
    return desk.kinds()


def told(desk: Desk, at: tuple[float, float], **more: Any) -> None:
    """The terminal says where it is."""
    place = {"lat": str(at[0]), "lng": str(at[1]), "source": "gnss"} | more
    desk.up(desk.terminal.position(**place))
    desk.exchange()


@pytest.mark.parametrize(
    ("at", "more", "kinds"),
    [
        (HERE, {}, []),
        (NEAR, {}, []),
        (FAR, {}, ["REMOTE_START"]),
        (to_gcj02(*HERE), {"datum": "GCJ02"}, []),
        (to_gcj02(*FAR), {"datum": "GCJ02"}, ["REMOTE_START"]),
        (FAR, {"accuracy": 100}, []),
        (FAR, {"source": "lbs"}, []),
        (FAR, {"source": "lbs", "accuracy": 40}, ["REMOTE_START"]),
    ],
)
def test_a_picture_is_compared_with_the_place_of_the_machine_as_well_as_that_is_known(
    desk: Desk, at: tuple[float, float], more: dict[str, Any], kinds: list[str]
) -> None:
    told(desk, at, **more)
    assert seen(desk, HERE) == kinds


def test_a_place_of_yesterday_says_nothing_of_a_machine_that_may_have_been_moved(
    desk: Desk,
) -> None:
    told(desk, FAR)
    desk.clock.forward(25 * 3600)
    desk.login()
    assert seen(desk, HERE) == []


def test_pictures_of_one_job_that_are_far_apart_are_one_alarm_until_the_job_is_over(
    desk: Desk,
) -> None:
    job = desk.apply()
    for at, kinds in ((HERE, []), (None, []), (NEAR, []), (FAR, ["REMOTE_START"])):
        desk.picture(job, desk.welder, taken(at))
        desk.deliver()
        assert desk.kinds() == kinds
    desk.off(job)
    desk.deliver()
    desk.later(1)
    assert desk.kinds() == []


def test_a_machine_that_tells_its_place_after_the_picture_is_judged_then_and_said_once(
    desk: Desk,
) -> None:
    assert seen(desk, HERE) == []
    told(desk, NEAR)
    assert desk.kinds() == []
    told(desk, FAR)
    told(desk, (29.5, 106.5057))
    (alarm,) = desk.county.ask(lambda unit: unit.db.query(Alarm).all())
    assert (alarm.kind, alarm.count) == ("REMOTE_START", 1)


def test_a_picture_without_a_place_is_no_false_one(desk: Desk) -> None:
    told(desk, FAR)
    assert seen(desk, None) == []


def test_east_of_the_date_line_is_near_west_of_it() -> None:
    assert not afar.far((0.0, 179.9999, 0), (0.0, -179.9999, 0))
    assert afar.far((0.0, 179.99, 0), (0.0, -179.99, 0))
