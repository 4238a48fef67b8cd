"""Those who hand something in all the while: a permit, a table, another platform's report and its
picture, a terminal's journal carried by a phone. What was answered with 2xx is noted as `kept`.
"""

import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from simulator.light import LightTerminal
from simulator.phone import fresh_picture
from simulator.trial.notes import Notes
from simulator.trial.people import TROUBLE, Orders, Somebody
from simulator.trial.quiet import Quiet

_PAUSE_S, _TIMEOUT_S, _LOOKS = 0.4, 6, 20
_JPEG, _JSON = "image/jpeg", "application/json"


class Givers:
    """All of them; each gives one thing after the other, until all is to be quiet."""

    def __init__(self, orders: Orders, notes: Notes) -> None:
        self._web, self._giving, self._notes = orders.web, orders.giving, notes
        base = f"http://127.0.0.1:{orders.web}"
        self._welder = Somebody(base, self._giving["welder"], notes)
        self._carrier = Somebody(base, self._giving["carrier"], notes)
        self._office = Somebody(base, self._giving["office"], notes)
        self._quiet = Quiet(Path(orders.quiet))
        secret = bytes.fromhex(self._giving["terminal"])
        self._terminal = LightTerminal(self._giving["device"], secret, _now())

    def acts(self) -> list[Callable[[], None]]:
        """One for each thread."""
        return [
            lambda act=act: self._on_and_on(act)  # type: ignore[misc]
            for act in (self.permit, self.table, self.report, self.journal)
        ]

    def _on_and_on(self, act: Callable[[], None]) -> None:
        while not self._quiet.come:
            try:
                act()
            except TROUBLE:
                time.sleep(_PAUSE_S)
            time.sleep(_PAUSE_S)

    def permit(self) -> None:
        phone = self._welder.enter()
        phone.open("/permits")
        begin = (datetime.now(UTC) + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M")  # in China
        words = {"grade": "second", "hours": "8", "site": "演示车间", "work": "支架焊接"}
        answer = phone.press("/permits", **words, **{"from": begin})
        if self._welder.good(answer):
            self._kept("permits", answer.json()["permit"])

    def table(self) -> None:
        """Up, judged, and written: both are acknowledged."""
        phone, name = self._office.enter(), f"演示{secrets.token_hex(6)}"
        phone.open("/office/imports")
        rows = ("类型,名称,行政区划,开始日期", f"特殊时段,{name},990101,2020-01-01")
        file = ("a.csv", "\n".join(rows).encode(), "text/csv")
        answer = phone.hand_in("/office/imports", "file", file, kind="dates")
        if not self._office.good(answer):
            return
        told = answer.json()
        self._kept("imports", told["id"])
        if self._came_to(told["at"], "judged"):
            phone.open(told["at"])
            phone.press(told["at"], what="all")
            if self._came_to(told["at"], "written"):
                self._kept("dates", name)

    def _came_to(self, at: str, wanted: str) -> bool:
        """False where it was left lying: whoever worked on it was killed."""
        for _ in range(_LOOKS):
            answer = self._office.phone.request("GET", f"{at}/state")
            state = answer.json()["state"] if answer.status == 200 else ""
            if state not in ("reading", "writing"):
                return bool(state == wanted)
            time.sleep(0.1)
        return False

    def report(self) -> None:
        """Way 2: the picture first, then the job that names it."""
        picture, number = fresh_picture(), secrets.token_hex(8)
        brought = self._ask("/media?kind=site", picture, _JPEG)
        if brought is None:
            return
        self._kept("pictures", brought["digest"])
        job = {
            "number": number,
            "device": self._giving["device"],
            "welders": [{"id": self._giving["person"]}],
            "site": "演示车间",
            "work": "支架焊接",
            "planned_from": _now(),
            "planned_until": _now() + 3_600_000,
            "proof": {"type": "voucher", "kind": "演示", "number": "1"},
            "pictures": [brought["digest"]],
        }
        if self._ask("/job-applications", json.dumps(job).encode(), _JSON) is not None:
            self._kept("reported", number)

    def _ask(self, path: str, body: bytes, kind: str) -> dict[str, Any] | None:
        """`result` of a signed request that was taken (protocol, section 5)."""
        target, at, nonce = f"/platform/v1{path}", str(_now()), secrets.token_hex(16)
        parts = ("POST", target, at, nonce, hashlib.sha256(body).hexdigest())
        secret = self._giving["secret"].encode()
        signature = hmac.digest(secret, "\n".join(parts).encode(), "sha256").hex()
        headers = {"X-HM-Key": self._giving["key"], "X-HM-Timestamp": at, "X-HM-Nonce": nonce}
        headers |= {"X-HM-Signature": signature, "Content-Type": kind, "Idempotency-Key": nonce}
        line = http.client.HTTPConnection("127.0.0.1", self._web, timeout=_TIMEOUT_S)
        try:
            line.request("POST", target, body, headers)
            answer = line.getresponse()
            told = json.loads(answer.read())
        finally:
            line.close()
        return told["result"] if answer.status == 200 else None

    def journal(self) -> None:
        phone, terminal = self._carrier.enter(), self._terminal
        terminal.note("beat", _now())
        phone.open("/jobs")
        headers = {"Content-Type": _JSON, "Accept": _JSON, "X-CSRF-Token": phone.token}
        path = f"/carried/{urllib.parse.quote(terminal.device)}/journal"
        answer = phone.request("POST", path, terminal.entries(), headers)
        if self._carrier.good(answer):
            to = answer.json()["to"]
            terminal.journal = [one for one in terminal.journal if one["seq"] > to]
            self._notes("stored", device=terminal.device, log=terminal.log, to=to)

    def _kept(self, table: str, key: str) -> None:
        self._notes("kept", table=table, key=key)


def begun(orders: Orders, notes: Notes) -> list[threading.Thread]:
    """A thread each; none where the orders name no givers."""
    acts = Givers(orders, notes).acts() if orders.giving else []
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    return threads


def _now() -> int:
    return time.time_ns() // 1_000_000
