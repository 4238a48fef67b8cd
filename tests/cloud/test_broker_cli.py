"""`hanma broker mosquitto`: the real Mosquitto lets each one do what the embedded broker does."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import paho.mqtt.client as paho
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from cloud import broker_cli
from cloud.base.database import migrate
from cloud.base.settings import Settings
from cloud.base.unit import Ground
from cloud.bench.mosquitto import free_port
from cloud.cli import main
from cloud.link import terminals
from cloud.link.terminals import Terminal
from cloud.mqtt.address import Address
from tests import databases, mosquitto
from tests.cloud.conftest import HandClock
from tests.cloud.mqtt.raw_client import RawClient
from tests.cloud.statements import plans, statements

pytestmark = pytest.mark.slow
_A, _B, _C = "HM-990101-000A", "HM-990101-000B", "HM-990101-000C"
_SECRETS = {_A: b"a" * 32, _B: b"b" * 32}
_WAIT_S = 60


def hanma(data: Path, *words: str) -> Result:
    given = ["broker", "mosquitto", *words]
    return CliRunner().invoke(main, given, env={"HANMA_DATA": str(data)})


def registered(data: Path) -> None:
    ground = Ground.open(Settings(data_dir=data), HandClock())
    migrate(ground.engine)
    with ground.write() as unit:
        for device, secret in _SECRETS.items():
            terminals.provision(unit, device, secret=secret)
    ground.close()


@dataclass
class Place:
    """A running Mosquitto; `url` is the cloud's."""

    data: Path
    folder: Path
    port: int
    url: Address

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """The files again, and the register followed."""
        words = ("--listen", f"127.0.0.1:{self.port}")
        words += ("--cloud-listen", f"127.0.0.1:{self.url.port}", "--follow")
        with subprocess.Popen(
            [sys.executable, "-m", "cloud", "broker", "mosquitto", str(self.folder), *words],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | databases.told(self.data),
        ) as process:
            assert process.stdout and any("Ctrl-C" in line for line in process.stdout)
            try:
                yield
            finally:
                process.terminate()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with mosquitto.place() as folder:
        yield from _placed(folder)


def _placed(folder: Path) -> Iterator[Place]:
    data = folder / "data"
    data.mkdir()
    registered(data)
    port, ours = free_port(), free_port()
    words = ("--listen", f"127.0.0.1:{port}", "--cloud-listen", f"127.0.0.1:{ours}")
    done = hanma(data, str(folder / "files"), *words)
    assert done.exit_code == 0, done.output
    url = Address.from_url((folder / "files" / "broker-url").read_text().strip())
    conf = folder / "files" / "mosquitto.conf"
    with mosquitto.served(conf, ("127.0.0.1", port)):
        yield Place(data, folder / "files", port, url)


