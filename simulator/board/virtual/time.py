"""`time` where the world owns it. The ticks wrap at 2**30 as on the ESP32, and begin at each start
with HANMA_TICKS_MS: near the end of the period, where a test wants to see them wrap."""

import os
import sys

from world_link import link

_path = sys.path
sys.path = ()  # the built-in one
try:
    from time import gmtime, localtime, mktime
finally:
    sys.path = _path

_PERIOD = 1 << 30
_FIRST_US = int(os.getenv("HANMA_TICKS_MS") or 0) * 1000 - link.started_us
_UTC_US = int(os.getenv("HANMA_UTC_US") or 0)  # of the world's own beginning

__all__ = ["gmtime", "localtime", "mktime"]


def ticks_ms():
    return (link.now_us + _FIRST_US) // 1000 & (_PERIOD - 1)


def ticks_us():
    return link.now_us + _FIRST_US & (_PERIOD - 1)


ticks_cpu = ticks_us


def ticks_add(ticks, delta):
    return ticks + delta & (_PERIOD - 1)


def ticks_diff(later, earlier):
    half = _PERIOD // 2
    return (later - earlier + half & (_PERIOD - 1)) - half


def sleep_us(us):
    """Holds everything up, as on the board."""
    end = link.now_us + us
    while link.now_us < end:
        link.wait(end)


def sleep_ms(ms):
    sleep_us(ms * 1000)


def sleep(s):
    sleep_us(int(s * 1000000))


def time_ns():
    return (_UTC_US + link.now_us) * 1000


def time():
    return (_UTC_US + link.now_us) // 1000000
