"""What reaches the board from outside also reaches a sleeping event loop, as an interrupt would.

`attend(file, take)`: `take()` is called as soon as the file has something to read, also while all
tasks sleep. On MicroPython that is one more task, which waits for the file; on CPython, where no
task can be made before the loop runs, it begins with `asyncio.run`. `take` may set a
`ThreadSafeFlag`: its waiter runs at once.
"""

import asyncio
import sys

from flag import ThreadSafeFlag


def _wait_and_take(file, take):
    core = asyncio.core
    while True:
        yield core._io_queue.queue_read(file)
        take()


_attended = []  # CPython: (file, take) for the loop to come


def attend(file, take):
    if sys.implementation.name == "micropython":
        asyncio.create_task(_wait_and_take(file, take))
        return
    if not _attended:
        run = asyncio.run
        asyncio.run = lambda main: run(_with_readers(main))
    _attended.append((file, take))


async def _with_readers(main):
    loop = asyncio.get_running_loop()
    for file, take in _attended:
        loop.add_reader(file.fileno(), take)
    try:
        return await main
    finally:
        for file, _ in _attended:
            loop.remove_reader(file.fileno())


asyncio.ThreadSafeFlag = ThreadSafeFlag
