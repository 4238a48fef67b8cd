"""A ground of one's own for every test, a clock that is set by hand, and quick people."""

import random
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import cloud
from cloud.base.formats import uscc_check
from cloud.base.settings import Settings
from cloud.base.unit import Ground, Unit
from cloud.book import audit
from cloud.registry import accounts, certificates, enterprises, machines, people
from cloud.web.office import trail
from tests import databases

_PRODUCT = str(Path(cloud.__file__).parent)
MORNING = 1_800_000_000_000  # 2027-01-15 08:00 UTC
TOWNSHIP = "990101001"
PASSWORD = "made-up-password"


def wait_until(true: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait for another thread's doing."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture(name="wait_until")
def _wait_until() -> Callable[..., None]:
    return wait_until


@pytest.fixture(autouse=True, scope="session")
def every_kind_of_row_has_words() -> Iterator[None]:
    """Whatever the product itself writes into the audit trail has words on the pages: each test
    that comes by such a row says so."""
    write = audit.write

    def worded(unit: Unit, district: str, actor: str, what: str, *rest: Any) -> Any:
        if sys._getframe(1).f_code.co_filename.startswith(_PRODUCT):
            assert what in trail.KINDS, f"cloud/web/office/trail.py has no words for {what!r}"
        return write(unit, district, actor, what, *rest)

    audit.write = worded
    yield
    audit.write = write


@dataclass
class HandClock:
    """A clock that stands still until it is put forward."""

    now: int = MORNING

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += round(seconds * 1000)

    @property
    def today(self) -> datetime:
        return datetime.fromtimestamp(self.now / 1000, UTC)


@dataclass
class County:
    """Makes a little made-up county; everything has a sensible default and is committed."""

    ground: Ground
    clock: HandClock
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    count: int = 0

    def enterprise(self, name: str = "演示机械厂", district: str = TOWNSHIP) -> Any:
        body = f"91990101MA{self._next():07}"
        with self.ground.write() as unit:
            return enterprises.add(
                unit, name=name, uscc=body + uscc_check(body), district=district
            )

    def person(self, *roles: str, enterprise: Any = None, password: str = "", **given: Any) -> Any:
        number = self._next()
        given = {
            "name": f"演示{number}",
            "login": f"p{number}",
            "district": TOWNSHIP,
            "status": "active",
            "enterprise_id": enterprise.id if enterprise else None,
        } | given
        with self.ground.write() as unit:
            person = people.add(unit, roles=set(roles), **given)
            if password:
                accounts.set_password(unit, person.id, password)
            return person

    def welder(self, enterprise: Any = None, **certificate: Any) -> Any:
        """An active welder with a good certificate (any field of it may be given)."""
        person = self.person("welder", enterprise=enterprise)
        self.certificate(person, **certificate)
        return person

    def fire_watch(self, enterprise: Any = None) -> Any:
        return self.person("fire_watch", enterprise=enterprise)

    def certificate(self, person: Any, **given: Any) -> Any:
        given = {
            "issuer": "emergency",
            "number": f"T{self._next():06}",
            "category": "熔化焊接与热切割作业",
            "valid_from": self.day(-365),
            "valid_to": self.day(365),
            "review_by": self.day(200),
        } | given
        with self.ground.write() as unit:
            return certificates.record(unit, person.id, **given)

    def machine(self, enterprise: Any = None, device: str | None = None, **given: Any) -> Any:
        owner = enterprise or self.enterprise()
        given = {"name": "演示焊机", "district": TOWNSHIP, "industry": "industry"} | given
        with self.ground.write() as unit:
            machine = machines.add(unit, enterprise_id=owner.id, rng=self.rng, **given)
            if device:
                machines.fit(unit, machine, device)
            return machine

    def day(self, offset: int) -> str:
        """The ISO date so many days from the clock's today."""
        return (self.clock.today + timedelta(days=offset)).date().isoformat()

    def do(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """`call(unit, …)` in a write unit of its own."""
        with self.ground.write() as unit:
            return call(unit, *args, **named)

    def ask(self, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """`call(unit, …)` in a read unit of its own."""
        with self.ground.read() as unit:
            return call(unit, *args, **named)

    def _next(self) -> int:
        self.count += 1
        return self.count


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database file with every table, made once and copied."""
    path = tmp_path_factory.mktemp("blank") / "all.db"
    databases.make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def blank(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """Gives a data folder its empty database with every table."""

    def lay(folder: Path) -> None:
        if Settings(data_dir=folder).database.startswith("sqlite"):
            shutil.copy(request.getfixturevalue("migrated"), folder / "hanma.db")

    return lay


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, argon2_kib=8, argon2_rounds=1, figures_s=0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sent() -> list[tuple[str, bytes]]:
    """What left through the port for commands: (device, body)."""
    return []


@pytest.fixture
def ground(
    settings: Settings, clock: HandClock, sent: list[tuple[str, bytes]], blank: Any
) -> Iterator[Ground]:
    blank(settings.data_dir)
    ground = Ground.open(
        settings, clock, lambda device, body, light=False: sent.append((device, body))
    )
    hurry(ground.engine)
    yield ground
    for thread in threading.enumerate():  # a table may still be looked at in the background
        if thread.name == "import":
            thread.join(60)
    ground.close()


_compiled: dict[Any, Any] = {}
_dialects: dict[str, Any] = {}


def hurry(engine: Engine) -> None:
    """Statements are compiled once for all tests, and nothing here need outlive a power cut."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda dbapi, _: dbapi.execute("PRAGMA synchronous=OFF"))
    if engine.dialect.name not in _dialects:
        engine.connect().close()  # it asks the server what it can
        _dialects[engine.dialect.name] = engine.dialect
    engine.dialect = _dialects[engine.dialect.name]  # a part of the key in the next
    engine.update_execution_options(compiled_cache=_compiled)


@pytest.fixture
def county(ground: Ground, clock: HandClock) -> County:
    return County(ground, clock)


@pytest.fixture
def unit(ground: Ground) -> Iterator[Unit]:
    """One write unit around the whole test."""
    with ground.write() as unit:
        yield unit


@pytest.fixture(params=databases.KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any table, on each of the two kinds in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty 100%.db"
    return databases.server().bare()


@pytest.fixture(params=databases.KINDS)
def either(
    request: pytest.FixtureRequest, settings: Settings, clock: HandClock
) -> Iterator[Ground]:
    """A ground on each of the two kinds of database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("ground")
        return
    own = databases.server().of(settings.data_dir)
    ground = Ground.open(replace(settings, database=own), clock)
    hurry(ground.engine)
    yield ground
    ground.close()
