"""Sends what is due, in a thread of its own: the other side may be slow, or away."""

import logging
import threading

from cloud.base.unit import Ground
from cloud.cases import notices
from cloud.notify.channels import Channel, channels

log = logging.getLogger(__name__)

_PAUSE_S = 1.0


class Herald:
    """Takes one notice after the other; a second herald beside it does no harm."""

    def __init__(self, ground: Ground, ways: dict[str, Channel] | None = None) -> None:
        self._ground = ground
        self._ways = channels(ground.settings, ground.clock) if ways is None else ways
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="herald")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join()

    def send_one(self) -> bool:
        """Try one notice; False if none is due. What fails is tried again later."""
        with self._ground.write() as unit:
            notice = notices.claim(unit)
        if notice is None:
            return False
        taken = self._taken(notice)
        with self._ground.write() as unit:
            (notices.done if taken else notices.failed)(unit, notice)
        return True

    def _taken(self, notice: notices.Notice) -> bool:
        try:
            self._ways[notice.channel](notice.body)
        except Exception as error:  # its words may hold an address with a password
            log.warning("notice %s not taken: %s", notice.id, type(error).__name__)
            return False
        return True

    def _run(self) -> None:
        while not self._ending.wait(_PAUSE_S):
            try:
                while not self._ending.is_set() and self.send_one():
                    pass
            except Exception:
                log.exception("herald")
