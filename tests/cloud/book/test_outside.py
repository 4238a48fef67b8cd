"""Checkpoints leave the machine; what was put back or written anew is found out by them."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.base.unit import Ground
from cloud.book import audit, checkpoints, inspection
from cloud.book.outbox import Event
from cloud.notify.carrier import Carrier
from tests.cloud.book.test_audit import tamper, write
from tests.cloud.book.test_inspection import checkpoint, found, written_anew
from tests.cloud.conftest import HandClock


@pytest.fixture
def out(either: Ground, tmp_path: Path) -> Path:
    """A folder on another disk, which a carrier fills."""
    folder = tmp_path / "outside"
    folder.mkdir()
    either.settings = replace(either.settings, checkpoints_out=str(folder))
    return folder


def carry(ground: Ground) -> None:
    Carrier(ground.settings).carry()


def both(ground: Ground) -> None:
    """A row, a checkpoint, and it has left."""
    write(ground, 1)
    assert checkpoint(ground)
    carry(ground)


def names(ground: Ground) -> set[str]:
    return {what for _row, what in found(ground)}


def test_each_checkpoint_leaves_once_and_as_it_is(either: Ground, out: Path) -> None:
    both(either)
    both(either)
    carry(either)
    own = checkpoints.files(either.settings.data_dir)
    left = sorted(out.iterdir())
    assert [path.name[:8] for path in left] == ["00000001", "00000002"]
    assert [path.read_bytes() for path in left] == [path.read_bytes() for path in own]
    assert found(either) == []
    with either.read() as unit:
        assert inspection.inspect(unit).outside == 2


def test_a_disk_that_is_away_is_not_made_up_for_and_is_tried_again(
    either: Ground, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out.rmdir()
    write(either, 1)
    checkpoint(either)
    carrier = Carrier(either.settings)
    carrier.carry()
    assert "not carried" in caplog.text and not out.exists()
    assert found(either) == [(str(out), "removed")]
    out.mkdir()
    carrier.carry()
    assert len(list(out.iterdir())) == 1


def test_a_trail_written_anew_with_its_checkpoints_is_found_out(either: Ground, out: Path) -> None:
    both(either)
    both(either)
    tamper(either, *written_anew(either, 2))
    (second,) = checkpoints.files(either.settings.data_dir)[1:]
    second.unlink()
    assert checkpoint(either) == second  # by who has the platform's key too
    rows = dict(found(either))
    assert rows["990101:2"] == "rewritten"
    assert rows[sorted(path.name for path in out.iterdir())[1]] == "rewritten"


def test_a_trail_put_back_with_its_checkpoints_is_found_out(either: Ground, out: Path) -> None:
    both(either)
    with either.read() as unit:
        first = unit.db.get_one(audit.AuditHead, "990101").hash
    both(either)
    head = f"UPDATE audit_head SET seq = 1, hash = '{first}'"
    tamper(either, "DELETE FROM audit_row WHERE seq = 2", head)
    checkpoints.files(either.settings.data_dir)[1].unlink()
    last = max(path.name for path in out.iterdir())
    assert found(either) == [(last, "rolled-back"), ("990101:2", "removed")]


def test_with_the_whole_data_gone_what_left_still_accuses(
    either: Ground, out: Path, tmp_path: Path
) -> None:
    both(either)
    shutil.rmtree(checkpoints.folder(either.settings.data_dir))
    os.unlink(either.settings.data_dir / "keys" / "platform.key")
    assert names(either) == {"foreign-key"}


def test_a_single_one_that_came_by_mail_is_enough(either: Ground, tmp_path: Path) -> None:
    write(either, 2)
    path = checkpoint(either)
    assert path
    kept = tmp_path / "mail.json"
    shutil.copy(path, kept)
    tamper(either, *written_anew(either, 1))
    path.unlink()
    assert found(either) == []  # nothing here tells
    with either.read() as unit:
        report = inspection.inspect(unit, [kept])
    assert {one.what for one in report.findings} == {"rolled-back", "rewritten"}


def test_the_first_checkpoint_of_a_day_is_told(ground: Ground, clock: HandClock) -> None:
    for _hour in range(30):
        clock.forward(3600)
        write(ground, 1)
        with ground.write() as unit:
            checkpoints.sweep(unit)
    with ground.read() as unit:
        told = [event.subject for event in unit.db.query(Event).order_by(Event.id)]
    first, second, *more = (int(subject) for subject in told)
    assert first == 1 and 1 < second <= 25
    assert more in ([], [second + 24])
