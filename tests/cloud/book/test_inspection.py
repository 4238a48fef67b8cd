"""Whoever changes the trail behind the database's back is named, and so is what was done."""

import json
from pathlib import Path

import pytest

from cloud.base import signing
from cloud.base.signing import Signer
from cloud.base.unit import Ground
from cloud.book import audit, checkpoints, inspection
from cloud.book.audit import GENESIS, AuditRow, link
from tests.cloud.book.test_audit import COUNTY, tamper, write
from tests.cloud.conftest import HandClock


def found(ground: Ground) -> list[tuple[str, str]]:
    with ground.read() as unit:
        return [(one.row, one.what) for one in inspection.inspect(unit).findings]


def checkpoint(ground: Ground) -> Path | None:
    with ground.write() as unit:
        return checkpoints.write(unit)


def written_anew(ground: Ground, first: int) -> list[str]:
    """Statements that make a whole new chain from row `first` on, as its owner could."""
    with ground.read() as unit:
        rows = unit.db.query(AuditRow).order_by(AuditRow.seq).all()
    statements, last = [], GENESIS
    for row in rows:
        said = audit.told(row)
        if row.seq >= first:
            said["actor"] = "nobody"
        last = link(last, said)
        new = f"actor = '{said['actor']}', hash = '{last}'"
        statements.append(f"UPDATE audit_row SET {new} WHERE seq = {row.seq}")
    return [*statements, f"UPDATE audit_head SET hash = '{last}'"]


def test_a_sound_trail_has_no_findings(either: Ground) -> None:
    assert found(either) == []
    write(either, 3, "990101")
    write(either, 2, "990102")
    checkpoint(either)
    write(either, 1, "990102")
    with either.read() as unit:
        report = inspection.inspect(unit)
    assert (report.rows, report.districts, report.checkpoints) == (6, 2, 1)
    assert report.findings == []


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["UPDATE audit_row SET actor = 'nobody' WHERE seq = 2"], [(2, "changed")]),
        (["UPDATE audit_row SET hash = 'x' WHERE seq = 4"], [(4, "changed")]),
        (["UPDATE audit_row SET id = 'x' WHERE seq = 3"], [(3, "changed")]),
        (["DELETE FROM audit_row WHERE seq = 1"], [(1, "removed")]),
        (["DELETE FROM audit_row WHERE seq IN (2, 3)"], [(2, "removed"), (3, "removed")]),
        (["DELETE FROM audit_row WHERE seq = 4"], [(4, "removed")]),
        (
            [
                "UPDATE audit_row SET actor = 'nobody' WHERE seq = 1",
                "DELETE FROM audit_row WHERE seq = 3",
            ],
            [(1, "changed"), (3, "removed")],
        ),
        (
            [
                "UPDATE audit_row SET id = 'x', seq = 0 WHERE seq = 2",
                "UPDATE audit_row SET id = '990101:2', seq = 2 WHERE seq = 3",
                "UPDATE audit_row SET id = '990101:3', seq = 3 WHERE seq = 0",
            ],
            [(2, "moved"), (3, "moved")],
        ),
        (["UPDATE audit_head SET seq = 3"], [(4, "added")]),
        (["UPDATE audit_head SET hash = 'x'"], [(4, "changed")]),
        (["DELETE FROM audit_head"], [("head", "removed")]),
    ],
)
def test_the_row_is_named_with_what_was_done_to_it(
    either: Ground, statements: list[str], named: list[tuple[int, str]]
) -> None:
    write(either, 4)
    tamper(either, *statements)
    assert found(either) == [(f"{COUNTY}:{seq}", what) for seq, what in named]


def test_rows_that_are_not_linked_to_each_other_are_no_chain(either: Ground) -> None:
    write(either, 4)
    with either.read() as unit:
        rows = unit.db.query(AuditRow).order_by(AuditRow.seq).all()
    alone = {row.seq: link(GENESIS, audit.told(row)) for row in rows}
    statements = [
        f"UPDATE audit_row SET hash = '{made}' WHERE seq = {seq}" for seq, made in alone.items()
    ]
    tamper(either, *statements, f"UPDATE audit_head SET hash = '{alone[4]}'")
    assert found(either)[0] == (f"{COUNTY}:2", "changed")


