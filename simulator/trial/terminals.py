"""A process of light terminals on trial: every frame and every move of a relay is noted.

They also do what the world does to terminals, by a seeded script: power cuts, long silences,
emergency releases, alarms, messages that come twice or late, old last wills, and a broker that
forges commands and answers. `python -m simulator.trial.terminals ORDERS` (JSON, see `Orders`).
"""

import asyncio
import json
import random
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.fleet import Counts, Member, Profile
from simulator.light import LightTerminal
from simulator.mqtt_line import LineBroken
from simulator.trial.notes import Notes
from simulator.trial.quiet import Quiet

GUARDS = ("terminal-replay", "terminal-expiry", "terminal-mac")  # that can be taken away
_MOVES = {"on": 1, "off": 0, "emergency_on": 1, "emergency_off": 0}
_BEAT_S = 1
_PROFILE = Profile(beat_s=_BEAT_S, journal=0.0, alarm=0.0, arrive_s=0.5)
_SILENCE_S = 30.0
_LATE_S = 14.0  # longer than a command may live, by the wall's clock too
_OVER_S = 6.0  # past the end of an ON, and before the cloud gives it up and sends another
_ASKED = re.compile(r"^GET /terminals/([\w-]+)\?since_ns=(\d+) ")


@dataclass(frozen=True)
class Orders:
    """`terminals` = secrets (hex) by device; `ears` = port of the ears at the machines;
    `quiet` = file with the moment from which on nothing more happens to them (quiet.py);
    `without` = lost guard."""

    terminals: dict[str, str]
    broker: int
    ears: int
    notes: str
    seed: int
    quiet: str
    without: str = ""


class TrialTerminal(LightTerminal):
    """A light terminal that notes what it does, can release itself, and may lack a guard."""

    def __init__(self, device: str, secret: bytes, now: int, notes: Notes, without: str) -> None:
        self._notes, self.without = notes, without
        self._cause = ""
        self._id = ""
        self.relay = 0
        self.releasing = False
        self.said: list[tuple[int, str]] = []
        self._kept: list[dict[str, Any]] = []  # stored, and still there to be asked for
        super().__init__(device, secret, now)

    @property
    def mode(self) -> str:
        return "emergency" if self.releasing else super().mode

    def restart(self, now: int) -> None:
        was = self.relay
        self.releasing = False
        super().restart(now)
        if was:
            self._tell("relay", relay=0, job="", cause="power", log=self.log, seq=self.seq)

    def note(self, kind: str, now: int, **more: Any) -> int:
        seq = super().note(kind, now, **more)
        self._tell("entry", kind=kind, log=self.log, seq=seq, **more)
        if kind in _MOVES:
            told = {"job": more.get("job", ""), "cause": self._cause, "log": self.log, "seq": seq}
            self._tell("relay", relay=_MOVES[kind], **told)
        return seq

    def beat(self, now: int) -> bytes:
        self._cause = "lease"
        body = json.loads(super().beat(now))
        body["content"] |= {"next_s": _BEAT_S}
        return json.dumps(body, ensure_ascii=False).encode()

    def hear(self, body: bytes, now: int) -> bytes | None:
        said = json.loads(body)
        self._id = self._cause = said.get("id", "")
        if self.without == "terminal-replay":
            self._answers.pop(self._id, None)
        return super().hear(body, now)

    def release(self, now: int) -> None:
        """A 5 s press without contact: the relay closes, and the record says so."""
        if not self.relay:
            self._cause = "release"
            self.relay, self.releasing = 1, True
            self.note("emergency_on", now)

    def release_over(self, now: int) -> None:
        if self.releasing:
            self._cause = "release"
            self.relay, self.releasing = 0, False
            self.note("emergency_off", now)

    def _judge(self, id: str, name: str, paras: dict[str, Any], now: int) -> str:
        word = super()._judge(id, name, paras, now)
        lost = {"terminal-replay": "replayed", "terminal-expiry": "expired"}
        lost |= {"terminal-mac": "bad-mac"}
        if word and word == lost.get(self.without):
            return self._obey(name, paras["actionCode"], paras["content"], now)
        return word

    def _obey(self, name: str, code: str, content: dict[str, Any], now: int) -> str:
        told = {key: content.get(key) for key in ("x", "iat", "job", "lease_s")}
        self._tell("obeyed", id=self._id, name=name, code=code, up=self.up(now), **told)
        if name == "say":
            self.said.append((time.monotonic_ns(), content["say"]))
            self._tell("spoken", words=content["say"])
        if name == "journal" and content.get("log") == self.log:
            again = [one for one in self._kept if one["seq"] >= content["from"]]
            self.stored = min(self.stored, content["from"] - 1)
            self.journal = sorted([*again, *self.journal], key=lambda one: one["seq"])
            self._kept = [one for one in self._kept if one["seq"] < content["from"]]
        return super()._obey(name, code, content, now)

    def _close(self, content: dict[str, Any], now: int) -> str:
        self.release_over(now)
        self._cause = self._id
        return super()._close(content, now)

    def _forget(self, paras: dict[str, Any]) -> None:
        before = self.journal
        super()._forget(paras)
        self._kept += [one for one in before if one not in self.journal]
        self._tell("stored", log=paras.get("log"), to=paras.get("to"))

    def _tell(self, what: str, **more: Any) -> None:
        self._notes(what, device=self.device, **more)


