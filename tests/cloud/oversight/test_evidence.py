"""One job's evidence: it has everything, shows nobody's numbers, and no byte of it can change."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from cloud.base.signing import Signer
from cloud.book import audit, media
from cloud.link.snapshots import Snapshot
from cloud.oversight import evidence, evidence_file, evidence_parts
from cloud.registry import cylinders
from cloud.work import jobs
from cloud.work.job import Job
from simulator.world.jpeg import jpeg as drawn
from tests.cloud.work.conftest import make_site

GREY = drawn([[10, 200], [90, 30]])


@pytest.fixture
def place(either: Any, county: Any, clock: Any, sent: list) -> Any:
    either.send = lambda *out: sent.append(out)
    return make_site(type(county)(either, clock), sent, "HM-990101-000001")


def key(place: Any) -> str:
    return Signer.load(place.county.ground.settings.data_dir).fingerprint


def taken(place: Any, job: Any, path: Path) -> dict[str, int]:
    with place.county.ground.read() as unit:
        return evidence.write(unit, unit.db.get_one(Job, job.id), path)


def whole(place: Any) -> Any:
    """A job from scan to close, with a stranger's rows in the trail between."""
    job = place.working()
    with place.county.ground.write() as unit:
        audit.write(unit, job.district, "stranger", "secret-deed", "other", {"who": "else"})
        digest = media.keep(unit, media.ready(GREY, "snapshot")).digest
        asked = {"device": job.device, "asked_by": "officer", "asked_at": unit.now}
        unit.db.add(Snapshot(id="s1", command="c1", digest=digest, came_at=unit.now, **asked))
    place.off(job)
    place.exchange()
    place.clear(job)
    return job


