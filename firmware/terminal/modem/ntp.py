"""The time from a server (SNTP, RFC 4330), for where the network does not tell it."""

from os import urandom

from micropython import const

_PORT = const(123)
_WAIT_MS = const(5000)
_TO_1970_S = const(2208988800)
_ERA_S = const(1 << 32)


async def ask(modem, host, port=_PORT):
    """UTC in milliseconds, as good as the way there is long; OSError where there is none."""
    token = urandom(8)
    question = b"\x23" + bytes(39) + token  # version 4, client; the token comes back
    return read(await modem.datagram(host, port, question, _WAIT_MS), token)


def read(answer, token):
    """UTC in milliseconds of a server's answer to our question alone."""
    good = len(answer) >= 48 and answer[0] & 7 == 4 and answer[0] >> 6 != 3
    if not good or not 1 <= answer[1] <= 15 or answer[24:32] != token:
        raise OSError("no time")
    seconds = int.from_bytes(answer[40:44], "big")
    if seconds < _ERA_S >> 1:
        seconds += _ERA_S  # from 2036 on
    part = int.from_bytes(answer[44:48], "big") * 1000 >> 32
    return (seconds - _TO_1970_S) * 1000 + part