class Talker:
    """One client; `heard` collects what reaches it."""

    def __init__(self, port: int, user: str, password: str, client_id: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.up = threading.Event()
        self.refused = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id or user)
        self._client.username_pw_set(user, password)
        self._client.on_connect = self._connected
        self._client.on_message = lambda _c, _u, message: self.heard.append(
            (message.topic, message.payload)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _connected(self, _client, _user, _flags, reason, _properties) -> None:
        (self.refused if reason.is_failure else self.up).set()

    def subscribe(self, *filters: str) -> "Talker":
        assert self.up.wait(_WAIT_S)
        done = threading.Event()
        self._client.on_subscribe = lambda *_: done.set()
        self._client.subscribe([(one, 1) for one in filters])
        assert done.wait(_WAIT_S)
        return self

    def say(self, topic: str, text: bytes) -> None:
        self._client.publish(topic, text, qos=1).wait_for_publish(_WAIT_S)

    def hears(self, topic: str, text: bytes) -> bool:
        for _ in range(_WAIT_S * 50):
            if (topic, text) in self.heard:
                return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def talking(place: Place, device: str) -> Iterator[Talker]:
    one = Talker(place.port, device, terminals.mqtt_password(_SECRETS[device]))
    try:
        yield one
    finally:
        one.close()


@contextlib.contextmanager
def the_cloud(place: Place, name: str) -> Iterator[Talker]:
    one = Talker(place.url.port, place.url.user, place.url.password, name)
    try:
        yield one
    finally:
        one.close()


def test_a_terminal_and_the_cloud_hear_each_other(place: Place) -> None:
    with the_cloud(place, "web") as web, the_cloud(place, "ingest") as ingest:
        ingest.subscribe("hm/+/up")
        with talking(place, _A) as terminal:
            terminal.subscribe(f"hm/{_A}/down")
            terminal.say(f"hm/{_A}/up", b"beat")
            assert ingest.hears(f"hm/{_A}/up", b"beat")
            assert web.up.wait(_WAIT_S)
            web.say(f"hm/{_A}/down", b"switch")
            assert terminal.hears(f"hm/{_A}/down", b"switch")


def test_a_terminal_reaches_nothing_of_another_one_of_the_broker_or_by_wildcard(
    place: Place,
) -> None:
    forbidden = (
        f"hm/{_B}/down",
        f"hm/{_B}/up",
        "hm/+/down",
        "hm/#",
        "#",
        "$SYS/#",
        "$share/x/hm/#",
    )
    with talking(place, _A) as spy, the_cloud(place, "all") as cloud, talking(place, _B) as other:
        spy.subscribe(*forbidden, "$share/x/hm/#", f"hm/{_A}/down")
        cloud.subscribe("hm/#")
        other.subscribe(f"hm/{_B}/down", f"hm/{_B}/echo")
        for topic in (f"hm/{_B}/up", f"hm/{_B}/down", f"hm/{_B}/echo", f"hm/{_A}/down", "hm/x"):
            spy.say(topic, b"forged")
        other.say(f"hm/{_B}/up", b"mine")
        cloud.say(f"hm/{_B}/down", b"secret")
        cloud.say(f"hm/{_A}/down", b"end")
        assert spy.hears(f"hm/{_A}/down", b"end") and other.hears(f"hm/{_B}/down", b"secret")
        assert cloud.hears(f"hm/{_B}/up", b"mine")
        assert spy.heard == [(f"hm/{_A}/down", b"end")]
        assert not [text for _topic, text in cloud.heard + other.heard if text == b"forged"]


@pytest.mark.parametrize(
    ("user", "password"), [(_A, "0" * 64), ("nobody", "x"), ("hanma", "x"), ("", "")]
)
def test_who_cannot_prove_who_he_is_stays_out(place: Place, user: str, password: str) -> None:
    stranger = Talker(place.port, user, password, "stranger")
    assert stranger.refused.wait(_WAIT_S)
    stranger.close()


def test_nobody_pushes_another_terminal_out_by_its_client_id(place: Place) -> None:
    with talking(place, _A) as victim:
        victim.subscribe(f"hm/{_A}/echo")
        thief = Talker(place.port, _B, terminals.mqtt_password(_SECRETS[_B]), _A)
        assert thief.up.wait(_WAIT_S)
        victim.say(f"hm/{_A}/echo", b"still here")
        assert victim.hears(f"hm/{_A}/echo", b"still here")
        thief.close()


def test_while_it_follows_who_is_revoked_is_put_out_and_who_is_added_comes_in(
    place: Place,
) -> None:
    before = (place.folder / "broker-url").read_text()
    password = {name: terminals.mqtt_password(secret) for name, secret in _SECRETS.items()}
    ground = Ground.open(Settings(data_dir=place.data))
    with place.followed():
        assert (place.folder / "broker-url").read_text() == before  # the cloud goes on
        stays, goes = RawClient(place.port, _WAIT_S), RawClient(place.port, _WAIT_S)
        assert stays.connect(_A, _A, password[_A], keepalive_s=600) == 0
        assert goes.connect(_B, _B, password[_B], keepalive_s=600) == 0
        with ground.write() as unit:  # as `hanma terminal revoke` does, and a bench that enrols
            terminals.revoke(unit, _B)
            fresh = terminals.mqtt_password(terminals.provision(unit, _C))
        assert goes.is_closed(_WAIT_S)
        stays.ping()
        new, again = RawClient(place.port, _WAIT_S), RawClient(place.port, _WAIT_S)
        assert new.connect(_C, _C, fresh) == 0
        assert again.connect(_B, _B, password[_B]) != 0
        stays.ping()
        for one in (stays, goes, new, again):
            one.close()
    ground.close()


def test_a_broker_that_is_gone_and_a_number_that_is_anothers_by_now_are_let_alone(
    tmp_path: Path,
) -> None:
    (tmp_path / "gone").write_text("4194304\n")  # above any number that Linux gives
    (tmp_path / "ours").write_text(f"{os.getpid()}\n")
    for name in ("none", "gone", "ours"):
        broker_cli._read_anew(tmp_path / name)  # a SIGHUP would end this test


def test_without_a_certificate_it_listens_on_this_computer_alone_unless_asked(
    tmp_path: Path,
) -> None:
    def listeners(*words: str) -> list[str]:
        done = hanma(tmp_path, str(tmp_path / "out"), *words)
        assert done.exit_code == 0, done.output
        conf = (tmp_path / "out" / "mosquitto.conf").read_text()
        return [
            line
            for line in conf.splitlines()
            if line.split()[0:1] in (["listener"], ["tls_version"])
        ]

    for name in ("cert", "key"):
        (tmp_path / name).write_text("x")
    with_tls = ("--cert", str(tmp_path / "cert"), "--key", str(tmp_path / "key"))
    for_the_cloud = "listener 1884 127.0.0.1"
    assert listeners() == ["listener 1883 127.0.0.1", for_the_cloud]
    assert listeners(*with_tls) == ["listener 8883 0.0.0.0", "tls_version tlsv1.2", for_the_cloud]


def test_half_a_certificate_and_a_wrong_address_are_plain_sentences(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("x")
    half = hanma(tmp_path, str(tmp_path / "out"), "--cert", str(tmp_path / "cert.pem"))
    assert half.exit_code == 1 and "Certificate and key go together" in half.output
    wrong = hanma(tmp_path, str(tmp_path / "out"), "--listen", "nowhere")
    assert wrong.exit_code == 1 and "host:port is wanted" in wrong.output
    assert not (tmp_path / "out").exists()


def test_a_second_run_leaves_the_clouds_address_with_whom_it_was_given_to(tmp_path: Path) -> None:
    address = tmp_path / "out" / "broker-url"
    assert hanma(tmp_path, str(tmp_path / "out")).exit_code == 0
    assert address.stat().st_mode & 0o777 == 0o600
    address.chmod(0o640)
    before = address.stat()
    assert hanma(tmp_path, str(tmp_path / "out")).exit_code == 0
    after = address.stat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
    )
    text = address.read_text()
    assert hanma(tmp_path, str(tmp_path / "out"), "--cloud-listen", "127.0.0.1:9").exit_code == 0
    assert address.read_text() == text.replace(":1884", ":9")


@contextlib.contextmanager
def named_mosquitto(folder: Path) -> Iterator[Path]:
    """The pid file of a program of that name, which does nothing."""
    program, pid_file = folder / "mosquitto", folder / "pid"
    program.symlink_to(shutil.which("sleep") or "/bin/sleep")
    with subprocess.Popen([program, "600"]) as process:
        pid_file.write_text(f"{process.pid}\n")
        while Path(f"/proc/{process.pid}/comm").read_text() != "mosquitto\n":
            pass  # a program has its name a moment after it was started
        try:
            yield pid_file
        finally:
            process.kill()


def test_who_may_not_tell_the_broker_hears_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    with named_mosquitto(tmp_path) as pid_file, monkeypatch.context() as patch:
        patch.setattr(broker_cli.os, "kill", refuse)
        with pytest.raises(click.ClickException, match=r"^无权.* stays connected"):
            broker_cli._read_anew(pid_file)


def test_the_broker_is_told_as_soon_as_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revocation while it starts: the accounts are written once, the telling is tried again."""
    answers = iter([True, False, False, True])
    told: list[int] = []
    looks: list[float] = []

    def look(_pid_file: Path) -> bool:
        told.append(len(looks))
        return next(answers)

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 2:
            with ground.write() as unit:
                terminals.revoke(unit, _B)
        if len(looks) == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(broker_cli, "_read_anew", look)
    monkeypatch.setattr(broker_cli.time, "sleep", sleep)
    with followed_by_hand(tmp_path) as (ground, _, accounts), pytest.raises(KeyboardInterrupt):
        broker_cli._follow(ground, tmp_path / "out", accounts)
    assert told == [0, 2, 3, 4]


@contextlib.contextmanager
def followed_by_hand(
    folder: Path,
) -> Iterator[tuple[Ground, HandClock, broker_cli._Accounts]]:
    """The accounts as they were read once, an hour after the terminals were registered."""
    registered(folder)
    clock = HandClock()
    clock.forward(3600)
    (folder / "out").mkdir()
    accounts = broker_cli._Accounts(folder / "out", "x")
    with contextlib.closing(Ground.open(Settings(data_dir=folder), clock)) as ground:
        assert accounts.follow(ground) and accounts.count == len(_SECRETS)
        clock.forward(1)
        yield ground, clock, accounts


@pytest.mark.sqlite
def test_a_second_in_which_nothing_changed_is_one_question_to_an_index(tmp_path: Path) -> None:
    with followed_by_hand(tmp_path) as (ground, _clock, accounts):
        with statements(ground.engine) as asked:
            assert not accounts.follow(ground)
        (plan,) = plans(ground.engine, asked)
        assert plan.startswith("SEARCH terminal USING INDEX ix_terminal_account_at")


def test_only_the_account_that_is_new_is_hashed(tmp_path: Path) -> None:
    with followed_by_hand(tmp_path) as (ground, _clock, accounts):
        passwords = tmp_path / "out" / "passwords"
        before = passwords.read_text().splitlines()
        with ground.write() as unit:
            terminals.provision(unit, _C)
        assert accounts.follow(ground) and accounts.count == 3
        after = passwords.read_text().splitlines()
        assert after[1:3] == before[1:3] and after[3].startswith(f"{_C}:")
        with ground.write() as unit:
            terminals.revoke(unit, _A)
        assert accounts.follow(ground) and not accounts.follow(ground)
        assert [line.partition(":")[0] for line in passwords.read_text().splitlines()] == [
            *("hanma", _B, _C)
        ]


@pytest.mark.parametrize("later_s", [300, -7200])
def test_a_change_with_an_old_time_and_a_clock_that_goes_back_are_seen_all_the_same(
    tmp_path: Path, later_s: int
) -> None:
    """An import that took minutes until it was written."""
    with followed_by_hand(tmp_path) as (ground, clock, accounts):
        with ground.write() as unit:
            unit.db.execute(update(Terminal).values(status="revoked"))
        assert not accounts.follow(ground)
        clock.forward(later_s)
        assert accounts.follow(ground) and accounts.count == 0
