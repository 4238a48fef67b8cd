"""`hanma upgrade campaign`: a package goes out in waves."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.link.campaigns import Rollout


@click.group()
def campaign() -> None:
    """A package for many terminals, in waves that stop when too many fail."""


@campaign.command()
@click.option("--district", default="", help="Only machines of this district.")
@click.option(
    "--waves",
    default="5,25,100",
    show_default=True,
    help="Rising shares, percent; of one district as 990101:25.",
)
@click.option(
    "--stop", default=10, show_default=True, help="Stop above this failure rate in a wave, %."
)
@click.option("--digest", help="Which package; the highest release if not given.")
def start(district: str, waves: str, stop: int, digest: str | None) -> None:
    """Begin a campaign; prints how it stands."""
    from cloud.cli import ground_of_settings
    from cloud.link import campaigns, packages
    from cloud.link.campaigns import BadCampaign, Wave

    with ground_of_settings() as ground, ground.write() as unit:
        package = packages.get(unit, digest) if digest else packages.newest(unit)
        if package is None:
            raise click.ClickException("没有这个升级包。 There is no such package.")
        try:
            row = campaigns.start(unit, package, Wave.each(waves), stop, district)
        except BadCampaign as error:
            raise click.ClickException(f"分批的写法不对。 Not possible: {error}.") from None
        told = campaigns.report(unit, row)
    click.echo(json.dumps(told))


@campaign.command()
@click.argument("id")
def pause(id: str) -> None:
    """Ask nobody any more; who has begun goes on."""
    _act(id, "pause")


@campaign.command()
@click.argument("id")
def resume(id: str) -> None:
    """Go on after a pause, or after it stopped by itself."""
    _act(id, "resume")


@campaign.command()
@click.argument("id", default="")
def report(id: str) -> None:
    """How a campaign stands; without ID all of them, one a line."""
    from cloud.cli import ground_of_settings
    from cloud.link import campaigns

    with ground_of_settings() as ground, ground.write() as unit:
        rows = [_found(unit, id)] if id else campaigns.every(unit)
        told = [campaigns.report(unit, row) for row in rows]
    for one in told:
        click.echo(json.dumps(one))


def _act(id: str, what: str) -> None:
    from cloud.cli import ground_of_settings
    from cloud.link import campaigns

    with ground_of_settings() as ground, ground.write() as unit:
        row = _found(unit, id)
        (campaigns.pause if what == "pause" else campaigns.resume)(unit, row)
        told = campaigns.report(unit, row)
    click.echo(json.dumps(told))


def _found(unit: "Unit", id: str) -> "Rollout":
    from cloud.link import campaigns

    row = campaigns.get(unit, id)
    if row is None:
        raise click.ClickException(f"{id}：没有这次升级。 There is no such campaign.")
    return row