def change(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as file:
        for statement in statements:
            file.execute(statement)
    file.close()


def test_the_evidence_of_a_whole_job_holds_and_has_everything(place: Any, tmp_path: Path) -> None:
    job = whole(place)
    path = tmp_path / "job.evidence"
    rows = taken(place, job, path)
    verdict = evidence_file.verify(path, key(place))
    assert verdict.wrong == []
    assert verdict.rows == rows
    assert verdict.about["job"] == job.id
    assert "symmetric" in verdict.about["note_en"]
    assert rows["person"] == 2 and rows["command"] == 2 and rows["presence_code"] == 2
    assert (rows["snapshot"], rows["job_picture"], rows["picture"]) == (1, 2, 3)
    assert rows["audit_row"] >= 6 and rows["checkpoint"] == 1
    assert rows["audit_link"] >= rows["audit_row"] + 1


def test_what_an_outside_welder_rested_on_and_where_the_machine_was_is_in_it(
    place: Any, tmp_path: Path
) -> None:
    place.welder = place.county.welder(place.county.enterprise("演示二厂"))
    place.hire(place.welder)
    for lat in (30.1, 30.2, 30.3):  # two before the job: the last of them is the place it began at
        place.up(place.terminal.position(lat=lat, lng=107.0, datum="WGS84", source="gnss"))
        place.clock.forward(1)
    job = whole(place)
    place.clock.forward(3600)
    place.up(place.terminal.position(lat=30.9, lng=107.0, datum="WGS84", source="gnss"))
    path = tmp_path / "job.evidence"
    rows = taken(place, job, path)
    assert evidence_file.verify(path, key(place)).wrong == []
    assert (rows["contract"], rows["briefing"], rows["position"]) == (1, 1, 1)
    with sqlite3.connect(path) as file:
        assert file.execute("SELECT lat_e6 FROM position").fetchall() == [(30_300_000,)]
    file.close()


def test_of_a_job_that_goes_on_it_has_everything_until_now(place: Any, tmp_path: Path) -> None:
    job = place.working()
    place.clock.forward(3600)
    place.up(place.terminal.position(lat=30.1, lng=107.0, datum="WGS84", source="gnss"))
    with place.county.ground.write() as unit:
        digest = media.keep(unit, media.ready(GREY, "snapshot")).digest
        asked = {"device": job.device, "asked_by": "officer", "asked_at": unit.now}
        unit.db.add(Snapshot(id="s1", command="c1", digest=digest, came_at=unit.now, **asked))
        evidence.hold(unit, unit.db.get_one(Job, job.id))
        assert media.held(unit, digest) == [f"export:{job.id}"]
    path = tmp_path / "job.evidence"
    rows = taken(place, job, path)
    assert evidence_file.verify(path, key(place)).wrong == []
    assert (rows["position"], rows["snapshot"]) == (1, 1)


def test_work_with_cylinders_names_each_of_them(place: Any, tmp_path: Path) -> None:
    given = {"gas": "oxygen", "test_by": place.county.day(90), "district": "990101001"}
    given |= {"name": "演示氧气瓶", "industry": "industry", "rng": place.county.rng}

    def added(number: str) -> Any:
        owner = {"enterprise_id": place.enterprise.id, "number": number}
        return place.county.do(cylinders.add, **owner, **given)

    place.machine, more = added("1"), added("2")
    job = place.apply()
    place.machine = more
    assert place.apply().id == job.id
    path = tmp_path / "job.evidence"
    rows = taken(place, job, path)
    assert evidence_file.verify(path, key(place)).wrong == []
    assert (rows["machine"], rows["cylinder"]) == (2, 2)


def test_a_job_that_changed_hands_names_both_welders_in_both_files(
    place: Any, tmp_path: Path
) -> None:
    first, second = place.welder, place.county.welder(place.enterprise)
    job = place.county.do(jobs.hand_over, place.working(), first)
    place.exchange()
    after = place.county.do(jobs.take_over, second, place.machine, job.id)
    place.welder = second
    place.on(place.watch(place.check(after)))
    place.exchange()
    told = []
    for one in (job, after):
        path = tmp_path / f"{one.id}.evidence"
        rows = taken(place, one, path)
        assert evidence_file.verify(path, key(place)).wrong == []
        assert rows["handover"] == 1
        with sqlite3.connect(path) as file:
            file.row_factory = sqlite3.Row
            told.append(dict(file.execute("SELECT * FROM handover").fetchone()))
            people = {row["id"] for row in file.execute("SELECT id FROM person")}
        file.close()
        assert {first.id, second.id} <= people
    assert told[0] == told[1]
    assert (told[0]["from_welder"], told[0]["to_welder"]) == (first.id, second.id)
    assert told[0]["offered_at"] <= told[0]["off_confirmed_at"] <= told[0]["taken_at"]
    assert told[0]["taken_at"] <= told[0]["on_at"]


def test_nobody_elses_deeds_and_nobodys_secrets_are_in_it(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "job.evidence"
    taken(place, whole(place), path)
    raw = path.read_bytes()
    for hidden in (b"secret-deed", b"stranger", place.welder.name.encode(), b"sealed"):
        assert hidden not in raw


def test_names_and_numbers_are_masked(place: Any, tmp_path: Path) -> None:
    (told,) = place.county.ask(evidence_parts.people_of, [place.welder.id, None, "system"])
    assert told["name"] == place.welder.name[0] + "*" * (len(place.welder.name) - 1)


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("UPDATE job SET site = 'elsewhere'", "table:job"),
        ("DELETE FROM command WHERE rowid = 1", "table:command"),
        ("DROP TABLE presence_code", "table:presence_code"),
        ("CREATE TABLE more (a)", "table:more"),
        ("CREATE VIEW more AS SELECT 1", "table:more"),
        ("UPDATE audit_row SET actor = 'nobody' WHERE seq = 2", "audit:990101001:2"),
        ("UPDATE audit_link SET hash = 'x' WHERE seq = 3", "audit:990101001:3"),
        ("UPDATE checkpoint SET text = replace(text, ':1,', ':2,')", "checkpoint:1"),
        ("UPDATE signature SET signature = replace(signature, 'a', 'b')", "signature"),
        ("UPDATE signature SET manifest = '{}'", "not-evidence"),
        ("UPDATE picture SET content = x'00'", f"picture:{hashlib.sha256(GREY).hexdigest()}"),
        ("DELETE FROM signature", "not-evidence"),
        ("UPDATE signature SET manifest = 'x'", "not-evidence"),
        ("UPDATE signature SET public = ''", "key"),
    ],
)
def test_whatever_is_changed_is_named(
    place: Any, tmp_path: Path, statement: str, word: str
) -> None:
    path = tmp_path / "job.evidence"
    taken(place, whole(place), path)
    change(path, statement)
    assert word in evidence_file.verify(path, key(place)).wrong


def test_another_platforms_evidence_is_told_apart(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "job.evidence"
    taken(place, whole(place), path)
    assert evidence_file.verify(path, Signer(bytes(32)).fingerprint).wrong == ["key"]
    spaced = " ".join(key(place)[i : i + 4].upper() for i in range(0, 64, 4))
    assert evidence_file.verify(path, spaced).wrong == []


def test_signing_a_changed_file_anew_needs_the_key(place: Any, tmp_path: Path) -> None:
    path, other = tmp_path / "job.evidence", tmp_path / "forged"
    job = whole(place)
    taken(place, job, path)
    with place.county.ground.read() as unit:
        tables = evidence.collected(unit, unit.db.get_one(Job, job.id))
    tables["job"][0]["site"] = "elsewhere"
    evidence_file.write(other, tables, Signer(bytes(32)))
    wrong = evidence_file.verify(other, key(place)).wrong
    assert "key" in wrong and "checkpoint:1" in wrong


@pytest.mark.parametrize("content", [b"", b"nonsense", b"SQLite format 3\0" + bytes(100)])
def test_what_is_no_evidence_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    assert evidence_file.verify(path, "0" * 64).wrong == ["not-evidence"]


def test_a_file_that_is_there_is_never_overwritten(place: Any, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        taken(place, place.checked(), path)
    assert path.read_text() == "mine"
