"""A light terminal: what the firmware says and obeys, without its flash, radio and relay.

For load: thousands of them fit in one process. Pure; time is handed in (epoch ms). It judges every
command as the protocol page has it, and counts whatever would be wrong (`oddities`).
"""

import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from typing import Any

_ANSWERS_KEPT = 16
_ENDED_KEPT = 16
_BATCH = 20


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class LightTerminal:
    """`login`, `beat`, `alarm`, `entries` give bodies to send up; `hear` gives the answer to one.

    `moved` = [(job, relay)], what the relay did; `spoken` = the last words said."""

    def __init__(self, device: str, secret: bytes, now: int) -> None:
        self.device = device
        self._command = _key(secret, b"command")
        self._receipt = _key(secret, b"receipt")
        self.password = _key(secret, b"mqtt").hex()
        self.log = secrets.token_hex(8)
        self.journal: list[dict[str, Any]] = []
        self.seq = self.stored = self.boots = 0
        self.moved: list[tuple[str, int]] = []
        self.ended: list[str] = []
        self.spoken = ""
        self.oddities = 0
        self.restart(now)

    def restart(self, now: int) -> None:
        """A new boot: the relay is open, and what was waited for is forgotten."""
        self.boots += 1
        self.epoch = secrets.token_hex(8)
        self.born_at = now - 9_000
        self.n = self.conn = self.relay = self.lease_end = 0
        self.job = ""
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self.note("boot", now)

    @property
    def mode(self) -> str:
        return "working" if self.relay else "idle"

    def up(self, now: int) -> int:
        return now - self.born_at

    def work(self, job: str, hours: float) -> None:
        """It is in the middle of this job."""
        self.job, self.relay, self.lease_end = job, 1, int(hours * 3_600_000)

    # --- up -------------------------------------------------------------------------------------

    def login(self, now: int) -> bytes:
        self.conn += 1
        content = {"fw": "0.1.0", "hw": "a7670", "operator": "46000", "boot": "power"}
        content |= {"epoch": self.epoch, "conn": self.conn, "up": self.up(now), "n": self.n}
        content |= {"mode": self.mode, "relay": self.relay, "job": self.job}
        return _annex("00", "登录", content | {"mac": self._told("00", 200, now)})

    def beat(self, now: int) -> bytes:
        if self.relay and self.up(now) >= self.lease_end:
            self._open(now)
        content = {"up": self.up(now), "mode": self.mode, "relay": self.relay, "rssi": -71}
        content |= {"amps": 120 if self.relay else 0, "epoch": self.epoch, "job": self.job}
        return _annex("FF", "心跳", content)

    def will(self) -> bytes:
        return _annex("Z0", "离线", {"reason": "will", "epoch": self.epoch, "conn": self.conn})

    def alarm(self, name: str, level: int, now: int) -> bytes:
        seq = self.note("alarm", now, alarm=name)
        return _annex("E0", "告警", {"alarm": name, "level": level, "at": now, "seq": seq})

    def note(self, kind: str, now: int, **more: Any) -> int:
        """An entry of the journal; its number."""
        self.seq += 1
        at = {"at": now, "up": self.up(now), "boot": self.boots}
        self.journal.append({"log": self.log, "seq": self.seq, "kind": kind} | at | more)
        return self.seq

    def entries(self) -> bytes | None:
        """The oldest entries that the cloud has not stored yet."""
        batch = self.journal[:_BATCH]
        if not batch:
            return None
        first, last = batch[0]["seq"], batch[-1]["seq"]
        digest = hashlib.sha256(canonical(batch).encode()).hexdigest()
        mac = _mac(self._receipt, self.device, "entries", self.log, first, last, digest)
        paras = {"log": self.log, "from": first, "to": last, "entries": batch, "mac": mac}
        one = {"service_id": "journal", "event_type": "entries", "event_time": "20270115T080000Z"}
        return json.dumps({"services": [one | {"paras": paras}]}, ensure_ascii=False).encode()

    # --- down -----------------------------------------------------------------------------------

    def hear(self, body: bytes, now: int) -> bytes | None:
        """What it answers; None to `stored` and the other events."""
        said = json.loads(body)
        if "services" in said:
            for one in said["services"]:
                if (one["service_id"], one["event_type"]) == ("journal", "stored"):
                    self._forget(one["paras"])
            return None
        id, name = said["id"], said["command_name"]
        known = self._answers.get(id)
        if known is not None:
            return known
        word = self._judge(id, name, said["paras"], now)
        if name == "alive" and not word and not said["paras"]["content"].get("ask"):
            return None
        answer = self._answer(id, name, word, now)
        self._answers[id] = answer
        if len(self._answers) > _ANSWERS_KEPT:
            self._answers.popitem(last=False)
        return answer

    def _judge(self, id: str, name: str, paras: dict[str, Any], now: int) -> str:
        code, content = paras["actionCode"], dict(paras["content"])
        claimed = content.pop("mac", "")
        if claimed != _mac(self._command, self.device, id, name, code, canonical(content)):
            self.oddities += 1
            return "bad-mac"
        if not ((name, code) == ("switch", "0") and content["job"] == self.job):
            if content["epoch"] != self.epoch:
                return "wrong-epoch"
            if content["n"] <= self.n:
                return "replayed"
            if self.up(now) > content["x"]:
                return "expired"
        if content["epoch"] == self.epoch:
            self.n = max(self.n, content["n"])
        return self._obey(name, code, content, now)

    def _obey(self, name: str, code: str, content: dict[str, Any], now: int) -> str:
        if name == "say":
            self.spoken = content["say"]
        elif (name, code) == ("switch", "1"):
            return self._close(content, now)
        elif (name, code) == ("switch", "0"):
            if content["job"] == self.job:
                self._open(now)
            else:
                self._end(content["job"])
        return ""

    def _close(self, content: dict[str, Any], now: int) -> str:
        job = content["job"]
        if job in self.ended:
            return "ended"
        self.lease_end = self.up(now) + content["lease_s"] * 1000
        if job != self.job:
            self._open(now)
            self.job, self.relay = job, 1
            self.moved.append((job, 1))
            self.note("on", now, job=job)
        return ""

    def _open(self, now: int) -> None:
        if self.job:
            self._end(self.job)
            self.moved.append((self.job, 0))
            self.note("off", now, job=self.job)
        self.job, self.relay = "", 0

    def _end(self, job: str) -> None:
        self.ended = [*self.ended, job][-_ENDED_KEPT:]

    def _forget(self, paras: dict[str, Any]) -> None:
        log, to = paras.get("log"), paras.get("to", 0)
        right = _mac(self._command, self.device, "stored", log, to)
        if log != self.log or paras.get("mac") != right or to > self.seq:
            self.oddities += 1
            return
        self.stored = max(self.stored, to)
        self.journal = [one for one in self.journal if one["seq"] > self.stored]

    def _answer(self, id: str, name: str, word: str, now: int) -> bytes:
        code = 500 if word else 200
        result = {"relay": self.relay, "mode": self.mode, "epoch": self.epoch, "n": self.n}
        result |= {"up": self.up(now), "mac": self._told(id, code, now)}
        paras = {"success": not word, "message": word, "code": code, "result": result}
        whole = {"id": id, "result_code": int(bool(word)), "response_name": name}
        return json.dumps(whole | {"paras": paras | {"timestamp": now}}).encode()

    def _told(self, id: str, code: int, now: int) -> str:
        parts = (self.device, id, self.epoch, self.up(now), self.n, code, self.relay)
        return _mac(self._receipt, *parts)


def _key(secret: bytes, label: bytes) -> bytes:
    return hmac.digest(secret, label, "sha256")


def _mac(key: bytes, *parts: object) -> str:
    return hmac.digest(key, "|".join(map(str, parts)).encode(), "sha256")[:16].hex()


def _annex(code: str, name: str, content: dict[str, Any]) -> bytes:
    return json.dumps(
        {"actionCode": code, "actionName": name, "content": content}, ensure_ascii=False
    ).encode()
