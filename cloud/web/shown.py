"""How values are shown: times on the clocks of China, codes in groups, the form's hidden part."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, request

from cloud.base.clock import in_china
from cloud.web import once


def clock_time(at: int, now: int) -> str:
    """Epoch ms as `14:05`, with the day before it unless it is today's."""
    then, today = in_china(at), in_china(now)
    return then.strftime("%H:%M" if then.date() == today.date() else "%m-%d %H:%M")


def clock_seconds(at: int) -> str:
    """Epoch ms as `14:05:09`."""
    return f"{in_china(at):%H:%M:%S}"


def iso_time(at: int) -> str:
    """Epoch ms as the machine-readable `datetime` of a time element."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def form_time(at: int) -> str:
    """Epoch ms as the value of a field for day and time, on the clocks of China."""
    return in_china(at).strftime("%Y-%m-%dT%H:%M")


def duration(ms: int) -> str:
    """What is left, as a clock: `3:05:09`, below an hour `5:09`; never less than nothing."""
    seconds = max(0, -(-ms // 1000))
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def grouped(code: str) -> str:
    """A machine's code in pieces that can be read out: 990101 7KQ2 M8XA."""
    return f"{code[:6]} {code[6:10]} {code[10:]}"


def here() -> str:
    """The path of this page, for forms that come back to it; a refused form's page is its GET."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def init_app(app: Flask) -> None:
    """Hand all of it to the templates."""
    app.jinja_env.filters.update(
        clock_time=clock_time,
        clock_seconds=clock_seconds,
        form_time=form_time,
        iso_time=iso_time,
        duration=duration,
        grouped=grouped,
    )
    app.jinja_env.globals.update(here=here, once=once.number)
