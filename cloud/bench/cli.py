"""The cloud's part of `hanma bench`; the terminals' part is in simulator/cli.py."""

import sys
from pathlib import Path

import click

from cloud.ledgers_cli import KINDS
from simulator.cli import bench

__all__ = ["bench"]

_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
_PAGE = click.option(
    "--file",
    default=Path("docs/performance.md"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page of measurements.",
)


@bench.command()
@click.option("--machines", default=153_000, show_default=True, type=click.IntRange(100))
@click.option("--welders", default=280_000, show_default=True, type=click.IntRange(100))
@click.option("--times", default=300, show_default=True, type=click.IntRange(20, 5000))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def decide(machines: int, welders: int, times: int, folder: Path | None) -> None:
    """ON: decision, commit and command, with a province loaded; every list page and search."""
    from cloud.bench.county import Size
    from cloud.bench.decide import measure

    sys.exit(measure(Size(machines, welders), times, folder))


@bench.command("import")
@click.argument("kind", nargs=-1, type=click.Choice(KINDS))
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(10, 1_000_000))
@click.option("--xlsx", is_flag=True, help="Spreadsheets instead of CSV.")
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def import_(kind: tuple[str, ...], rows: int, xlsx: bool, folder: Path | None) -> None:
    """A table of every register brought in as on the web, new and changed; plain SQLite beside.

    With some KIND only these, in an order in which each finds what it wants.
    """
    from cloud.bench.ledgers import measure

    sys.exit(measure(rows, folder, ".xlsx" if xlsx else ".csv", kind or KINDS))


@bench.command()
@click.option("--terminals", default=5_000, show_default=True, type=click.IntRange(10, 18_000))
@click.option("--rate", default=1_000, show_default=True, type=click.IntRange(1), help="A second.")
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def ingest(terminals: int, rate: int, seconds: float, folder: Path | None) -> None:
    """A fleet talks to the cloud through Mosquitto: CPU beside its limit and its floor, losses."""
    from cloud.bench.ingest import measure

    sys.exit(measure(terminals, rate, seconds, folder))


@bench.command()
@click.option("--terminals", default=5_000, show_default=True, type=click.IntRange(10, 18_000))
@click.option("--rate", default=5_000, show_default=True, type=click.IntRange(1), help="A second.")
@click.option("--times", default=10.0, show_default=True, type=click.FloatRange(1, 1000))
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1, 3600))
@click.option("--minutes", type=click.FloatRange(0.1, 60), help="Instead of seconds: 15 prove it.")
@click.option("--fleets", default=2, show_default=True, type=click.IntRange(1, 8))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def overload(
    terminals: int,
    rate: int,
    times: float,
    seconds: float,
    minutes: float | None,
    fleets: int,
    folder: Path | None,
) -> None:
    """Ten times too much: what is shed, the alarm, how it recovers; what was stored is there."""
    from cloud.bench.overload import Load, measure

    load = Load(terminals, rate, times, minutes * 60 if minutes else seconds, fleets)
    sys.exit(measure(load, folder))


@bench.command()
@click.option("--terminals", default=5_000, show_default=True, type=click.IntRange(10, 18_000))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def storm(terminals: int, folder: Path | None) -> None:
    """Every line breaks at once, with work going on: until all are back, and false alarms."""
    from cloud.bench.storm import measure

    sys.exit(measure(terminals, folder))


@bench.command()
@click.option("--jobs", type=click.IntRange(10), help="28000, or 1200 with --whole.")
@click.option(
    "--rate", type=click.FloatRange(0.1), help="A second: 28,000 in five minutes, or 20."
)
@click.option("--machines", default=153_000, show_default=True, type=click.IntRange(10))
@click.option("--welders", default=280_000, show_default=True, type=click.IntRange(10))
@click.option("--brokers", default=2, show_default=True, type=click.IntRange(1, 8))
@click.option("--fleets", default=2, show_default=True, type=click.IntRange(1, 8))
@click.option("--whole", is_flag=True, help="The whole way, from the application on.")
@click.option("--apart", is_flag=True, help="Web, ingest and housekeeping as processes.")
@click.option("--postgresql", is_flag=True, help="On a PostgreSQL of its own, not on SQLite.")
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def rush(
    jobs: int | None,
    rate: float | None,
    machines: int,
    welders: int,
    brokers: int,
    fleets: int,
    whole: bool,
    apart: bool,
    postgresql: bool,
    folder: Path | None,
) -> None:
    """The morning: everybody presses ON; HTTP, decision, command and the relay's answer."""
    from cloud.bench.county import Size
    from cloud.bench.rush import Rush, measure

    size = Size(machines, welders)
    usual_jobs, usual_rate = (1_200, 20.0) if whole else (28_000, 28_000 / 300)
    told = (jobs or usual_jobs, rate or usual_rate, brokers, fleets, whole, apart, postgresql)
    wish = Rush(size, *told)
    if wish.jobs > min(machines, size.watches):
        raise click.UsageError(
            "--jobs：不能多于焊机数和监护人数（每位焊工 0.3 名）。 "
            "Not more than there are machines and fire watches (0.3 for a welder)."
        )
    sys.exit(measure(wish, folder))


@bench.command()
@click.option("--terminals", default=2_000, show_default=True, type=click.IntRange(10, 18_000))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def footprint(terminals: int, folder: Path | None) -> None:
    """What one more terminal costs in memory, and one more job on the disk."""
    from cloud.bench.footprint import measure

    sys.exit(measure(terminals, folder))


@bench.command()
@click.option("--jobs", default=300, show_default=True, type=click.IntRange(10, 5_000))
@click.option("--at-once", default=8, show_default=True, type=click.IntRange(1, 200))
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 20))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def peer(jobs: int, at_once: int, rounds: int, folder: Path | None) -> None:
    """Node-RED does scan, check, switch beside ours: the same work and broker, and the ratio."""
    from cloud.bench.peer import Race, measure

    sys.exit(measure(Race(jobs, at_once, rounds), folder))


@bench.command()
@click.option("--times", default=10, show_default=True, type=click.IntRange(1, 1000))
@click.option("--folder", type=_FOLDER, help="On which disk (the system's temporary one).")
def revoke(times: int, folder: Path | None) -> None:
    """From revoking a terminal to its closed connection, by the embedded broker and Mosquitto."""
    from cloud.bench.revoke import measure

    sys.exit(measure(times, folder))


@bench.command()
@click.option("--terminals", default=2_000, show_default=True, type=click.IntRange(1))
@click.option("--jobs", default=400, show_default=True, type=click.IntRange(1), help="A day.")
@_PAGE
def sizing(terminals: int, jobs: int, file: Path) -> None:
    """Which machines for so many terminals and jobs a day, reckoned from the measurements."""
    from cloud.bench.sizing import Size, tell

    sys.exit(tell(file, Size("", terminals, jobs)))


@bench.command()
@click.argument("names", nargs=-1)
@click.option("--short", is_flag=True, help="Smaller runs: half an hour.")
@_PAGE
def report(names: tuple[str, ...], short: bool, file: Path) -> None:
    """All measurements (or those named), one after another, written down as a page."""
    from cloud.bench.report import RUNS, write

    strange = set(names) - set(RUNS)
    if strange:
        known = " ".join(RUNS)
        raise click.UsageError(f"{' '.join(sorted(strange))}：只有 there are only: {known}")
    sys.exit(0 if write(names or RUNS, short, file) else 1)
