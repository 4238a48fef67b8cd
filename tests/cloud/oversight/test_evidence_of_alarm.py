"""The evidence of an alarm, with a job or without: whole, checked by itself, nobody else's."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cloud.base.signing import Signer
from cloud.book import audit, media
from cloud.cases import alarms, life
from cloud.cases.alarms import Alarm
from cloud.link.snapshots import Snapshot
from cloud.oversight import evidence_file, evidence_of_alarm
from simulator.world.jpeg import jpeg as drawn
from tests.cloud.work.conftest import make_site

GREY = drawn([[10, 200], [90, 30]])
LOG = "aa" * 8


@pytest.fixture
def place(either: Any, county: Any, clock: Any, sent: list) -> Any:
    either.send = lambda *out: sent.append(out)
    return make_site(type(county)(either, clock), sent, "HM-990101-000001")


def taken(place: Any, alarm: Any, path: Path) -> dict[str, int]:
    with place.county.ground.read() as unit:
        return evidence_of_alarm.write(unit, unit.db.get_one(Alarm, alarm.id), path)


def verdict(place: Any, path: Path) -> evidence_file.Verdict:
    key = Signer.load(place.county.ground.settings.data_dir).fingerprint
    return evidence_file.verify(path, key)


def opened(place: Any) -> Any:
    """Somebody opened the terminal of a machine at which nobody works: raised, seen to, closed."""
    device, now = place.terminal.device, place.clock.now
    entry = {"log": LOG, "seq": 1, "boot": 1, "up": 1000, "kind": "alarm", "at": now}
    place.up(place.terminal.entries(LOG, entry | {"alarm": "TAMPER"}))
    given = {"district": place.machine.district, "machine_id": place.machine.id, "seq": 1}
    alarm = place.county.do(alarms.raise_alarm, "TAMPER", device, **given)
    officer = place.county.person("officer", district=place.machine.district)

    def seen_to(unit: Any) -> None:
        row = alarms.held(unit, alarm.id)
        life.take(unit, row, officer)
        life.verify(unit, row, officer, "外壳被打开")
        life.close(unit, row, officer, "已换封条")
        digest = media.keep(unit, media.ready(GREY, "snapshot")).digest
        asked = {"device": device, "asked_by": officer.id, "asked_at": unit.now}
        unit.db.add(Snapshot(id="s1", command="c1", digest=digest, came_at=unit.now, **asked))
        audit.write(unit, alarm.district, "stranger", "secret-deed", "other", {"who": "else"})

    place.county.do(seen_to)
    return alarm


def test_an_alarm_without_a_job_has_its_own_file_that_holds(place: Any, tmp_path: Path) -> None:
    alarm = opened(place)
    path = tmp_path / "alarm.evidence"
    rows = taken(place, alarm, path)
    told = verdict(place, path)
    assert (told.wrong, told.rows) == ([], rows)
    assert (told.about["alarm"], told.about["job"]) == (alarm.id, None)
    assert (rows["alarm"], rows["job"], rows["machine"], rows["person"]) == (1, 0, 1, 1)
    assert (rows["journal_entry"], rows["snapshot"], rows["picture"]) == (1, 1, 1)
    with sqlite3.connect(path) as file:
        what = [row[0] for row in file.execute("SELECT what FROM audit_row ORDER BY seq")]
        file.execute("UPDATE alarm SET closed_why = 'nothing'")
    file.close()
    assert what == ["alarm-raised", "alarm-taken", "alarm-verified", "alarm-closed"]
    assert b"secret-deed" not in path.read_bytes()
    assert verdict(place, path).wrong == ["table:alarm"]


def test_an_alarm_of_a_job_names_the_job_and_who_was_there(place: Any, tmp_path: Path) -> None:
    job = place.working()
    given = {"district": job.district, "machine_id": place.machine.id, "job_id": job.id}
    alarm = place.county.do(alarms.raise_alarm, "OFF_UNCONFIRMED", job.id, **given)
    path = tmp_path / "alarm.evidence"
    rows = taken(place, alarm, path)
    told = verdict(place, path)
    assert (told.wrong, told.about["job"]) == ([], job.id)
    assert (rows["job"], rows["job_picture"], rows["picture"]) == (1, 2, 2)
    assert rows["person"] == 2 and rows["command"] >= 1


def test_the_pictures_of_an_alarms_evidence_are_held(place: Any) -> None:
    alarm = opened(place)
    place.county.do(lambda unit: evidence_of_alarm.hold(unit, unit.db.get_one(Alarm, alarm.id)))
    digest = media.ready(GREY, "snapshot").digest
    assert f"export:{alarm.id}" in place.county.ask(media.held, digest)