class Observed(Member):
    """Its line: messages are noted, and may come twice, late, forged, or not for a while."""

    terminal: TrialTerminal

    def script(self, notes: Notes, rng: random.Random, quiet: Quiet) -> None:
        """Before `run`."""
        self._notes, self._chance, self._quiet = notes, rng, quiet
        self._silent_until = 0.0
        self._held: list[bytes] = []
        self._late: list[asyncio.TimerHandle] = []

    @property
    def _silent(self) -> bool:
        return time.time() < self._silent_until and not self.quiet

    @property
    def quiet(self) -> bool:
        return self._quiet.come

    async def live(self) -> None:
        """What happens to this terminal until all is to be quiet."""
        chance = self._chance
        if chance.random() < 0.4:
            self._fall_silent()
        while True:
            await asyncio.sleep(chance.uniform(1.5, 6.0))
            if self.quiet:
                self.terminal.release_over(_now())
                return
            acts = (self._power_cut, self._release, self._old_will, self._forged_on)
            chance.choice((*acts, self._fall_silent, self._alarm, self._alarm, self._alarm))()

    async def _talk(self) -> None:
        try:
            await super()._talk()
        finally:
            self._held.clear()
            self._notes("line-lost", device=self.terminal.device)

    async def _journal(self) -> None:
        batch = self.terminal.entries()
        if batch is not None:
            await self._say(batch)

    async def _say(self, body: bytes) -> None:
        while self._silent:
            await asyncio.sleep(0.1)
        held, self._held = self._held, []
        for late in held:
            self._heard(late)
        device = self.terminal.device
        self._notes("saying", device=device)
        await super()._say(body)
        self._notes("said", device=device)
        if not self.quiet and self._chance.random() < 0.1:  # the same once more, now or late
            await asyncio.sleep(self._chance.choice((0.0, 1.5)))
            await super()._say(body)

    def _heard(self, body: bytes) -> None:
        said = json.loads(body)
        on = said.get("command_name") == "switch" and said["paras"]["actionCode"] == "1"
        if on and self.terminal.without == "terminal-expiry" and not self.quiet:
            asyncio.get_running_loop().call_later(_OVER_S, super()._heard, body)
            return
        if on and not self.quiet and self._chance.random() < 0.15:  # the line dies under it
            self._fall_silent(_LATE_S)
        if self._silent:
            self._held.append(body)
            return
        command = {"id": said.get("id", ""), "name": said.get("command_name", "")}
        self._notes("down", device=self.terminal.device, **command)
        if on and self._lies(said):
            return
        super()._heard(body)
        if not self.quiet and self._chance.random() < 0.3:
            loop = asyncio.get_running_loop()
            again = super()._heard
            loop.call_later(self._chance.choice((0.0, 0.5, 4.0)), again, body)

    def _lies(self, said: dict[str, Any]) -> bool:
        """A broker that answers an ON in the terminal's name, and does not pass it on."""
        if self.quiet or self._line is None or self._chance.random() > 0.25:
            return False
        terminal, now = self.terminal, _now()
        result = {"relay": 1, "mode": "working", "epoch": terminal.epoch, "n": terminal.n + 1}
        result |= {"up": terminal.up(now), "mac": "00" * 16}
        paras = {"success": True, "message": "", "code": 200, "result": result}
        whole = {"id": said["id"], "result_code": 0, "response_name": "switch", "paras": paras}
        self._notes("forged-answer", device=terminal.device, id=said["id"])
        self._line.publish(self._up, json.dumps(whole).encode())
        return True

    def _alarm(self) -> None:
        name, level = self._chance.choice((("OVER_TEMP", 2), ("TAMPER", 3)))
        body = self.terminal.alarm(name, level, _now())
        if self._line is not None and not self._silent:
            self._line.publish(self._up, body)

    def _power_cut(self) -> None:
        self._notes("power", device=self.terminal.device)
        self.cut()
        self.terminal.restart(_now())

    def _release(self) -> None:
        self.terminal.release(_now())
        later = asyncio.get_running_loop().call_later
        later(2.0, lambda: self.terminal.release_over(_now()))

    def _old_will(self) -> None:
        """The last will of an earlier connection, held up somewhere."""
        content = {"reason": "will", "epoch": self.terminal.epoch, "conn": self.terminal.conn - 1}
        body = {"actionCode": "Z0", "actionName": "离线", "content": content}
        if self._line is not None and self.terminal.conn > 0:
            self._notes("old-will", device=self.terminal.device)
            self._line.publish(self._up, json.dumps(body, ensure_ascii=False).encode())

    def _forged_on(self) -> None:
        """A broker that makes up a command of its own."""
        terminal = self.terminal
        content = {"job": "forged", "lease_s": 60, "epoch": terminal.epoch, "n": terminal.n + 9}
        content |= {"x": terminal.up(_now()) + 9_000, "iat": _now(), "mac": "00" * 16}
        paras = {"actionCode": "1", "actionName": "开机", "content": content}
        id = f"forged-{self._chance.randrange(1 << 40)}"
        said = {"service_id": "welder", "command_name": "switch", "paras": paras, "id": id}
        self._notes("forged-command", device=terminal.device, id=id)
        terminal.hear(json.dumps(said).encode(), _now())  # what it answers, such a broker keeps

    def _fall_silent(self, for_s: float = _SILENCE_S) -> None:
        """In a dead zone: the line stands, and what goes over it comes when that is over."""
        self._notes("silent", device=self.terminal.device)
        self._silent_until = max(self._silent_until, time.time() + for_s)


