"""Bringing and seeing pictures of a job, with and without script."""

from io import BytesIO

import pytest
from sqlalchemy import select

from cloud.book import media
from cloud.book.audit import AuditRow
from cloud.web import rights
from cloud.web.once import number
from cloud.work.pictures import JobPicture
from simulator.phone import fresh_picture

APPLY = {"site": "演示车间", "work": "焊接支架", "voucher": "1号票"}


@pytest.fixture
def welder(browser, floor):
    """The welder's browser, after applying and before any picture."""
    made = browser(floor.cast.welder)
    made.step(floor.code, "apply", **APPLY)
    return made


def kept(floor):
    return floor.county.ask(lambda unit: list(unit.db.scalars(select(JobPicture))))


def test_a_picture_by_the_bare_form_leads_back_to_the_page_that_shows_it(welder, floor):
    page = welder.get(f"/m/{floor.code}").text
    assert 'accept="image/jpeg" capture="environment"' in page
    assert "上传照片" in page
    file = (BytesIO(fresh_picture()), "p.jpg")
    answer = welder.post(f"/m/{floor.code}/picture", picture=file)
    assert (answer.status_code, answer.location) == (303, f"/m/{floor.code}")
    (row,) = kept(floor)
    page = welder.get(f"/m/{floor.code}").text
    assert f'<img src="/pictures/{row.id}/small"' in page
    assert "再加一张" in page


def test_the_pictures_are_jpeg_and_nobody_stores_them(welder, floor):
    raw = fresh_picture()
    welder.picture(floor.code, raw)
    (row,) = kept(floor)
    whole, small = (welder.get(f"/pictures/{row.id}{end}") for end in ("", "/small"))
    assert whole.data == raw
    for answer in (whole, small):
        assert answer.mimetype == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_sent_twice_is_one(welder, floor):
    raw, once = fresh_picture(), number()
    for fields in ({"once": once}, {"once": once}, {}):
        assert welder.picture(floor.code, raw, **fields).status_code == 200
    assert len(kept(floor)) == 1


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"GIF89a made up", "不是 JPEG"),
        (b"<svg onload=alert(1)>", "不是 JPEG"),
        (b"\xff\xd8\xff", "不是 JPEG"),
        (b"", "不是 JPEG"),
    ],
)
def test_what_is_no_picture_is_a_400_in_plain_words(welder, floor, raw, words):
    file = (BytesIO(raw), "p.jpg")
    answer = welder.post(f"/m/{floor.code}/picture", json=True, picture=file)
    assert answer.status_code == 400
    assert words in answer.json["refusals"][0]["words"]
    assert kept(floor) == []


@pytest.mark.parametrize("fields", [{}, {"picture": "text"}, {"picture": (BytesIO(b"x"), "")}])
def test_a_form_without_a_file_is_a_400(welder, floor, fields):
    answer = welder.post(f"/m/{floor.code}/picture", json=True, **fields)
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (400, "bad-input")


def test_a_picture_over_the_limit_is_a_413_or_400_and_a_large_one_is_taken(
    welder, floor, monkeypatch
):
    fine = fresh_picture() + bytes(200_000)  # more than a form of words may have
    assert welder.picture(floor.code, fine).status_code == 200
    monkeypatch.setitem(media.LIMITS, "site", (100_000, 64_000_000))
    answer = welder.picture(floor.code, fresh_picture() + bytes(200_000))
    assert answer.status_code == 400
    assert "12 MB" in answer.json["refusals"][0]["words"]
    monkeypatch.setitem(rights.BODIES, "welder.add_picture", 100_000)
    answer = welder.picture(floor.code, fresh_picture() + bytes(200_000))
    assert answer.status_code == 413
    assert len(kept(floor)) == 1


