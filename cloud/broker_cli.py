"""`hanma broker mosquitto`: a Mosquitto that knows our terminals, made from the register."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path
from urllib.parse import quote

import click

_BROKERS = "mosquitto"  # its user on Debian
_WITH_TLS, _IN_CLEAR = (
    "0.0.0.0:8883",
    "127.0.0.1:1883",
)  # the network hears nothing in clear unasked
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


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
def mosquitto(
    folder: Path, listen: str | None, cloud_listen: str, cert: Path | None, key: Path | None
) -> None:
    """Writes mosquitto.conf, passwords, rights and broker-url into FOLDER.

    `broker-url` holds what HANMA_BROKER is set to, its password kept from run to run. Run it
    again after terminals were added or revoked, then send the broker SIGHUP.
    """
    from cloud.cli import ground_of_settings
    from cloud.link import terminals
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
    with ground_of_settings() as ground, ground.read() as unit:
        known = [(name, terminals.mqtt_password(one)) for name, one in terminals.active(unit)]
    accounts = [(files.CLOUD_USER, ours), *known]
    salted = ((user, password, os.urandom(12)) for user, password in accounts)
    url = f"mqtt://{files.CLOUD_USER}:{quote(ours)}@{reachable(host)}:{port}"
    _keep(address, url + "\n")
    for name, text in (
        ("passwords", files.passwords(salted)),
        ("rights", files.rights()),
        ("mosquitto.conf", conf),
    ):
        _keep(folder / name, text, _BROKERS)
    _give(folder, _BROKERS)  # it keeps its queues here
    click.echo(f"{len(known)} 个终端 terminals → {folder}")
    click.echo(f"HANMA_BROKER=$(cat {address}) hanma serve")


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