async def run(orders: Orders) -> None:
    notes = Notes(Path(orders.notes))
    rng, quiet = random.Random(orders.seed), Quiet(Path(orders.quiet))
    counts, gate = Counts(), asyncio.Semaphore(20)
    members = {}
    for device, secret in orders.terminals.items():
        terminal = TrialTerminal(device, bytes.fromhex(secret), _now(), notes, orders.without)
        broker = [("127.0.0.1", orders.broker)]
        members[device] = Observed(terminal, broker, _PROFILE, counts, gate, rng)
        members[device].script(notes, random.Random(rng.random()), quiet)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    ears = await asyncio.start_server(_ears(members), "127.0.0.1", orders.ears)
    tasks = [asyncio.create_task(one.run(rng.random())) for one in members.values()]
    lives = [asyncio.create_task(one.live()) for one in members.values()]
    while not ended.is_set():
        here = [one for one in members.values() if one.connected]
        left = sum(len(one.terminal.journal) for one in members.values())
        acting = sum(not life.done() for life in lives)
        notes("calm", connected=len(here), unstored=left, acting=acting)
        try:
            async with asyncio.timeout(0.5):
                await ended.wait()
        except TimeoutError:
            continue
    for device, member in members.items():
        notes("end", device=device, relay=member.terminal.relay, job=member.terminal.job)
    ears.close()
    for task in [*tasks, *lives]:
        task.cancel()
    await asyncio.gather(*tasks, *lives, return_exceptions=True)


def _ears(members: dict[str, Observed]) -> Any:
    """Whoever stands beside a machine hears what it says: the bench's address, and no more."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked = _ASKED.match((await reader.readuntil(b"\r\n\r\n")).decode())
            said = []
            if asked and asked[1] in members:
                heard = members[asked[1]].terminal.said
                said = [one for one in heard if one[0] >= int(asked[2])]
            body = json.dumps({"said": said, "moves": []}, ensure_ascii=False).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + body)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return answer


def _now() -> int:
    return int(time.time() * 1000)


if __name__ == "__main__":
    asyncio.run(run(Orders(**json.loads(Path(sys.argv[1]).read_text("utf-8")))))

__all__ = ["GUARDS", "LineBroken", "Orders", "run"]
