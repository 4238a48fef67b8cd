"""A process of people with phones on trial: every request and answer is noted.

Pairs of a welder and a fire watch do one job after the other, as the page tells each what comes
next, whatever goes wrong on the way. One group tries what nobody may.
`python -m simulator.trial.people ORDERS` (JSON, see `Orders`); ends by itself when all is quiet.
"""

import hashlib
import http.client
import itertools
import json
import random
import re
import sys
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulator.demo import get_json
from simulator.phone import Answer, Phone, PhoneError, fresh_picture
from simulator.trial.notes import Notes
from simulator.trial.quiet import Quiet

_DIGITS = "零一二三四五六七八九"
_CODE = re.compile(f"(?:[{_DIGITS}幺][，、,\\s]*){{4}}")
_KEPT = ("code", "job", "ticks")  # of what was typed: nothing secret
TROUBLE = (OSError, http.client.HTTPException, PhoneError, ValueError, KeyError)
_TIMEOUT_S = 6
_PATIENCE_S = 25
_WORK_S = (0.3, 2.5)
_NUMBER = itertools.count()


@dataclass(frozen=True)
class Orders:
    """`web`, `ears` = ports; `pairs` = [{code, device, welder, watch}] with [login, password,
    factor, PIN] each; `group` = the same of those who try what they may not, with `other`: a
    second account on the same phone, `expired`, `far` (an officer of elsewhere), `victim`
    (another's machine).
    `quiet` = file with the moment of the last new job (quiet.py). The first pair is still at work
    at the end. `giving` = who hands things in (giving.py): welder, carrier, office; device,
    terminal (its secret, hex), person (the welder's id), key and secret of a platform; or {}."""

    web: int
    ears: int
    pairs: list[dict[str, Any]]
    group: dict[str, Any]
    notes: str
    seed: int
    quiet: str
    giving: dict[str, Any] = field(default_factory=dict)


