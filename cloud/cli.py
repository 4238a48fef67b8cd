"""The one command, `hanma`: `--help` everywhere, errors as one plain sentence."""

import importlib
import json
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from keyword import iskeyword
from typing import IO, TYPE_CHECKING

import click

from cloud import environment
from cloud.campaigns_cli import campaign

if TYPE_CHECKING:
    from cloud.base.unit import Ground

# An ON crosses four threads (web, sender, broker, ingest); each may wait a turn of Python.
_TURN_S = 0.0005

# What runs simulated terminals is the simulator's, what packs upgrades is in release/; each is
# loaded only when asked for. A command whose name Python keeps for itself has a `_` behind it.
_ELSEWHERE = {
    "flash": "flash.cli",
    "enrol": "cloud.terminals_cli",
    "terminal": "cloud.terminals_cli",
    "sim": "simulator.cli",
    "demo": "simulator.cli",
    "bench": "cloud.bench.cli",
    "fleet": "simulator.fleet_cli",
    "attack": "cloud.attack",
    "faults": "cloud.faults.cli",
    "restore-drill": "cloud.faults.cli",
    "clips": "simulator.making",
    "size": "simulator.making",
    "pack": "release.cli",
    "hardware": "hardware.cli",
    "board": "simulator.cable.cli",
    "label": "cloud.labels_cli",
    "soak": "cloud.soak",
    "audit": "cloud.record_cli",
    "rules": "cloud.rules_cli",
    "uncoded": "cloud.uncoded_cli",
    "evidence": "cloud.record_cli",
    "config": "cloud.running_cli",
    "keys": "cloud.keys_cli",
    "web": "cloud.processes_cli",
    "ingest": "cloud.processes_cli",
    "housekeeping": "cloud.processes_cli",
    "factor": "cloud.accounts_cli",
    "sessions": "cloud.accounts_cli",
    "first": "cloud.accounts_cli",
    "person": "cloud.accounts_cli",
    "backup": "cloud.running_cli",
    "restore": "cloud.running_cli",
    "import": "cloud.ledgers_cli",
    "export": "cloud.ledgers_cli",
    "zones": "cloud.zones_cli",
    "broker": "cloud.broker_cli",
    "department": "cloud.departments_cli",
    "platform": "cloud.platform_cli",
}


class _Hanma(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _ELSEWHERE:
            module = importlib.import_module(_ELSEWHERE[name])
            command: click.Command = getattr(
                module, f"{name}_" if iskeyword(name) else name.replace("-", "_")
            )
            return command
        return super().get_command(ctx, name)


@click.group(cls=_Hanma)
def main() -> None:
    """焊码 HanMa: only a certified welder, watched by a second person, switches the machine on."""


@main.command()
@click.option("--demo", is_flag=True, help="Make the demonstration county first.")
@click.option("--verbose", is_flag=True, help="Log what goes on.")
def serve(demo: bool, verbose: bool) -> None:
    """Run the cloud: web, broker, ingest and housekeeping in one process."""
    from cloud.app import CannotStart, Cloud
    from cloud.base import logs
    from cloud.mqtt.broker import PortBusy

    level = logging.INFO if verbose else logging.WARNING
    for name in ("amqtt", "transitions"):  # they log every packet
        logging.getLogger(name).setLevel(logging.WARNING)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.setswitchinterval(_TURN_S)
    try:
        settings = environment.settings()
        logs.set_up(settings.log_format, level)
        with Cloud(settings) as cloud:
            if demo:
                from cloud.demo import seed

                seed(cloud.ground)
            click.echo(json.dumps({"web": settings.base_url, "data": str(settings.data_dir)}))
            _first_account(cloud.ground)
            cloud.serve()
    except (CannotStart, PortBusy) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        pass


def _first_account(ground: "Ground") -> None:
    """A new installation has no account: say where the first one is made."""
    from cloud.cases import first_start

    with ground.write() as unit:
        if first_start.needed(unit):
            click.echo(json.dumps({"first": first_start.link(unit)}), err=True)


@main.group()
def upgrade() -> None:
    """Upgrade packages and the terminals that get them."""


@upgrade.command("add")
@click.argument("file", type=click.File("rb"))
def upgrade_add(file: IO[bytes]) -> None:
    """Put a package (made by `hanma pack`) into the store."""
    from cloud.link import packages

    raw = file.read(packages.PACKAGE_MAX + 1)
    with ground_of_settings() as ground:
        try:
            with ground.write() as unit:
                click.echo(packages.described(packages.add(unit, raw)))
        except packages.BadPackage as error:
            raise click.ClickException(
                f"这不是可用的升级包。 No usable package: {error}."
            ) from None


@upgrade.command("start")
@click.argument("device")
@click.option("--digest", help="Which package; the highest release if not given.")
def upgrade_start(device: str, digest: str | None) -> None:
    """Offer a package to one terminal, or to `all` that it fits."""
    from cloud.book import audit
    from cloud.link import packages, upgrades

    with ground_of_settings() as ground, ground.write() as unit:
        package = packages.get(unit, digest) if digest else packages.newest(unit)
        if package is None:
            raise click.ClickException(
                "没有这个升级包，请先用 hanma upgrade add 加入。 "
                "There is no such package; add it with hanma upgrade add."
            )
        begun = upgrades.start(unit, device, package)
        if not begun and device != "all":
            raise click.ClickException(
                f"{device}：没有这个终端，或不需要这个升级包。 "
                f"{device}: no such terminal, or it has no need of this package."
            )
        told = {"version": package.version, "devices": [one.device for one in begun]}
        ordered = {"digest": package.digest, "version": package.version, "count": len(begun)}
        audit.write(unit, "system", "system", "upgrade-ordered", device, ordered)
    click.echo(json.dumps(told))


@upgrade.command("list")
@click.argument("device")
def upgrade_list(device: str) -> None:
    """How the upgrades of a terminal stand, the latest first."""
    from cloud.link import upgrades

    names = ("id", "state", "progress", "code", "words", "digest", "made_at", "told_at")
    with ground_of_settings() as ground, ground.read() as unit:
        for row in upgrades.of(unit, device):
            told = {name: getattr(row, name) for name in names}
            click.echo(json.dumps(told | {"command": upgrades.command_state(unit, row)}))


upgrade.add_command(campaign)


@contextmanager
def ground_of_settings() -> Iterator["Ground"]:
    """The rooms on the database of the settings, beside a cloud that may be running."""
    from cloud.base.database import migrate
    from cloud.base.unit import Ground

    ground = Ground.open(environment.settings())
    try:
        migrate(ground.engine)
        yield ground
    finally:
        ground.close()
