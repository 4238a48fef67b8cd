"""The daily round through all certificates, in a thread of its own: registers may be slow."""

import logging
import threading

from cloud.base.unit import Ground
from cloud.work import papers

log = logging.getLogger(__name__)

_PAUSE_S = 60.0


class DailyRound:
    """Asks in small pieces, until nothing is due or nobody answers; then it pauses."""

    def __init__(self, ground: Ground, pause_s: float = _PAUSE_S) -> None:
        self._ground, self._pause_s = ground, pause_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="certificates")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._pause_s):
            try:
                while not self._ending.is_set() and papers.check_due(self._ground):
                    pass
            except Exception:
                log.exception("certificates")
