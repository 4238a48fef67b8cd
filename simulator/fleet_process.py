"""A fleet in a process of its own, led and asked by lines of JSON.

`python -m simulator.fleet_process ORDERS` (JSON, see `Orders`). Each line on its input is a wish,
each is answered by one line: {"do": "look"} by the counts, {"do": "terminals"} by what each
terminal has done, {"do": "pace", …} (a profile) and {"do": "storm"} by {}. With `news` a line
comes besides whenever a terminal speaks or its relay moves. It ends when its input does.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulator.fleet import Address, Fleet, Profile
from simulator.light import LightTerminal

_FILES_BESIDES = 100
_LINE = 1 << 20


@dataclass(frozen=True)
class Orders:
    """`terminals` = secrets (hex) by device, `brokers` = ports, `profile` = fields of Profile;
    `trusting` terminals tell news too."""

    terminals: dict[str, str]
    brokers: list[int]
    profile: dict[str, float]
    seed: int = 1
    news: bool = False
    trusting: bool = False


class Reporter(LightTerminal):
    """A light terminal whose words and moves are heard elsewhere at once."""

    def _obey(self, name: str, code: str, content: dict[str, Any], now: int) -> str:
        moves = len(self.moved)
        word = super()._obey(name, code, content, now)
        if name == "say":
            _tell({"device": self.device, "spoken": self.spoken})
        for job, relay in self.moved[moves:]:
            _tell({"device": self.device, "job": job, "relay": relay})
        return word


class Trusting(Reporter):
    """Does what anybody says who may publish to it: no mac, no counter, no epoch, no expiry."""

    def _judge(self, id: str, name: str, paras: dict[str, Any], now: int) -> str:
        return self._obey(name, paras["actionCode"], paras["content"], now)


async def run(orders: Orders) -> None:
    """Until the end of the input."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, len(orders.terminals) + _FILES_BESIDES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    brokers: list[Address] = [("127.0.0.1", port) for port in orders.brokers]
    secrets = {device: bytes.fromhex(one) for device, one in orders.terminals.items()}
    kind = Trusting if orders.trusting else Reporter if orders.news else LightTerminal
    fleet = Fleet(secrets, brokers, Profile(**orders.profile), orders.seed, kind)
    fleet.start()
    wishes = asyncio.StreamReader(_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(wishes), sys.stdin)
    while line := await wishes.readline():
        wish = json.loads(line)
        _tell({"answer": _ACTS[wish.pop("do")](fleet, wish)})
    await fleet.stop()


def _terminals(fleet: Fleet, _wish: dict[str, Any]) -> dict[str, Any]:
    return {
        one.terminal.device: {
            "epoch": one.terminal.epoch,
            "beat_up": one.beat_up,
            "log": one.terminal.log,
            "stored": one.terminal.stored,
            "moved": one.terminal.moved,
        }
        for one in fleet.members
    }


_ACTS: dict[str, Callable[[Fleet, dict[str, Any]], Any]] = {
    "look": lambda fleet, wish: fleet.told(),
    "pace": lambda fleet, wish: fleet.pace(Profile(**wish)),
    "storm": lambda fleet, wish: fleet.storm(),
    "terminals": _terminals,
}


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(Orders(**json.loads(Path(sys.argv[1]).read_text("utf-8")))))
