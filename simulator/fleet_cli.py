"""`hanma fleet`: light terminals for load, on the loopback or against a broker by name."""

import asyncio
import json
import resource
import sys
from pathlib import Path

import click

from simulator.fleet import PROFILES, Address, play

_FILES_BESIDES = 100


@click.command()
@click.option("--terminals", "count", metavar="N", required=True, type=click.IntRange(1, 19_000))
@click.option(
    "--file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: {device: secret in hex}.",
)
@click.option("--broker", "brokers", multiple=True, default=["127.0.0.1:1883"], show_default=True)
@click.option("--profile", type=click.Choice(list(PROFILES)), default="wuyi", show_default=True)
@click.option("--minutes", default=10.0, show_default=True, type=click.FloatRange(0.01, 1440))
@click.option("--storm-at", type=float, help="At this minute all lines break at once.")
def fleet(
    count: int,
    file: Path,
    brokers: tuple[str, ...],
    profile: str,
    minutes: float,
    storm_at: float | None,
) -> None:
    """Run light terminals that speak the native protocol; the last line is JSON."""
    known = json.loads(file.read_text("utf-8"))
    if len(known) < count:
        raise click.ClickException(
            f"{file} 里只有 {len(known)} 个终端。 There are only {len(known)} terminals in it."
        )
    _allow_files(count + _FILES_BESIDES)
    secrets = {device: bytes.fromhex(known[device]) for device in list(known)[:count]}
    told = asyncio.run(
        play(
            secrets,
            [_address(one) for one in brokers],
            PROFILES[profile],
            minutes=minutes,
            storm_at=storm_at,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
    )
    click.echo(json.dumps({"ok": told["oddities"] == 0} | told))


def _address(text: str) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        raise click.ClickException(f"{text}：应为 主机:端口 host:port is wanted")
    return host, int(port)


def _allow_files(wanted: int) -> None:
    """As many open files as are needed; one sentence if the system does not give them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise click.ClickException(
            f"系统只允许 {hard} 个打开的文件。 The system allows {hard} open files only."
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
