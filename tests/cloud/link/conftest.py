"""A line between the cloud and one terminal of paper."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book.outbox import Event
from cloud.link import commands, intake, terminals
from cloud.link.commands import Command
from tests.cloud.stand_in import StandIn

DEVICE = "HM-990101-000001"


@dataclass
class Line:
    """The cloud on one end, a terminal on the other; nothing crosses unless the test says so."""

    county: Any
    sent: list[tuple[str, bytes]]
    terminal: StandIn
    read: int = field(default=0)

    @property
    def clock(self) -> Any:
        return self.county.clock

    def up(self, payload: bytes) -> str:
        """One message arrives in the cloud."""
        return self.county.do(intake.receive, self.terminal.device, payload)

    def login(self, **other: Any) -> str:
        return self.up(self.terminal.login(**other))

    def beat(self, **other: Any) -> str:
        return self.up(self.terminal.beat(**other))

    def leaving(self) -> list[bytes]:
        """Bodies that left for the terminal since the last look."""
        fresh = [
            body for device, body, *_ in self.sent[self.read :] if device == self.terminal.device
        ]
        self.read = len(self.sent)
        return fresh

    def down(self) -> list[bytes]:
        """Hand what left to the terminal; its answers, not yet arrived in the cloud."""
        answers = [self.terminal.hear(body) for body in self.leaving()]
        return [answer for answer in answers if answer is not None]

    def exchange(self) -> None:
        """Everything crosses, both ways, until it is quiet."""
        while answers := self.down():
            for answer in answers:
                self.up(answer)

    def issue(self, name: str, **given: Any) -> Command:
        given.setdefault("content", {})
        return self.county.do(commands.issue, self.terminal.device, name, **given)

    def on(self, job: str = "j1", lease_s: int = 3600) -> Command:
        return self.issue("switch", code="1", content={"job": job, "lease_s": lease_s})

    def off(self, job: str = "j1") -> Command:
        return self.issue("switch", code="0", content={"job": job, "reason": "welder"})

    def sweep(self) -> int:
        return self.county.do(commands.sweep)

    @property
    def row(self) -> terminals.Terminal:
        return self.county.ask(terminals.get, self.terminal.device)

    def command(self, id: str) -> Command:
        return self.county.ask(lambda unit: unit.db.get(Command, id))

    def latest(self) -> Command:
        newest = select(Command).order_by(Command.n.desc()).limit(1)
        return self.county.ask(lambda unit: unit.db.scalar(newest))

    def told(self, *kinds: str) -> list[dict[str, Any]]:
        """The details of the events told so far, of these kinds, oldest first."""
        rows = select(Event).order_by(Event.id)
        events = self.county.ask(lambda unit: list(unit.db.scalars(rows)))
        return [one.details | {"kind": one.kind} for one in events if one.kind in kinds]


@pytest.fixture
def line(county: Any, sent: list[tuple[str, bytes]]) -> Line:
    """A provisioned terminal that has not said a word yet."""
    secret = county.do(terminals.provision, DEVICE)
    return Line(county, sent, StandIn(DEVICE, secret, county.clock))


@pytest.fixture
def online(line: Line) -> Line:
    """The same, logged in."""
    line.login()
    return line


@pytest.fixture
def contents() -> Any:
    """The content of each body."""
    return lambda bodies: [json.loads(body)["paras"]["content"] for body in bodies]