def test_a_picture_with_too_many_points_is_a_400(welder, floor):
    raw = fresh_picture()
    at = raw.index(b"\xff\xc0") + 5
    answer = welder.picture(floor.code, raw[:at] + b"\xff\xff\xff\xff" + raw[at + 4 :])
    assert answer.status_code == 400
    assert "像素" in answer.json["refusals"][0]["words"]


def test_a_picture_for_another_job_than_the_open_one_is_refused(welder, floor):
    answer = welder.picture(floor.code, job="0" * 32)
    assert answer.json["refusals"][0]["code"] == "job-closed"


def test_without_the_token_nothing_is_taken(welder, floor):
    file = (BytesIO(fresh_picture()), "p.jpg")
    answer = welder.post(f"/m/{floor.code}/picture", json=True, picture=file, csrf="0" * 64)
    assert (answer.status_code, answer.json["refusals"][0]["code"]) == (403, "csrf")


def test_who_sees_a_picture(browser, welder, floor):
    cast = floor.cast
    welder.picture(floor.code)
    (row,) = kept(floor)
    for who in (cast.other_welder, cast.fire_watch, cast.far_officer, cast.technician):
        for end in ("", "/small"):
            assert browser(who).get(f"/pictures/{row.id}{end}").status_code == 403
        if who is not cast.technician:
            assert row.id not in browser(who).get(f"/m/{floor.code}/state").text
    for who in (cast.officer, cast.office, cast.enterprise):
        assert browser(who).get(f"/pictures/{row.id}").status_code == 200
    assert browser().get(f"/pictures/{row.id}").status_code == 303
    assert welder.get("/pictures/unknown").status_code == 404


def test_a_look_by_who_has_no_part_in_the_job_is_written_down(browser, welder, floor):
    welder.picture(floor.code)
    (row,) = kept(floor)
    welder.get(f"/pictures/{row.id}")
    browser(floor.cast.officer).get(f"/pictures/{row.id}")
    looks = select(AuditRow.actor).where(AuditRow.what == "picture-seen")
    seen = floor.county.ask(lambda unit: list(unit.db.scalars(looks)))
    assert seen == [floor.cast.officer.id]


def test_a_picture_past_its_time_says_so(welder, floor):
    welder.picture(floor.code)
    (row,) = kept(floor)
    floor.county.do(lambda unit: media.erase(unit, media.get(unit, row.digest)))
    answer = welder.get(f"/pictures/{row.id}")
    assert answer.status_code == 410
    assert "保存期" in answer.text


def test_the_fire_watch_sees_the_site_and_brings_the_joint_photo(browser, floor):
    welder = floor.applied()
    typed = floor.spoken(welder)
    ticks = ["combustibles", "extinguishers", "briefing", "exits"]
    assert welder.step(floor.code, "check", code=typed, ticks=ticks, ten="1")["ok"]
    watch = browser(floor.cast.fire_watch)
    state = watch.state(floor.code)
    assert (state["wants_picture"], state["pictures_wanted"]) == ("joint", 1)
    assert [one["kind"] for one in state["pictures"]] == ["site"]
    assert watch.picture(floor.code).json["state"]["pictures_wanted"] == 0


@pytest.mark.parametrize("name", ["../../../../evil.jpg", "/etc/evil.jpg", "evil.php", "a\\b.jpg"])
def test_what_the_phone_calls_a_picture_is_nowhere_on_the_disk(welder, floor, name):
    answer = welder.post(f"/m/{floor.code}/picture", picture=(BytesIO(fresh_picture()), name))
    assert answer.status_code == 303
    data = floor.county.ground.settings.data_dir
    ((digest,),) = floor.county.ask(lambda unit: unit.db.execute(select(media.Media.digest)).all())
    files = {path for path in data.rglob("*") if path.is_file() and path.parent.parent != data}
    pictures = {path.name for path in files if data / "media" in path.parents}
    assert pictures == {digest, f"{digest}.small"}
    assert not any("evil" in path.name for path in data.parent.rglob("*"))
