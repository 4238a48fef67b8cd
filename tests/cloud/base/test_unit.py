"""One unit of work is one durable transaction, and two writers never fail each other."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from cloud.base.keys import Keys
from cloud.base.unit import Ground, NestedWrite, NoSender, Unit
from cloud.book.audit import AuditHead
from tests.cloud.statements import statements


def head(name: str, seq: int = 0) -> AuditHead:
    return AuditHead(district=name, seq=seq, hash="")


def seq(ground: Ground, name: str) -> int | None:
    with ground.read() as unit:
        row = unit.db.get(AuditHead, name)
        return row.seq if row else None


def test_what_was_written_is_there_after_the_unit(ground: Ground) -> None:
    with ground.write() as unit:
        unit.db.add(head("a", 7))
    assert seq(ground, "a") == 7


def test_an_exception_undoes_the_whole_unit(ground: Ground) -> None:
    with pytest.raises(ZeroDivisionError), ground.write() as unit:
        unit.db.add(head("a"))
        unit.db.flush()
        _ = 1 / 0
    assert seq(ground, "a") is None


def test_the_time_stands_still_inside_a_unit(ground: Ground, clock: Any) -> None:
    with ground.write() as unit:
        begin = unit.now
        clock.forward(5)
        assert unit.now == begin == clock.now - 5000


def test_a_read_unit_cannot_write(ground: Ground) -> None:
    with pytest.raises(DBAPIError, match=r"read-?only"), ground.read() as unit:
        unit.db.add(head("a"))
        unit.db.flush()
    with ground.write() as unit:
        unit.db.add(head("a"))
    assert seq(ground, "a") == 0


@pytest.mark.parametrize("kind", [pytest.param("write", marks=pytest.mark.sqlite), "read"])
def test_where_nobody_can_change_it_a_row_is_asked_for_once(ground: Ground, kind: str) -> None:
    with ground.write() as unit:
        unit.db.add(head("a", 7))
    with statements(ground.engine) as asked, getattr(ground, kind)() as unit:
        for _ in range(3):
            again = {"populate_existing": True, "with_for_update": True}
            assert unit.db.get_one(AuditHead, "a", **again).seq == 7
    assert sum("FROM audit_head" in statement for statement in asked) == 1


def test_a_row_by_its_key_is_one_object_and_as_the_unit_left_it(ground: Ground) -> None:
    with ground.write() as unit:
        fresh = head("a", 3)
        unit.db.add(fresh)
        assert unit.db.get(AuditHead, "a") is fresh
        assert unit.db.get(AuditHead, "b") is None
        with pytest.raises(ZeroDivisionError), unit.savepoint():
            unit.db.add(head("b"))
            unit.db.flush()
            fresh.seq = 1 // 0
        assert unit.db.get(AuditHead, "b") is None
        assert unit.db.get(AuditHead, "a") is fresh and fresh.seq == 3


@pytest.mark.parametrize("either", ["postgresql"], indirect=True)
def test_where_others_write_meanwhile_a_row_is_looked_at_again(either: Ground) -> None:
    with either.write() as unit:
        unit.db.add(head("a", 1))
    with either.write() as unit:
        assert unit.db.get_one(AuditHead, "a").seq == 1
        with either.write() as other:
            other.db.get_one(AuditHead, "a").seq = 2
        assert unit.db.get_one(AuditHead, "a", populate_existing=True).seq == 2


@pytest.mark.sqlite  # rows of others are no matter on PostgreSQL
def test_who_writes_in_another_process_waits_for_its_turn(ground: Ground) -> None:
    """A ground of its own stands for it: nothing but the file is shared."""
    other = Ground.open(ground.settings, ground.clock)

    def add() -> None:
        with other.write() as unit:
            unit.db.add(head("b"))

    with ThreadPoolExecutor(1) as pool:
        with ground.write() as unit:
            unit.db.add(head("a"))
            unit.db.flush()
            waiting = pool.submit(add)
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
        waiting.result(60)
    other.close()
    assert (seq(ground, "a"), seq(ground, "b")) == (0, 0)


def test_reading_goes_on_while_another_writes(ground: Ground) -> None:
    with ground.write() as writer:
        writer.db.add(head("a"))
        writer.db.flush()
        assert seq(ground, "a") is None


@pytest.mark.sqlite
def test_many_threads_read_then_write_at_once_and_none_is_lost(ground: Ground) -> None:
    with ground.write() as unit:
        unit.db.add(head("a"))
    start, failures = threading.Barrier(4), []

    def count_up() -> None:
        start.wait()
        try:
            for _ in range(25):
                with ground.write() as unit:
                    row = unit.db.get_one(AuditHead, "a")
                    row.seq += 1
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert seq(ground, "a") == 100


@pytest.mark.sqlite
def test_two_processes_read_then_write_at_once_and_both_succeed(ground: Ground) -> None:
    """Two grounds on one file share no lock in memory, only the database's own."""
    other = Ground(ground.settings, ground.engine, ground.keys, ground.clock)
    with ground.write() as unit:
        unit.db.add(head("a"))
    reading = threading.Event()

    def second() -> None:
        reading.wait()
        with other.write() as unit:
            unit.db.get_one(AuditHead, "a").seq += 1

    thread = threading.Thread(target=second)
    thread.start()
    with ground.write() as unit:
        row = unit.db.get_one(AuditHead, "a")
        reading.set()
        thread.join(0.05)
        row.seq += 1
    thread.join()
    assert seq(ground, "a") == 2


