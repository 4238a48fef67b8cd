"""`hanma broker mosquitto`: a Mosquitto that knows our terminals, made from the register."""

import contextlib
import os
import secrets
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from cloud.mqtt import mosquitto as files

if TYPE_CHECKING:
    from cloud.base.unit import Ground

_BROKERS = "mosquitto"  # its user on Debian
# Unasked, the network hears nothing in clear.
_WITH_TLS, _IN_CLEAR = "0.0.0.0:8883", "127.0.0.1:1883"
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_LOOK_S = 1
_LATE_MS, _ALL_MS = 60_000, 300_000


@click.group()
def broker() -> None:
    """Brokers outside: their settings, accounts and rights."""


@broker.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--listen", help="For the terminals [0.0.0.0:8883; without a certificate 127.0.0.1:1883]."
)
@click.option("--cloud-listen", default="127.0.0.1:1884", show_default=True, help="For the cloud.")
@click.option("--cert", type=_FILE, help="Certificate (PEM) of the terminals' listener.")
@click.option("--key", type=_FILE, help="Its key (PEM).")
@click.option("--follow", is_flag=True, help="Stay, and do so for each terminal added or revoked.")
def mosquitto(
    folder: Path,
    listen: str | None,
    cloud_listen: str,
    cert: Path | None,
    key: Path | None,
    follow: bool,
) -> None:
    """Writes mosquitto.conf, passwords, rights and broker-url into FOLDER; with --follow it stays
    and keeps the accounts as the register has them.

    `broker-url` holds what HANMA_BROKER is set to, its password kept from run to run. With
    --follow the broker is told within seconds who may log in now; who is revoked is put out.
    """
    from cloud.cli import ground_of_settings
    from cloud.mqtt.address import Address, BadAddress, reachable, split_listen

    if bool(cert) != bool(key):
        raise click.ClickException("证书和私钥要一起给。 Certificate and key go together.")
    folder, listen = folder.absolute(), listen or (_WITH_TLS if cert else _IN_CLEAR)
    try:
        texts = [str(one.absolute()) if one else "" for one in (cert, key)]
        conf = files.conf(str(folder), listen, cloud_listen, *texts)
        host, port = split_listen(cloud_listen)
    except BadAddress as error:
        raise click.ClickException(str(error)) from None
    folder.mkdir(parents=True, exist_ok=True)
    address = folder / "broker-url"
    ours = Address.from_url(address.read_text().strip()).password if address.exists() else ""
    ours = ours or secrets.token_urlsafe(32)
    url = f"mqtt://{files.CLOUD_USER}:{quote(ours)}@{reachable(host)}:{port}"
    if not address.exists() or address.read_text() != url + "\n":
        _keep(address, url + "\n")  # else it stays whose it is: the cloud reads it
    for name, text in (("rights", files.rights()), ("mosquitto.conf", conf)):
        _keep(folder / name, text, _BROKERS)
    accounts = _Accounts(folder, ours)
    with ground_of_settings() as ground:
        accounts.follow(ground)
        _give(folder, _BROKERS)  # it keeps its queues here
        click.echo(f"{accounts.count} 个终端 terminals → {folder}")
        click.echo(f"HANMA_BROKER=$(cat {address}) hanma serve")
        if follow:
            _follow(ground, folder, accounts)


class _Accounts:
    """The file of passwords, as the register has its terminals."""

    def __init__(self, folder: Path, ours: str) -> None:
        self._folder, self._ours = folder, ours
        self._read_at = -_ALL_MS
        self._every = self._lately = b""
        self._lines: dict[tuple[str, str], str] = {}  # by (device, sealed secret): hashed once

    @property
    def count(self) -> int:
        """How many terminals have an account."""
        return len(self._lines)

    def follow(self, ground: "Ground") -> bool:
        """Write the file anew if an account changed; whether one did.

        Asked each second, so it asks for little: what changed lately. A change has the time at
        which its transaction began; for one that was under way longer than _LATE_MS, and for
        clocks that differ or go back, all are looked at every five minutes.
        """
        from cloud.link import terminals

        with ground.read() as unit:
            young = 0 <= unit.now - self._read_at < _ALL_MS
            since = self._read_at - _LATE_MS
            if young and terminals.accounts_digest(unit, since) == self._lately:
                return False
            self._read_at = unit.now
            self._lately = terminals.accounts_digest(unit, unit.now - _LATE_MS)
            every = terminals.accounts_digest(unit)
            if every == self._every:
                return False
            known = [one for one in terminals.active(unit) if one[0] != files.CLOUD_USER]
            fresh = {
                one: terminals.mqtt_password(terminals.unsealed(unit, one[1]))
                for one in known
                if one not in self._lines
            }
        self._lines = {one: self._lines.get(one) or _line(one[0], fresh[one]) for one in known}
        text = _line(files.CLOUD_USER, self._ours) + "".join(self._lines.values())
        _keep(self._folder / "passwords", text, _BROKERS)
        self._every = every
        return True


def _line(user: str, password: str) -> str:
    """Of the file of passwords."""
    return files.account(user, password, os.urandom(files.SALT_BYTES)) + "\n"


def _follow(ground: "Ground", folder: Path, accounts: _Accounts) -> None:
    """Until Ctrl-C: the accounts as the register has them, and the broker told of it."""
    told = _read_anew(folder / files.PID_FILE)
    click.echo("跟随登记册，Ctrl-C 结束 following the register, Ctrl-C ends")
    while True:
        time.sleep(_LOOK_S)
        if accounts.follow(ground):
            told = False
            click.echo(f"{accounts.count} 个终端 terminals")
        told = told or _read_anew(folder / files.PID_FILE)


def _read_anew(pid_file: Path) -> bool:
    """SIGHUP to the broker; False where none runs (yet): one that is starting may have read the
    old files. A number that belongs to another program by now is let alone."""
    try:
        pid = int(pid_file.read_text())
        if Path(f"/proc/{pid}/comm").read_text().startswith("mosquitto"):
            os.kill(pid, signal.SIGHUP)
            return True
    except PermissionError as error:
        raise click.ClickException(
            "无权通知消息服务器，被吊销的终端仍连着；请用 root 或它的用户运行。"
            " The broker cannot be told, so a revoked terminal stays connected:"
            f" run this as root or its user ({error})."
        ) from None
    except (OSError, ValueError):
        pass
    return False


def _keep(path: Path, text: str, user: str = "") -> None:
    """Written whole or not at all; only its owner reads it."""
    fresh = path.with_name(path.name + ".new")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    _give(fresh, user)
    fresh.replace(path)


def _give(path: Path, user: str) -> None:
    """To the account that a broker started by root works under, where there is one."""
    if user and os.geteuid() == 0:
        with contextlib.suppress(LookupError):
            shutil.chown(path, user)
