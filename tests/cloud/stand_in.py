"""A terminal of paper: obeys and answers as the protocol page says, with macs of its own making.

It shares no line with the firmware or with cloud/link/wire.py, so it is a second reader of the
page. Time is the test's clock.
"""

import base64
import hashlib
import hmac
import json
from typing import Any


def canonical(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class StandIn:
    """One terminal: `hear(body)` gives its answer; `relay`, `job`, `spoken` are what it did."""

    def __init__(self, device: str, secret: bytes, clock: Any) -> None:
        self.device, self.secret, self.clock = device, secret, clock
        self.boots = 0
        self.ended: list[str] = []
        self.spoken: list[str] = []
        self.closings: list[str] = []
        self.deaf = False
        self.restart()

    def restart(self) -> None:
        self.boots += 1
        self.epoch = hashlib.sha256(f"{self.device}{self.boots}".encode()).hexdigest()[:16]
        self.born_at = self.clock.now - 9_000
        self.n = self.conn = self.relay = self.lease_end = 0
        self.job = ""
        self.answers: dict[str, bytes] = {}

    @property
    def imei(self) -> str:
        """No two devices' the same."""
        return f"86{int(hashlib.sha256(self.device.encode()).hexdigest(), 16) % 10**13:013d}"

    @property
    def up(self) -> int:
        return int(self.clock.now - self.born_at)

    @property
    def mode(self) -> str:
        return "working" if self.relay else "idle"

    # --- up -------------------------------------------------------------------------------------

    def login(self, **other: Any) -> bytes:
        self.conn += 1
        content = {"fw": "0.1.0", "hw": "a7670", "kind": "contactor", "imei": self.imei}
        content |= {"boot": "power"}
        content |= {"conn": self.conn, "mode": self.mode, "job": self.job}
        content |= self._receipt("00", 200)
        return self._annex("00", content | other)

    def beat(self, *, full: bool = True, **other: Any) -> bytes:
        content = {"up": self.up, "mode": self.mode, "relay": self.relay, "amps": 0, "rssi": 20}
        if full:
            content |= {"epoch": self.epoch, "job": self.job}
        return self._annex("FF", content | other)

    def leave(self, reason: str = "will", **other: Any) -> bytes:
        content = {"reason": reason, "epoch": self.epoch, "conn": self.conn}
        return self._annex("Z0", content | other)

    def position(self, **place: Any) -> bytes:
        return self._annex("EF", place)

    def event(self, service: str, type: str, paras: dict[str, Any]) -> bytes:
        one = {"service_id": service, "event_type": type, "event_time": "20270115T080000Z"}
        return json.dumps({"services": [one | {"paras": paras}]}, ensure_ascii=False).encode()

    def entries(self, log: str, *entries: dict[str, Any], **span: int) -> bytes:
        return self.event("journal", "entries", self.batch(log, *entries, **span))

    def batch(
        self, log: str, *entries: dict[str, Any], first: int = 0, last: int = 0
    ) -> dict[str, Any]:
        """All that is left of first..last (of the entries' own numbers if not given)."""
        first = first or entries[0]["seq"]
        last = last or entries[-1]["seq"]
        digest = hashlib.sha256(canonical(list(entries)).encode()).hexdigest()
        mac = self._mac("receipt", f"{self.device}|entries|{log}|{first}|{last}|{digest}")
        return {"log": log, "from": first, "to": last, "entries": list(entries), "mac": mac}

    # --- down -----------------------------------------------------------------------------------

    def hear(self, body: bytes) -> bytes | None:
        """What it answers to a message from the cloud; None if it is not listening or must not."""
        if self.deaf:
            return None
        command = json.loads(body)
        if "services" in command:
            return None
        id = command["id"]
        if id not in self.answers:
            word = self._judge(command)
            self.answers[id] = self.answer(id, command["command_name"], word)
        return self.answers[id]

    def take(self, ticket: str, word: str = "") -> dict[str, Any]:
        """A phone writes a ticket, with the fire watch's secret behind it where it wants one; the
        receipt. `word` = why it is refused, if it is."""
        body, claimed, *secret = ticket.split(".")
        raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        key = hmac.new(self.secret, b"ticket", hashlib.sha256).digest()
        mac = hmac.new(key, raw, hashlib.sha256).digest()[:16]
        assert claimed == base64.urlsafe_b64encode(mac).decode().rstrip("=")
        said = json.loads(raw)
        assert raw.decode() == canonical(said)
        if said.get("fw") not in (
            None,
            *(hashlib.sha256(one.encode()).hexdigest() for one in secret),
        ):
            word = "fire-watch"
        if not word and (said["act"] == "on" or (said["act"] == "test" and "job" in said)):
            word = self._obey("switch", "1", said)
        elif not word and said["act"] == "off":
            self._obey("switch", "0", said)
        id, code = (
            hashlib.sha256(f"{body}.{claimed}".encode()).hexdigest()[:32],
            500 if word else 200,
        )
        told = {"d": self.device, "id": id, "act": said["act"], "job": said.get("job", "")}
        return told | {"code": code, "word": word} | self._receipt(id, code)

    def press(self) -> None:
        """The button: off."""
        self._open()

    def pass_time(self) -> None:
        """The lease runs out by itself."""
        if self.relay and self.up >= self.lease_end:
            self._open()

    def answer(self, id: str, name: str, word: str = "", **other: Any) -> bytes:
        code = 500 if word else 200
        result = {"mode": self.mode} | self._receipt(id, code) | other
        paras = {"success": not word, "message": word, "code": code, "result": result}
        whole = {"id": id, "result_code": int(bool(word)), "response_name": name}
        return json.dumps(whole | {"paras": paras | {"timestamp": 1}}).encode()

    def _judge(self, command: dict[str, Any]) -> str:
        name, paras = command["command_name"], command["paras"]
        code, content = paras["actionCode"], dict(paras["content"])
        claimed = content.pop("mac")
        covered = "|".join((self.device, command["id"], name, code, canonical(content)))
        if claimed != self._mac("command", covered):
            return "bad-mac"
        running_off = (name, code) == ("switch", "0") and content["job"] == self.job
        if not running_off:
            if content["epoch"] != self.epoch:
                return "wrong-epoch"
            if content["n"] <= self.n:
                return "replayed"
            if self.up > content["x"]:
                return "expired"
        if content["epoch"] == self.epoch:
            self.n = max(self.n, content["n"])
        return self._obey(name, code, content)

    def _obey(self, name: str, code: str, content: dict[str, Any]) -> str:
        if name == "say":
            self.spoken.append(content["say"])
        elif (name, code) == ("switch", "1"):
            if content["job"] in self.ended:
                return "ended"
            if content["job"] != self.job:
                self._open()
                self.closings.append(content["job"])
            self.job, self.relay = content["job"], 1
            self.lease_end = self.up + content["lease_s"] * 1000
        elif (name, code) == ("switch", "0"):
            if content["job"] == self.job:
                self._open()
            else:
                self.ended = [*self.ended, content["job"]][-16:]
        return ""

    def _open(self) -> None:
        if self.job:
            self.ended = [*self.ended, self.job][-16:]
        self.job, self.relay = "", 0

    def _receipt(self, id: str, code: int) -> dict[str, Any]:
        """What a receipt covers, read once (on a stage the clock runs on), and its mac."""
        told = {"epoch": self.epoch, "up": self.up, "n": self.n, "relay": self.relay}
        parts = (self.device, id, told["epoch"], told["up"], told["n"], code, told["relay"])
        return told | {"mac": self._mac("receipt", "|".join(map(str, parts)))}

    def _mac(self, label: str, covered: str) -> str:
        key = hmac.new(self.secret, label.encode(), hashlib.sha256).digest()
        return hmac.new(key, covered.encode(), hashlib.sha256).hexdigest()[:32]

    def _annex(self, code: str, content: dict[str, Any]) -> bytes:
        names = {"00": "登录", "FF": "心跳", "Z0": "离线", "EF": "经纬度"}
        whole = {"actionCode": code, "actionName": names[code], "content": content}
        return json.dumps(whole, ensure_ascii=False).encode()