@pytest.mark.sqlite
def test_a_write_unit_inside_another_says_so_at_once(ground: Ground) -> None:
    with ground.write(), pytest.raises(NestedWrite), ground.write():
        pass
    with ground.write():
        pass


def test_after_calls_run_once_and_only_after_the_commit(ground: Ground) -> None:
    seen: list[int | None] = []
    with ground.write() as unit:
        unit.db.add(head("a", 3))
        unit.after(lambda: seen.append(seq(ground, "a")))
        assert seen == []
    assert seen == [3]


def test_after_calls_of_a_rolled_back_unit_never_run(ground: Ground, sent: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), ground.write() as unit:
        unit.send("HM-1", b"x")
        _ = 1 / 0
    assert sent == []


def test_an_after_call_may_open_the_next_write_unit(ground: Ground) -> None:
    def later() -> None:
        with ground.write() as unit:
            unit.db.add(head("b", 1))

    with ground.write() as unit:
        unit.after(later)
    assert seq(ground, "b") == 1


def test_a_failing_after_call_is_logged_and_stops_nobody(
    ground: Ground, sent: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), ground.write() as unit:
        unit.after(lambda: 1 / 0)
        unit.send("HM-1", b"x")
    assert sent == [("HM-1", b"x")]
    assert "ZeroDivisionError" in caplog.text


def test_a_broken_index_inside_a_savepoint_leaves_the_rest_standing(
    ground: Ground, sent: list[Any]
) -> None:
    with ground.write() as unit:
        unit.db.add(head("a", 1))
        with pytest.raises(IntegrityError), unit.savepoint():
            unit.send("HM-1", b"never")
            unit.db.execute(AuditHead.__table__.insert(), {"district": "a", "seq": 2, "hash": ""})
        unit.db.add(head("b", 3))
    assert (seq(ground, "a"), seq(ground, "b"), sent) == (1, 3, [])


def test_the_outbox_is_woken_once_per_unit(ground: Ground) -> None:
    woken: list[int] = []
    ground.wake = lambda: woken.append(1)

    def news(unit: Unit) -> None:
        unit.wake()
        unit.wake()

    with ground.write() as unit:
        news(unit)
    assert woken == [1]


def test_without_an_edge_a_command_has_no_way_out() -> None:
    with pytest.raises(NoSender):
        Ground.send("HM-1", b"x")


def test_keys_that_cannot_be_looked_for_stop_no_write_and_are_told_once(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_folder: Any) -> list[str]:
        raise PermissionError("keys")

    def told() -> int:
        return sum("the keys at hand go on" in one.message for one in caplog.records)

    id = ground.keys.id
    with monkeypatch.context() as patch:
        patch.setattr("cloud.base.keys.os.listdir", refuse)
        for name in ("a", "b"):
            with ground.write() as unit:
                unit.db.add(head(name, 7))
    assert (seq(ground, "a"), seq(ground, "b"), ground.keys.id, told()) == (7, 7, id, 1)
    fresh = Keys.load(ground.settings.data_dir).renew("data")
    with ground.write():
        assert ground.keys.id == fresh  # and what comes later is taken up