class NotingPhone(Phone):
    """Notes what it asks and is told; a request without an answer may have been done or not."""

    def __init__(self, base: str, login: str, notes: Notes) -> None:
        super().__init__(base, timeout_s=_TIMEOUT_S)
        self.login, self._notes = login, notes

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        id = f"{threading.get_ident()}-{next(_NUMBER)}"
        typed = urllib.parse.parse_qs(body) if isinstance(body, str) else {}
        told: dict[str, Any] = {"id": id, "who": self.login, "method": method, "path": path}
        told |= {name: typed[name][0] for name in _KEPT if name in typed}
        self._notes("asked", **told)
        try:
            answer = super().request(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.close()
            self._notes("unanswered", id=id)
            raise
        self._notes("answered", **told | {"status": answer.status} | _state(answer))
        return answer


def _state(answer: Answer) -> dict[str, Any]:
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return {}
    try:
        body = answer.json()
    except ValueError:
        return {}
    state = body.get("state") if isinstance(body, dict) else None
    if not isinstance(state, dict):
        return {}
    refused = [one["code"] for one in body.get("refusals", [])]
    shown = {name: state.get(name) for name in ("job", "state", "step")}
    return {"shown": shown, "refused": refused}


class Somebody:
    """One person with a phone; signs in again when that is needed."""

    def __init__(self, base: str, who: list[str], notes: Notes) -> None:
        self._base, self._notes = base, notes
        self._login, *self._secrets = who  # password, the factor's secret, PIN
        self.phone = NotingPhone(base, who[0], notes)
        self._in = False

    def enter(self) -> NotingPhone:
        """The phone, signed in."""
        if not self._in:
            self.phone.close()
            self.phone = NotingPhone(self._base, self._login, self._notes)
            self.phone.sign_in(self._login, *self._secrets)
            self._in = True
        return self.phone

    def good(self, answer: Answer) -> bool:
        """Whether it was taken; who was signed out signs in again."""
        self._in = answer.status != 401
        return answer.status == 200

    def state(self, page: str) -> dict[str, Any]:
        """The machine as the page tells this person."""
        self.enter()
        answer = self.phone.request("GET", f"{page}/state")
        if not self.good(answer):
            raise PhoneError(f"{page}/state: {answer.status}")
        state: dict[str, Any] = answer.json()
        return state

    def press(self, page: str, what: str, **fields: Any) -> Answer:
        """Opens the page and presses; what got no answer is pressed once more on the same form."""
        self.phone.open(page)
        try:
            return self.phone.press(f"{page}/{what}", **fields)
        except (OSError, http.client.HTTPException):
            time.sleep(0.5)
            return self.phone.press(f"{page}/{what}", **fields)

    def pictures(self, page: str, state: dict[str, Any]) -> None:
        for _ in range(state["pictures_wanted"]):
            self.phone.open(page)
            picture = fresh_picture()
            answer = self.phone.show(f"{page}/picture", "picture", picture)
            if answer.status == 200:
                digest = hashlib.sha256(picture).hexdigest()
                self._notes("kept", table="pictures", key=digest)


class Spot:
    """One machine, and the ears of whoever stands there."""

    def __init__(self, ears: int, code: str, device: str) -> None:
        self._url = f"http://127.0.0.1:{ears}/terminals/{device}"
        self.page = f"/m/{code}"

    def hear(self, since_ns: int) -> str:
        """The four digits spoken since then; empty if none came in time."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            for _at, words in reversed(get_json(f"{self._url}?since_ns={since_ns}")["said"]):
                if found := _CODE.search(words):
                    return digits(found[0])
            time.sleep(0.05)
        return ""

    def code_for(self, person: Somebody) -> str:
        before_ns = time.monotonic_ns()
        answer = person.press(self.page, "speak")
        return self.hear(before_ns) if answer.status == 200 else ""


def digits(words: str) -> str:
    """The digits that were spoken."""
    return "".join(str(_DIGITS.index("一" if one == "幺" else one)) for one in words
                   if one in _DIGITS or one == "幺")  # fmt: skip


class Pair:
    """A welder and a fire watch: whoever's turn it is does what the page says."""

    def __init__(self, orders: Orders, number: int, notes: Notes) -> None:
        base, one = f"http://127.0.0.1:{orders.web}", orders.pairs[number]
        self.welder = Somebody(base, one["welder"], notes)
        self.watch = Somebody(base, one["watch"], notes)
        self.spot = Spot(orders.ears, one["code"], one["device"])
        self._chance = random.Random(orders.seed * 1000 + number)
        self._quiet, self._stays = Quiet(Path(orders.quiet)), number == 0

    def run(self) -> None:
        while time.time() < self._quiet.at + _PATIENCE_S:
            try:
                if self._turn():
                    return
            except TROUBLE:
                time.sleep(self._chance.uniform(0.2, 1.0))

    def _turn(self) -> bool:
        """One step; True when there is nothing more to do."""
        page = self.spot.page
        quiet = self._quiet.come
        state = self.welder.state(page)
        step = state["step"]
        if quiet and step == "apply" and not self._stays:
            return True
        if quiet and self._stays and step == "off":
            return True
        if quiet and not self._stays and step in ("check", "wait-watch", "on", "resume"):
            self.welder.press(page, "off")
        elif step == "wait-watch":
            self._watched()
        elif step == "asked":
            time.sleep(0.2)
        else:
            act: Callable[[dict[str, Any]], object] = getattr(self, f"_{step}", self._wait)
            act(state)
        return False

    def _apply(self, _state: dict[str, Any]) -> None:
        words = {"site": "演示车间", "work": "支架焊接", "voucher": "演示-动火票"}
        self.welder.press(self.spot.page, "apply", **words)

    def _check(self, state: dict[str, Any]) -> None:
        self.welder.pictures(self.spot.page, state)
        code = self.spot.code_for(self.welder)
        ticks = [tick["id"] for tick in self.welder.state(self.spot.page)["ticks"]]
        self.welder.press(self.spot.page, "check", code=code, ticks=ticks, ten="1")

    def _watched(self) -> None:
        state = self.watch.state(self.spot.page)
        if state["step"] != "watch":
            return
        self.watch.pictures(self.spot.page, state)
        code = self.spot.code_for(self.watch)
        ticks = [tick["id"] for tick in self.watch.state(self.spot.page)["ticks"]]
        self.watch.press(self.spot.page, "watch", code=code, ticks=ticks)

    def _on(self, _state: dict[str, Any]) -> None:
        self.welder.press(self.spot.page, "on")
        time.sleep(0.3)

    _resume = _on

    def _off(self, _state: dict[str, Any]) -> None:
        time.sleep(self._chance.uniform(*_WORK_S))
        self._chance.choice((self.welder, self.welder, self.watch)).press(self.spot.page, "off")

    def _clear(self, state: dict[str, Any]) -> None:
        ticks = [tick["id"] for tick in state["ticks"]]
        self.welder.press(self.spot.page, "clear", ticks=ticks)

    def _wait(self, _state: dict[str, Any]) -> None:
        time.sleep(0.5)


class Group:
    """Those who try what nobody may: all of it has to be refused, and is judged from the book."""

    def __init__(self, orders: Orders, notes: Notes) -> None:
        base, group = f"http://127.0.0.1:{orders.web}", orders.group
        names = ("welder", "other", "expired", "far")
        self._who = {name: Somebody(base, group[name], notes) for name in names}
        self._spot = Spot(orders.ears, group["code"], group["device"])
        self._victim = f"/m/{group['victim']}"
        self._quiet = Quiet(Path(orders.quiet))

    def run(self) -> None:
        others = itertools.cycle((self._look, self._trespass, self._expired))
        while not self._quiet.come:
            for act in (next(others), self._short_cut):
                try:
                    act()
                except TROUBLE:
                    time.sleep(0.3)
        until = time.time() + _PATIENCE_S
        while time.time() < until:
            try:
                return self._give_up()
            except TROUBLE:
                time.sleep(0.5)

    def _look(self) -> None:
        """An officer of elsewhere."""
        far = self._who["far"]
        far.enter()
        far.phone.request("GET", f"{self._victim}/state")

    def _trespass(self) -> None:
        """On another's machine: a second job, and another's ON."""
        welder = self._who["welder"]
        welder.state(self._victim)
        words = {"site": "演示", "work": "焊接", "voucher": "演示"}
        for what, fields in (("apply", words), ("on", {})):
            welder.phone.press(f"{self._victim}/{what}", **fields)

    def _expired(self) -> None:
        """A welder whose certificate is over."""
        somebody = self._who["expired"]
        somebody.state(self._spot.page)
        words = {"site": "演示", "work": "焊接", "voucher": "演示"}
        somebody.press(self._spot.page, "apply", **words)

    def _short_cut(self) -> None:
        """A code that was never spoken, ON without a watch, a watch who is the welder's own."""
        welder, other, page = self._who["welder"], self._who["other"], self._spot.page
        step = welder.state(page)["step"]
        if step == "apply":
            words = {"site": "演示", "work": "焊接", "voucher": "演示"}
            welder.press(page, "apply", **words)
            state = welder.state(page)
            welder.pictures(page, state)
            code = self._spot.code_for(welder)
            ticks = [tick["id"] for tick in welder.state(page)["ticks"]]
            if code:
                wrong = f"{(int(code) + 1) % 10_000:04}"
                welder.press(page, "check", code=wrong, ticks=ticks, ten="1")
                welder.press(page, "check", code=code, ticks=ticks, ten="1")
                welder.press(page, "on")
        elif step == "wait-watch":
            state = other.state(page)
            other.pictures(page, state)
            code = self._spot.code_for(other)
            ticks = [tick["id"] for tick in other.state(page)["ticks"]]
            other.press(page, "watch", code=code or "0000", ticks=ticks)
            if welder.state(page)["step"] == "wait-watch":
                welder.press(page, "off")
        elif step in ("on", "off", "resume"):  # only where a guard is gone
            welder.press(page, "on" if step == "on" else "off")
            time.sleep(1)
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Leave nothing open."""
        welder, page = self._who["welder"], self._spot.page
        state = welder.state(page)
        if state["step"] in ("check", "wait-watch", "on", "off", "resume", "asked"):
            welder.press(page, "off")
        if state["step"] == "clear":
            welder.press(page, "clear", ticks=[tick["id"] for tick in state["ticks"]])


def run(orders: Orders) -> None:
    from simulator.trial import giving  # it is made of what stands here

    notes = Notes(Path(orders.notes))
    acts = [Pair(orders, number, notes).run for number in range(len(orders.pairs))]
    threads = [threading.Thread(target=act) for act in [*acts, Group(orders, notes).run]]
    for thread in threads:
        thread.start()
    for thread in [*threads, *giving.begun(orders, notes)]:
        thread.join()


if __name__ == "__main__":
    run(Orders(**json.loads(Path(sys.argv[1]).read_text("utf-8"))))
