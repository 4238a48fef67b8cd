import logging
import threading

from cloud.base.worker import Worker


def test_it_goes_on_until_nothing_is_due_and_then_pauses(wait_until):
    due, paused = [3, 2, 1], threading.Event()

    def act():
        if not due:
            paused.set()
            return False
        return due.pop()

    worker = Worker("made-up", act, pause_s=0.0)
    worker.start()
    wait_until(paused.is_set)
    worker.stop()
    assert due == []


def test_what_goes_wrong_is_logged_under_its_name_and_tried_again(wait_until, caplog):
    calls = []

    def act():
        calls.append(1)
        raise ValueError("broken")

    worker = Worker("made-up", act, pause_s=0.001)
    with caplog.at_level(logging.ERROR):
        worker.start()
        wait_until(lambda: len(calls) > 1)
        worker.stop()
    assert "made-up" in caplog.text


def test_the_end_does_not_wait_for_all_that_is_due(wait_until):
    calls = []

    def act():
        calls.append(1)
        return True

    worker = Worker("made-up", act, pause_s=0.0)
    worker.start()
    wait_until(lambda: calls)
    worker.stop()
