"""Presses of ON by HTTP as phones send them, at a fixed rate whatever the server does.

A press that has to wait for a free connection waits in its own time: what is measured begins when
the welder pressed.
"""

import asyncio
import hmac
import json
import secrets
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from cloud.base.unit import Ground
from cloud.bench.county import Place
from cloud.registry import accounts, pins
from cloud.registry.people import Person
from cloud.web.visitor import SESSION

_LINES = 200
_ANSWER_S = 60.0
_SIGNED_IN_AT_ONCE = 500


def form(path: str, fields: Mapping[str, str], *head: str) -> bytes:
    """A form as a phone posts it, with these further lines in the head."""
    body = urlencode(fields).encode()
    lines = (
        *(f"POST {path} HTTP/1.1", "Host: 127.0.0.1", *head, f"Content-Length: {len(body)}"),
        "Content-Type: application/x-www-form-urlencoded",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + body


def shares(took_ms: Sequence[float], name: str = "") -> dict[str, float]:
    """The median and the 99th percentile, as `p50_ms` and `p99_ms` after `name`; infinite without
    any."""
    took = sorted(took_ms) or [float("inf")]
    return {
        f"{name}p50_ms": round(statistics.median(took), 1),
        f"{name}p99_ms": round(took[min(len(took) - 1, len(took) * 99 // 100)], 1),
    }


@dataclass(frozen=True)
class Press:
    """One welder's ON."""

    device: str
    code: str
    job: str
    token: str
    csrf: str
    pin: str

    def request(self) -> bytes:
        fields = {"job": self.job, "csrf": self.csrf, "pin": self.pin}
        head = ("Accept: application/json", f"Cookie: {SESSION}={self.token}")
        return form(f"/m/{self.code}/on", fields, *head)


@dataclass
class Answers:
    """`took_ms` of each answer, `taken` = the devices whose ON was taken, `refused` by code."""

    took_ms: list[float] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def no(self, why: str) -> None:
        self.refused[why] = self.refused.get(why, 0) + 1


def signed_in(ground: Ground, places: Sequence[Place], jobs: dict[str, str]) -> list[Press]:
    """A phone for every welder: the session is there, the page is open, the PIN is typed."""
    presses = []
    for start in range(0, len(places), _SIGNED_IN_AT_ONCE):
        with ground.write() as unit:
            for place in places[start : start + _SIGNED_IN_AT_ONCE]:
                welder = unit.db.get_one(Person, place.welder)
                token = accounts.begin(unit, welder, "127.0.0.1").token
                owner = f"session:{token}".encode()
                csrf = hmac.digest(ground.keys.csrf, owner, "sha256").hex()
                job = jobs[place.device]
                pin = f"27{secrets.randbelow(10_000):04}"
                pins.put(unit, place.welder, pin, session="")
                presses.append(Press(place.device, place.code, job, token, csrf, pin))
    return presses


async def pressed(port: int, presses: Sequence[Press], rate: float) -> Answers:
    """All of them, `rate` a second."""
    answers, free = Answers(), asyncio.LifoQueue[Line]()
    for _ in range(_LINES):
        free.put_nowait(Line(port))
    began = time.monotonic()
    tasks = []
    for number, press in enumerate(presses):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(_one(press, free, answers)))
    await asyncio.gather(*tasks)
    answers.seconds = time.monotonic() - began
    while not free.empty():
        free.get_nowait().close()
    return answers


async def _one(press: Press, free: "asyncio.LifoQueue[Line]", answers: Answers) -> None:
    began = time.perf_counter()
    line = await free.get()
    try:
        async with asyncio.timeout(_ANSWER_S):
            status, body = await line.ask(press.request())
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        line.close()
        answers.no(type(error).__name__)
        return
    finally:
        free.put_nowait(line)
    answers.took_ms.append((time.perf_counter() - began) * 1000)
    if status == 200:
        answers.taken.append(press.device)
    else:
        answers.no(codes(status, body))


def codes(status: int, body: bytes) -> str:
    """Why a press was not taken."""
    try:
        return f"{status} " + " ".join(one["code"] for one in json.loads(body)["refusals"])
    except (ValueError, KeyError, TypeError):
        return str(status)


class Line:
    """One connection that is kept, as browsers do; `ask` gives (status, body).

    A server may close what is idle: then, as browsers do, the same is asked on a fresh one.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        kept = self._streams is not None
        try:
            return await self._asked(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            if not kept:
                raise
        self.close()
        return await self._asked(request)

    async def _asked(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(head.split(" ", 2)[1])
        length = next(
            int(line.split(":")[1])
            for line in head.split("\r\n")
            if line.lower().startswith("content-length:")
        )
        return status, await reader.readexactly(length)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
