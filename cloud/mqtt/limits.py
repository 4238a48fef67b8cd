"""The numbers of the embedded broker, and the tally of what it had to refuse."""

import logging
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """How much may lie ready for one subscriber before it counts as too slow."""

    messages: int
    bytes: int
    in_flight: int  # sent and not yet acknowledged, QoS 1


@dataclass(frozen=True)
class Limits:
    """What one broker bears; the defaults fit the two-core machine of a county."""

    connections: int = 2000
    connect_s: float = 5.0  # from the TCP connection to the whole CONNECT
    connect_bytes: int = 4096
    login_s: float = 10.0  # for the log-in check (a database that hangs)
    packet_bytes: int = 256 * 1024
    silence_s: float = 1800.0  # for clients that set no keepalive
    hold_s: float = 30.0  # a publisher waits this long for a reader with room
    write_buffer_bytes: int = 64 * 1024
    terminal: Quota = Quota(messages=50, bytes=256 * 1024, in_flight=20)
    cloud: Quota = Quota(messages=2000, bytes=16 * 1024 * 1024, in_flight=200)


class Tally(Counter[str]):
    """Counts by name; the 1st, 2nd, 4th, 8th … of a kind is also logged.

    So a flood leaves a trace in the log, and never floods the log.
    """

    def note(self, log: logging.Logger, name: str, text: str, *args: object) -> None:
        """Count one `name` and perhaps log the sentence `text % args`."""
        self[name] += 1
        count = self[name]
        if count & (count - 1) == 0:
            log.warning("%s [%s: %d]", text % args, name, count)
