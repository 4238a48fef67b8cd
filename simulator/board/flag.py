"""asyncio.ThreadSafeFlag without a look a millisecond."""

import asyncio


class ThreadSafeFlag:
    """As MicroPython's. Its own would be polled a thousand times a second on a computer.

    Interrupts come to the stand-ins only between two steps of the tasks: an Event is enough.
    """

    def __init__(self):
        self._event = asyncio.Event()

    def set(self):
        self._event.set()

    def clear(self):
        self._event.clear()

    async def wait(self):
        await self._event.wait()
        self._event.clear()
