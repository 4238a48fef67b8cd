"""`hanma import` and `hanma export`: the registers as spreadsheets and CSV files."""

import json
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cloud.cli import ground_of_settings

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.registry.ledgers.bring import Judged

T = TypeVar("T")

KINDS = (
    *("enterprises", "sites", "people", "certificates", "machines"),
    *("contracts", "cylinders", "maker", "training", "dates", "modules"),
    *("survey", "districts"),
)


@click.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only list what is wrong; write nothing.")
@click.option("--good-rows-only", is_flag=True, help="Write the good rows and list the bad ones.")
def import_(kind: str, file: Path, dry_run: bool, good_rows_only: bool) -> None:
    """Bring a ledger in, from .xlsx or .csv: all of it, or nothing where a row is bad.

    A row that is registered already changes what it tells otherwise; empty cells change nothing.
    The last line is JSON: ok, rows, new, changed, unchanged, bad, written, seconds, cpu_s.
    """
    from sqlalchemy.exc import IntegrityError

    from cloud.base.database import ChangedMeanwhile
    from cloud.cases import imports
    from cloud.registry.ledgers.files import BadTable

    began = time.monotonic()
    with ground_of_settings() as ground:
        try:
            with nullcontext() if dry_run else imports.writing(ground):
                with ground.read() as unit:
                    judged = _judged(unit, kind, file)
                _say(judged, dry_run)
                written = 0
                if not dry_run and judged.to_write and (good_rows_only or not judged.bad):
                    with ground.write() as unit:
                        written = _written(unit, kind, judged)
        except BadTable as error:
            raise click.ClickException(str(error)) from None
        except (IntegrityError, ChangedMeanwhile):
            raise click.ClickException(
                "导入期间有人登记或改了同样的内容，没有写入，请再试一次。 Somebody registered or "
                "changed the same meanwhile; nothing was written, try again."
            ) from None
    told = {
        "ok": not judged.bad,
        **judged.counts,
        "written": written,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_s": round(time.process_time(), 1),  # what it takes when nobody else is busy
    }
    click.echo(json.dumps(told))
    sys.exit(1 if judged.bad else 0)


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--sample", type=click.IntRange(1, 1_000_000), help="So many made-up rows instead.")
@click.option("--seed", help="The same people in each sample of this name: papers fit them.")
def export(kind: str, file: Path, sample: int | None, seed: str | None) -> None:
    """Write a register as .xlsx or .csv; personal numbers are masked.

    With --sample the rows are made up and whole, to try an import with.
    """
    from cloud.cases import kinds
    from cloud.registry.ledgers import files

    began = time.monotonic()
    file.parent.mkdir(parents=True, exist_ok=True)
    with ground_of_settings() as ground, ground.read() as unit:
        columns = kinds.columns(kind)
        rows = _sample(unit, kind, sample, seed) if sample else _rows(unit, kind)
        cells = ([one.shown(row[one.name]) for one in columns] for row in rows)
        count = files.write(file, [one.zh for one in columns], _shown_growing(cells))
    told = {"ok": True, "rows": count, "seconds": round(time.monotonic() - began, 1)}
    click.echo(json.dumps(told))


def _say(judged: "Judged", dry_run: bool) -> None:
    """Every bad row and why; which fields of which rows would change."""
    for bad in judged.bad:
        click.echo(f"第 {bad.line} 行 row {bad.line}: {' '.join(map(str, bad.reasons))}")
    for row in judged.changed if dry_run else ():
        names = "、".join(one.zh for one in row.fields)
        click.echo(f"第 {row.line} 行 row {row.line}: 改 changes {names}")


def _judged(unit: "Unit", kind: str, file: Path) -> "Judged":
    from cloud.cases import kinds
    from cloud.registry.ledgers import bring, files

    return bring.judge(unit, kinds.ledger(unit, kind), _shown_growing(files.read(file)))


def _written(unit: "Unit", kind: str, judged: "Judged") -> int:
    from cloud.cases import imports

    with click.progressbar(length=judged.to_write, label="写入 write", file=sys.stderr) as bar:
        return imports.written(unit, kind, judged, "system", lambda more: bar.update(more))


def _rows(unit: "Unit", kind: str) -> Iterator[dict[str, Any]]:
    from cloud.link import stock_ledger, terminals
    from cloud.registry.ledgers import (
        contracts,
        cylinders,
        districts,
        enterprises,
        machines,
        maker_list,
        people,
        survey,
        training,
    )

    if kind == "machines":
        return machines.of_machines(unit, terminals.running(unit))
    return {
        "enterprises": enterprises.of_enterprises,
        "sites": enterprises.of_sites,
        "people": people.of_people,
        "certificates": people.of_certificates,
        "contracts": contracts.of_contracts,
        "cylinders": cylinders.of_cylinders,
        "maker": maker_list.of_maker_list,
        "training": training.of_trainings,
        "dates": training.of_dates,
        "modules": stock_ledger.of_modules,
        "survey": survey.of_survey,
        "districts": districts.of_districts,
    }[kind](unit)


def _sample(unit: "Unit", kind: str, count: int, seed: str | None) -> Iterator[dict[str, Any]]:
    from cloud.registry.ledgers import made_up
    from cloud.registry.ledgers.fields import BadField

    try:
        return made_up.rows(unit, kind, count, random.Random(seed or os.urandom(8)))
    except BadField as error:
        raise click.ClickException(str(error)) from None


def _shown_growing(rows: Iterable[T]) -> Iterator[T]:
    """The rows, with a bar on the error output while they pass."""
    with click.progressbar(rows, label="读取 rows", file=sys.stderr, show_pos=True) as bar:
        yield from bar