def test_a_chain_written_anew_is_found_out_by_the_checkpoints(either: Ground) -> None:
    write(either, 2)
    checkpoint(either)
    write(either, 2)
    checkpoint(either)
    tamper(either, *written_anew(either, 3))
    with either.read() as unit:
        (one,) = inspection.inspect(unit).findings
    assert (one.row, one.what) == (f"{COUNTY}:3", "rewritten")
    assert "3..4" in one.note


def test_a_tail_cut_off_with_its_head_is_found_out_by_the_checkpoints(ground: Ground) -> None:
    write(ground, 3)
    with ground.read() as unit:
        second = unit.db.get_one(AuditRow, f"{COUNTY}:2").hash
    checkpoint(ground)
    tamper(
        ground,
        "DELETE FROM audit_row WHERE seq = 3",
        f"UPDATE audit_head SET seq = 2, hash = '{second}'",
    )
    assert found(ground) == [(f"{COUNTY}:3", "removed")]


def test_a_whole_district_that_vanished_is_missed(ground: Ground) -> None:
    write(ground, 1)
    checkpoint(ground)
    tamper(ground, "DELETE FROM audit_row", "DELETE FROM audit_head")
    assert found(ground) == [(f"{COUNTY}:1", "removed")]


def test_a_checkpoint_is_written_only_when_something_moved(ground: Ground) -> None:
    assert checkpoint(ground) is None
    write(ground, 1)
    assert checkpoint(ground) is not None
    assert checkpoint(ground) is None


def test_checkpoints_come_by_themselves(ground: Ground, clock: HandClock) -> None:
    counts = []
    for seconds in (0, 10, 3600, 3600):
        clock.forward(seconds)
        if seconds != 10:
            write(ground, 1)
        with ground.write() as unit:
            counts.append(checkpoints.sweep(unit))
    assert counts == [1, 0, 1, 1]


@pytest.mark.parametrize("number", [1, 2])
def test_a_removed_checkpoint_is_missed(ground: Ground, number: int) -> None:
    for _ in range(3):
        write(ground, 1)
        checkpoint(ground)
    checkpoints.files(ground.settings.data_dir)[number - 1].unlink()
    assert found(ground) == [(f"{number:08}.json", "removed")]


def test_a_changed_checkpoint_is_named(ground: Ground) -> None:
    write(ground, 1)
    path = checkpoint(ground)
    assert path is not None
    body = json.loads(path.read_text())
    body["at"] += 1
    path.write_text(json.dumps(body))
    assert found(ground) == [(path.name, "changed")]
    path.write_text("")
    assert found(ground) == [(path.name, "changed")]


def test_a_checkpoint_of_another_key_is_named(ground: Ground) -> None:
    write(ground, 1)
    path = checkpoint(ground)
    assert path is not None
    (ground.settings.data_dir / "keys" / "platform.key").write_bytes(bytes(32))
    assert found(ground) == [(path.name, "foreign-key")]


def test_a_signature_is_good_for_its_purpose_and_text_only() -> None:
    signer = Signer(bytes(32))
    signature = signer.sign("checkpoint", "text")
    assert signing.good(signer.public, "checkpoint", "text", signature)
    assert not signing.good(signer.public, "evidence", "text", signature)
    assert not signing.good(signer.public, "checkpoint", "texts", signature)
    assert not signing.good("nonsense", "checkpoint", "text", signature)
    assert signer.public not in repr(signer)


def test_the_platforms_key_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first = Signer.load(tmp_path)
    assert Signer.load(tmp_path).fingerprint == first.fingerprint
    assert (tmp_path / "keys" / "platform.key").stat().st_mode & 0o077 == 0
