"""The event loop where the world owns the time: when all tasks sleep, it is the world's turn.

MicroPython's task queue is compiled and stamps what is to run now with the computer's own ticks.
So the loop counts milliseconds that never wrap and always lie above those: what is to run now
comes first, then the sleepers in their order. The firmware's own ticks do wrap (time.py); a sleep
that would not survive the wrap on the ESP32 is refused here.
"""

import asyncio
import select

from flag import ThreadSafeFlag
from world_link import link

core = asyncio.core
_HALF_PERIOD = 1 << 29  # a longer sleep is one into the past on the ESP32
_AHEAD_MS = 1 << 40
_ROUNDS = 1000  # of tasks that only give way; then a millisecond has passed


class _Waiting:
    """Stands for asyncio's queue of tasks that wait for files."""

    def __init__(self):
        self.map = {0: None}  # never empty: there is always a world that may wake somebody
        self._rounds = 0
        self._waiting = {}  # id of a task: the file it waits for
        self._files = []  # of the computer, with what is called when they have something
        self._poll = select.poll()

    def queue_read(self, stream):
        wire = getattr(stream, "wire", None)
        task = core.cur_task
        if wire is None:
            self.queue_write(stream)
        elif wire.ready():
            core._task_queue.push(task)
        else:
            wire.waiting = lambda: self._wake(task)
            self._waiting[id(task)] = wire
            task.data = self

    def queue_write(self, stream):
        """A stream that tells nobody when it can go on is asked again every millisecond."""
        core._task_queue.push(core.cur_task, _ticks() + 1)

    def remove(self, task):
        """The task is being cancelled."""
        wire = self._waiting.pop(id(task), None)
        if wire:
            wire.waiting = None

    def _wake(self, task):
        del self._waiting[id(task)]
        core._task_queue.push(task)

    def attend(self, file, take):
        self._files.append((file, take))
        self._poll.register(file, select.POLLIN)

    def wait_io_event(self, dt):
        if self._files:
            self._look()
        if dt == 0:
            self._rounds += 1
            if self._rounds < _ROUNDS:
                return
            dt = 1
        self._rounds = 0
        if dt > 0:
            link.wait(link.now_us + dt * 1000)
        else:
            while not core._task_queue.peek():
                link.wait()

    def _look(self):
        for file, _ in self._poll.poll(0):
            for one, take in self._files:
                if one is file:
                    take()


def _ticks():
    return link.now_us // 1000 + _AHEAD_MS


def _ticks_add(ticks, delta):
    if delta >= _HALF_PERIOD:
        raise OverflowError("a sleep of %d ms" % delta)
    return ticks + delta


def _ticks_diff(later, earlier):
    return later - earlier


_waiting = _Waiting()


def attend(file, take):
    if file is not link.socket:
        _waiting.attend(file, take)


core._io_queue = _waiting
core.ticks, core.ticks_add, core.ticks_diff = _ticks, _ticks_add, _ticks_diff
asyncio.ThreadSafeFlag = ThreadSafeFlag
