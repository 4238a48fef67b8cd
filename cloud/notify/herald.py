"""Sends what is due, in a thread of its own: the other side may be slow, or away."""

import logging
from functools import partial
from typing import Any

from cloud.base.breaker import Breaker, SourceDown
from cloud.base.unit import Ground
from cloud.base.worker import Worker
from cloud.cases import notices
from cloud.notify.channels import Channel, by_text, channels

log = logging.getLogger(__name__)

_PAUSE_S = 1.0


class Herald(Worker):
    """Takes one notice after the other; a second herald beside it does no harm. A channel that
    failed thrice in a row is left alone for a while: the others do not wait out its time-outs."""

    def __init__(self, ground: Ground, ways: dict[str, Channel] | None = None) -> None:
        self._ground = ground
        ways = channels(ground.settings, ground.clock) if ways is None else ways
        every = ways | {"sms": partial(by_text, ground)}
        self._ways = {
            name: Breaker(partial(_by, way), ground.clock) for name, way in every.items()
        }
        super().__init__("herald", self.send_one, _PAUSE_S)

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
        except SourceDown as error:
            log.warning("notice %s not taken: %s", notice.id, error)
            return False
        return True


def _by(way: Channel, body: dict[str, Any]) -> None:
    try:
        way(body)
    except Exception as error:  # its words may hold an address with a password
        raise SourceDown(type(error).__name__) from None
