"""Text messages leave by a thread of their own: nobody can tell from the answer's time whether one
was sent. To the console by default, or by a signed web-hook to whoever sends them really.
"""

import logging
import queue
import sys
import threading
from collections.abc import Callable

from cloud.base.clock import Clock
from cloud.base.formats import mask
from cloud.base.ids import new_id
from cloud.base.settings import Settings
from cloud.notify.channels import post

log = logging.getLogger(__name__)

Way = Callable[[str, str, str], None]  # (id, number, words); raises if it was not taken
_WAITING = 1000
_TRIES = 3
_PAUSE_S = 2.0


class Texter:
    """`text(number, words)` for `ground.text`; what cannot be sent in three tries is dropped:
    whoever waits for it asks again."""

    def __init__(self, settings: Settings, clock: Clock, way: Way | None = None) -> None:
        self._way = way or _way(settings, clock)
        self._waiting: queue.Queue[tuple[str, str] | None] = queue.Queue(_WAITING)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="texter")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self.text("", "")  # wakes the thread
        self._thread.join()

    def text(self, number: str, words: str) -> None:
        """Put it in the row; never waits."""
        try:
            self._waiting.put_nowait((number, words))
        except queue.Full:
            log.error("text messages pile up: one was dropped")

    def _run(self) -> None:
        while not self._ending.is_set():
            got = self._waiting.get()
            if got and got[0]:
                self._send(*got)

    def _send(self, number: str, words: str) -> None:
        id = new_id()  # the same at every try: the other side takes it once
        for _ in range(_TRIES):
            try:
                self._way(id, number, words)
                return
            except Exception as error:  # its words may hold the number
                log.warning("text message %s not taken: %s", id, type(error).__name__)
            if self._ending.wait(_PAUSE_S):
                return


def _way(settings: Settings, clock: Clock) -> Way:
    if not settings.sms_hook:
        return to_console
    return lambda id, number, words: post(
        settings.sms_hook,
        settings.sms_secret,
        {"id": id, "phone": number, "text": words},
        clock(),
    )


def to_console(id: str, number: str, words: str) -> None:
    """For an installation without a sender of text messages: whoever runs it reads them here."""
    print(f"短信 SMS {mask(number)}：{words}", file=sys.stderr, flush=True)
