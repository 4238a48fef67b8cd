"""The one command, `hanma`: `--help` everywhere, errors as one plain sentence."""

import importlib
import json
import logging
import os
import signal
import sys

import click

# An ON crosses four threads (web, sender, broker, ingest); each may wait a turn of Python.
_TURN_S = 0.0005

# What runs simulated terminals is the simulator's, what packs upgrades is in release/; either is
# loaded only when asked for.
_ELSEWHERE = {
    "sim": "simulator.cli",
    "demo": "simulator.cli",
    "bench": "simulator.cli",
    "clips": "simulator.making",
    "size": "simulator.making",
    "pack": "release.cli",
}


class _Hanma(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in _ELSEWHERE:
            command: click.Command = getattr(importlib.import_module(_ELSEWHERE[name]), name)
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
    from cloud.base.settings import BadSettings, Settings
    from cloud.mqtt.broker import PortBusy

    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    for name in ("amqtt", "transitions"):  # they log every packet
        logging.getLogger(name).setLevel(logging.WARNING)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    sys.setswitchinterval(_TURN_S)
    try:
        settings = Settings.from_env(os.environ)
        with Cloud(settings) as cloud:
            if demo:
                from cloud.demo import seed

                seed(cloud.ground)
            click.echo(json.dumps({"web": settings.base_url, "data": str(settings.data_dir)}))
            cloud.serve()
    except (CannotStart, PortBusy, BadSettings) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        pass
