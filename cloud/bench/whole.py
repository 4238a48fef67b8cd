"""The whole way of a job, by two people with phones: applied, checked, watched, on.

All by HTTP as their pages send it, with pictures taken and codes typed as the machine speaks them.
What is measured begins with the welder's application and ends when the relay has closed.
"""

import asyncio
import queue
import secrets
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from cloud.base.unit import Ground
from cloud.bench.county import Place
from cloud.registry import accounts, pins
from cloud.registry.people import Person
from cloud.web.visitor import SESSION
from simulator.phone import Answer, Phone, PhoneError, fresh_picture
from simulator.trial.people import digits

_AT_ONCE = 100  # pairs that are on their way
_SIGNED_IN_AT_ONCE = 500
_HEARD_S, _CLOSED_S = 60.0, 60.0
_WORDS = {"site": "演示车间", "work": "焊接支架", "voucher": "动火票 1 号"}


class Refused(Exception):
    """A step was not taken; its name and the codes."""


class Ears:
    """Of whoever stands at a machine: what it says, and whether its relay moved."""

    def __init__(self) -> None:
        self._said: dict[str, queue.SimpleQueue[str]] = defaultdict(queue.SimpleQueue)
        self._moved: dict[str, queue.SimpleQueue[tuple[str, int]]] = defaultdict(queue.SimpleQueue)

    def hear(self, news: dict[str, Any]) -> None:
        """A line of a fleet's process."""
        if "spoken" in news:
            self._said[news["device"]].put(news["spoken"])
        else:
            self._moved[news["device"]].put((news["job"], news["relay"]))

    def code(self, device: str) -> str:
        """The digits of the next words; Refused if none come."""
        try:
            return digits(self._said[device].get(timeout=_HEARD_S))
        except queue.Empty:
            raise Refused("speak: not heard") from None

    def closed(self, device: str, job: str) -> None:
        """Comes back when the relay has closed for it; Refused if it does not."""
        try:
            moved = self._moved[device].get(timeout=_CLOSED_S)
        except queue.Empty:
            raise Refused("on: the relay did not close") from None
        if moved != (job, 1):
            raise Refused("on: another move")


@dataclass(frozen=True)
class Who:
    """A phone that is signed in."""

    token: str
    pin: str

    def phone(self, port: int) -> Phone:
        phone = Phone(f"http://127.0.0.1:{port}")
        phone.cookies, phone.pin = {SESSION: self.token}, self.pin
        return phone


@dataclass
class Done:
    """`took_ms` of each whole way, `jobs` by device, `refused` by step and code."""

    took_ms: list[float] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    seconds: float = 0.0


class Walk:
    """One pair at one machine."""

    def __init__(self, place: Place, welder: Who, watch: Who, ears: Ears) -> None:
        self.device, self.job, self.requests = place.device, "", 0
        self._page, self._welder, self._watch = f"/m/{place.code}", welder, watch
        self._ears = ears

    def go(self, port: int) -> float:
        """ms from the application to the closed relay; Refused, OSError, HTTPException."""
        welder, watch = self._welder.phone(port), self._watch.phone(port)
        try:
            for phone in (welder, watch):  # both have scanned the code
                phone.open(self._page)
            began = time.perf_counter()
            self.job = self._press(welder, "apply", **_WORDS)["job"]
            self._present(welder, "check", ten="1")
            self._present(watch, "watch")
            self._press(welder, "on")
            self._ears.closed(self.device, self.job)
            return (time.perf_counter() - began) * 1000
        finally:
            welder.close()
            watch.close()

    def _present(self, phone: Phone, step: str, **more: str) -> None:
        """Pictures, the spoken code, the ticks: this person is here."""
        state = self._good("state", phone.request("GET", f"{self._page}/state")).json()
        for _ in range(state["pictures_wanted"]):
            shown = phone.show(f"{self._page}/picture", "picture", fresh_picture())
            self._good("picture", shown)
        ticks = [tick["id"] for tick in self._press(phone, "speak")["ticks"]]
        self._press(phone, step, code=self._ears.code(self.device), ticks=ticks, **more)

    def _press(self, phone: Phone, what: str, **fields: Any) -> dict[str, Any]:
        state: dict[str, Any] = self._good(
            what, phone.press(f"{self._page}/{what}", **fields)
        ).json()["state"]
        return state

    def _good(self, step: str, answer: Answer) -> Answer:
        self.requests += 1
        if answer.status == 200:
            return answer
        try:
            codes = " ".join(one["code"] for one in answer.json()["refusals"])
        except (ValueError, KeyError, TypeError):
            codes = str(answer.status)
        raise Refused(f"{step}: {codes}")


def signed_in(ground: Ground, places: Sequence[Place], ears: Ears) -> list[Walk]:
    """A welder and a fire watch with their phones at each machine."""
    walks = []
    for start in range(0, len(places), _SIGNED_IN_AT_ONCE):
        with ground.write() as unit:
            for place in places[start : start + _SIGNED_IN_AT_ONCE]:
                pair = []
                for id in (place.welder, place.watch):
                    person = unit.db.get_one(Person, id)
                    pin = f"27{secrets.randbelow(10_000):04}"
                    pins.put(unit, id, pin, session="")
                    pair.append(Who(accounts.begin(unit, person, "127.0.0.1").token, pin))
                walks.append(Walk(place, *pair, ears))
    return walks


async def walked(port: int, walks: Sequence[Walk], rate: float) -> Done:
    """All of them, `rate` a second whatever the server does, as long as there are phones."""
    done, loop, began = Done(), asyncio.get_running_loop(), time.monotonic()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tasks = []
        for number, walk in enumerate(walks):
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
            tasks.append(loop.run_in_executor(pool, walk.go, port))
        results = await asyncio.gather(*tasks, return_exceptions=True)
    done.seconds = time.monotonic() - began
    for walk, result in zip(walks, results, strict=True):
        done.requests += walk.requests
        if isinstance(result, float):
            done.took_ms.append(result)
            done.jobs[walk.device] = walk.job
        elif isinstance(result, (Refused, OSError, HTTPException, PhoneError)):
            why = str(result) if isinstance(result, Refused) else type(result).__name__
            done.refused[why] = done.refused.get(why, 0) + 1
        else:
            raise result
    return done
