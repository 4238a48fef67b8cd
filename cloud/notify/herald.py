"""Sends what is due, in a thread of its own: the other side may be slow, or away."""

import logging
from collections.abc import Callable
from functools import partial
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.error import HTTPError

from cloud.base.breaker import Breaker, LeftAlone, SourceDown
from cloud.base.unit import Ground, Unit
from cloud.base.worker import Worker
from cloud.cases import notices
from cloud.notify.channels import Channel, by_text, channels

log = logging.getLogger(__name__)

_PAUSE_S = 1.0
_SAID_NO = (HTTPError, SMTPResponseException, SMTPRecipientsRefused)


class Herald(Worker):
    """Takes one notice after the other; a second herald beside it does no harm. A channel that was
    not reached thrice in a row is left alone for a while: no other waits out its time-outs,
    and what waits for it has lost no try."""

    def __init__(self, ground: Ground, ways: dict[str, Channel] | None = None) -> None:
        self._ground = ground
        ways = channels(ground.settings, ground.clock) if ways is None else ways
        every = ways | {"sms": partial(by_text, ground)}
        self._ways = {
            name: Breaker(partial(_by, way), ground.clock) for name, way in every.items()
        }
        super().__init__("herald", self.send_some, _PAUSE_S)

    def send_some(self) -> bool:
        """Try one notice after the other; False if none is due. What fails is tried again later.

        Whoever writes keeps all others waiting: only where something is due, and what became of
        one notice is noted as the next one is claimed.
        """
        with self._ground.read() as unit:
            if not notices.waiting(unit):
                return False
        with self._ground.write() as unit:
            notice = notices.claim(unit)
        while notice is not None:
            came = self._tried(notice)
            with self._ground.write() as unit:
                came(unit, notice)
                notice = None if self._ending.is_set() else notices.claim(unit)
        return True

    def _tried(self, notice: notices.Notice) -> Callable[[Unit, notices.Notice], None]:
        """Tries once; gives what is to be noted."""
        try:
            refused = self._ways[notice.channel](notice.body)
        except LeftAlone as error:
            return partial(notices.put_off, for_ms=error.for_ms)
        except SourceDown as error:
            refused = str(error)
        if refused:
            log.warning("notice %s not taken: %s", notice.id, refused)
        return notices.failed if refused else notices.done


def _by(way: Channel, body: dict[str, Any]) -> str:
    """Why it was not taken, if it was not; SourceDown where nobody was reached.

    Only kinds of errors are told: their words may hold an address with a password.
    """
    try:
        way(body)
    except _SAID_NO as error:
        return type(error).__name__
    except OSError as error:
        raise SourceDown(type(error).__name__) from None
    except Exception as error:
        return type(error).__name__
    return ""
