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

if TYPE_CHECKING:
    from cloud.base.unit import Ground

_BROKERS = "mosquitto"  # its user on Debian
_WITH_TLS, _IN_CLEAR = (
    "0.0.0.0:8883",
    "127.0.0.1:1883",
)  # the network hears nothing in clear unasked
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_LOOK_S = 1


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
    """Writes mosquitto.conf, passwords, rights and broker-url into FOLDER.

    `broker-url` holds what HANMA_BROKER is set to, its password kept from run to run. With
    --follow the broker is told within seconds who may log in now; who is revoked is put out.
    """
    from cloud.cli import ground_of_settings
    from cloud.mqtt import mosquitto as files
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
    with ground_of_settings() as ground:
        count, known = _accounts(ground, folder, ours)
        _give(folder, _BROKERS)  # it keeps its queues here
        click.echo(f"{count} 个终端 terminals → {folder}")
        click.echo(f"HANMA_BROKER=$(cat {address}) hanma serve")
        if follow:
            _follow(ground, folder, ours, known)


def _accounts(ground: "Ground", folder: Path, ours: str) -> tuple[int, bytes]:
    """(how many terminals have an account now, the digest of them all)."""
    from cloud.link import terminals
    from cloud.mqtt import mosquitto as files

    with ground.read() as unit:
        known = terminals.active_digest(unit)
        accounts = [(name, terminals.mqtt_password(one)) for name, one in terminals.active(unit)]
    every = [(files.CLOUD_USER, ours), *accounts]
    salted = ((user, password, os.urandom(12)) for user, password in every)
    _keep(folder / "passwords", files.passwords(salted), _BROKERS)
    return len(accounts), known


def _follow(ground: "Ground", folder: Path, ours: str, known: bytes) -> None:
    """Until Ctrl-C: the accounts as the register has them, and the broker told of it."""
    from cloud.link import terminals
    from cloud.mqtt import mosquitto as files

    told = _read_anew(folder / files.PID_FILE)
    click.echo("跟随登记册，Ctrl-C 结束 following the register, Ctrl-C ends")
    while True:
        time.sleep(_LOOK_S)
        with ground.read() as unit:
            now = terminals.active_digest(unit)
        if now != known:
            count, known = _accounts(ground, folder, ours)
            told = False
            click.echo(f"{count} 个终端 terminals")
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
