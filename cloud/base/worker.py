"""A thread that does what is due, piece by piece, and pauses when nothing is."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Worker:
    """Calls `act` until it says that nothing was due, then pauses for `pause_s` seconds.

    What `act` raises is logged under `name`, and it is called again after a pause.
    """

    def __init__(self, name: str, act: Callable[[], object], pause_s: float) -> None:
        self._name, self._act, self._pause_s = name, act, pause_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Waits for the piece at which it is; not for what else is due."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._pause_s):
            try:
                while not self._ending.is_set() and self._act():
                    pass
            except Exception:
                log.exception(self._name)
