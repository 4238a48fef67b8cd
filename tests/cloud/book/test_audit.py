"""The audit trail cannot be changed through the database, and shows it when it was anyway."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cloud.base.unit import Ground
from cloud.book import audit

COUNTY = "990101"
NO_TRIGGERS = {
    "sqlite": [f"DROP TRIGGER audit_row_no_{verb}" for verb in ("UPDATE", "DELETE", "REPLACE")],
    "postgresql": ["SET LOCAL session_replication_role = replica"],
}
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def write(ground: Ground, count: int = 3, district: str = COUNTY) -> None:
    for number in range(count):
        with ground.write() as unit:
            audit.write(unit, district, "someone", "job.applied", "job-1", {"n": number})


def verify(ground: Ground, district: str = COUNTY) -> str | None:
    with ground.read() as unit:
        return audit.verify(unit, district)


def tamper(ground: Ground, *statements: str) -> None:
    """What somebody with the database and no scruples can do: no trigger stops them."""
    with ground.engine.begin() as connection:
        for statement in (*NO_TRIGGERS[connection.dialect.name], *statements):
            connection.exec_driver_sql(statement)


def test_an_untouched_chain_is_whole(either: Ground) -> None:
    assert verify(either) is None
    write(either)
    assert verify(either) is None


def test_each_district_has_a_chain_of_its_own(ground: Ground) -> None:
    write(ground, 2, "990101")
    write(ground, 1, "990102")
    with ground.read() as unit:
        ids = list(unit.db.scalars(text("SELECT id FROM audit_row ORDER BY id")))
    assert ids == ["990101:1", "990101:2", "990102:1"]


def test_several_rows_of_one_unit_are_chained_in_order(ground: Ground) -> None:
    with ground.write() as unit:
        rows = [audit.write(unit, COUNTY, "a", "w", "s", {"n": n}) for n in range(3)]
    assert [row.seq for row in rows] == [1, 2, 3]
    assert len({row.hash for row in rows}) == 3
    assert verify(ground) is None


def test_a_rolled_back_row_leaves_no_hole(ground: Ground) -> None:
    write(ground, 1)
    with pytest.raises(ZeroDivisionError), ground.write() as unit:
        audit.write(unit, COUNTY, "a", "w", "s", {})
        _ = 1 / 0
    write(ground, 1)
    assert verify(ground) is None


def test_a_row_undone_by_a_savepoint_leaves_no_hole(either: Ground) -> None:
    with either.write() as unit:
        audit.write(unit, COUNTY, "a", "w", "s", {"n": 1})
        with pytest.raises(ZeroDivisionError), unit.savepoint():
            audit.write(unit, COUNTY, "a", "w", "s", {"n": 2})
            _ = 1 / 0
        audit.write(unit, COUNTY, "a", "w", "s", {"n": 3})
    assert verify(either) is None


def test_writers_at_once_make_one_chain(either: Ground) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: write(either, 3), range(8)))
    assert verify(either) is None
    with either.read() as unit:
        assert unit.db.scalar(text("SELECT max(seq) FROM audit_row")) == 24


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_row SET actor = 'nobody'",
        "DELETE FROM audit_row",
        "DELETE FROM audit_row WHERE seq = 3",
    ],
)
def test_the_database_refuses_to_change_a_row(either: Ground, statement: str) -> None:
    write(either)
    with pytest.raises(DBAPIError, match="never changed"), either.write() as unit:
        unit.db.execute(text(statement))
    assert verify(either) is None


@pytest.mark.sqlite
@pytest.mark.parametrize("place", ["id", "rowid"])
def test_sqlite_puts_no_other_row_in_its_place(ground: Ground, place: str) -> None:
    write(ground)
    rowid, id = ("rowid", "'x'") if place == "rowid" else ("NULL", "id")
    forged = (
        "INSERT OR REPLACE INTO audit_row "
        "(rowid, id, district, seq, at, actor, what, subject, details, hash) "
        f"SELECT {rowid}, {id}, district, seq, at, 'nobody', what, subject, details, hash "
        "FROM audit_row WHERE seq = 2"
    )
    with pytest.raises(DBAPIError, match="never changed"), ground.write() as unit:
        unit.db.execute(text(forged))
    with ground.read() as unit:
        assert set(unit.db.scalars(text("SELECT actor FROM audit_row"))) == {"someone"}
    assert verify(ground) is None


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_row SET actor = 'nobody' WHERE seq = 2", 2),
        ("UPDATE audit_row SET details = '{\"n\":9}' WHERE seq = 1", 1),
        ("UPDATE audit_row SET at = at + 1 WHERE seq = 3", 3),
        ("UPDATE audit_row SET id = 'x', district = 'x' WHERE seq = 2", 2),
        ("DELETE FROM audit_row WHERE seq = 1", 1),
        ("DELETE FROM audit_row WHERE seq = 2", 2),
        ("DELETE FROM audit_row WHERE seq = 3", 3),
        ("DELETE FROM audit_row", 1),
        ("DELETE FROM audit_head", 3),
        ("UPDATE audit_head SET seq = 2", 3),
        ("UPDATE audit_head SET hash = 'x'", 3),
        (
            "INSERT INTO audit_row SELECT '990101:4', district, 4, at, actor, what, subject, "
            "details, hash FROM audit_row WHERE seq = 3",
            4,
        ),
    ],
)
def test_whoever_gets_around_that_is_found_out(ground: Ground, statement: str, found: int) -> None:
    write(ground)
    tamper(ground, statement)
    assert verify(ground) == f"{COUNTY}:{found}"


def test_swapping_two_rows_is_found_out(ground: Ground) -> None:
    write(ground)
    tamper(
        ground,
        "UPDATE audit_row SET id = 'x', seq = 0 WHERE seq = 1",
        "UPDATE audit_row SET id = '990101:1', seq = 1 WHERE seq = 2",
        "UPDATE audit_row SET id = '990101:2', seq = 2 WHERE seq = 0",
    )
    assert verify(ground) == f"{COUNTY}:1"


@given(st.lists(st.dictionaries(st.text(max_size=8), values, max_size=4), max_size=4))
@how(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=30,
)
def test_whatever_the_details_hold_the_chain_verifies(
    ground: Ground, details: list[dict[str, Any]]
) -> None:
    with ground.write() as unit:
        for one in details:
            audit.write(unit, COUNTY, "a", "w", "s", one)
    assert verify(ground) is None
