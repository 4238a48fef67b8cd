"""The cloud's part of `hanma bench`; the terminals' part is in simulator/cli.py."""

import sys
from pathlib import Path

import click

from simulator.cli import bench

__all__ = ["bench"]

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)


@bench.command()
@click.option("--machines", default=153_000, show_default=True, type=click.IntRange(100))
@click.option("--welders", default=280_000, show_default=True, type=click.IntRange(100))
@click.option("--times", default=300, show_default=True, type=click.IntRange(20, 5000))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def decide(machines: int, welders: int, times: int, folder: Path | None) -> None:
    """ON: decision, durable commit and command, with a province loaded; and every list page."""
    from cloud.bench.county import Size
    from cloud.bench.decide import measure

    sys.exit(measure(Size(machines, welders), times, folder))


@bench.command()
@click.option("--terminals", default=5_000, show_default=True, type=click.IntRange(10, 18_000))
@click.option("--rate", default=1_000, show_default=True, type=click.IntRange(1), help="A second.")
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def ingest(terminals: int, rate: int, seconds: float, folder: Path | None) -> None:
    """A fleet talks to the cloud through Mosquitto: CPU beside its limit and its floor, losses."""
    from cloud.bench.ingest import measure

    sys.exit(measure(terminals, rate, seconds, folder))
