"""`hanma label`: the labels of machines as PDF; with `--replace` under a fresh code."""

import random
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cloud.base.unit import Unit
from cloud.cli import ground_of_settings
from cloud.registry.machines import Machine

if TYPE_CHECKING:
    from hardware.label import Label


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--single", is_flag=True, help="A page of 60 × 60 mm each, not A4 sheets.")
@click.option("--hotline", default="", help="Whom to call, printed small [HANMA_HOTLINE].")
@click.option("--replace", "why", default="", help="Reason; each machine gets a fresh code first.")
def label(codes: tuple[str, ...], out: Path, single: bool, hotline: str, why: str) -> None:
    """Writes the labels of the machines with these CODES into a PDF.

    With --replace the old label stops opening the machine: for one that was copied or swapped.
    """
    from hardware import label as drawing

    with ground_of_settings() as ground:
        with ground.write() as unit:
            found = [_machine(unit, code) for code in codes]
            if why:
                for machine in found:
                    _replace(unit, machine, why)
            worn = [machine.code for machine in found]
        base, hotline = ground.settings.base_url, hotline or ground.settings.hotline
    labels = [drawing.Label(code, f"{base}/m/{code}", hotline) for code in worn]
    written(out, labels, single)
    for code in worn:
        click.echo(code)
    click.echo(f"{len(labels)} 张标签 labels → {out}")


def written(out: Path, labels: list["Label"], single: bool) -> None:
    """Writes them into a PDF, and says it where they name nobody to call."""
    from hardware import label as drawing

    out.write_bytes((drawing.single if single else drawing.sheets)(labels))
    if not all(one.hotline for one in labels):
        click.echo(drawing.NO_PHONE, err=True)


def _machine(unit: Unit, code: str) -> Machine:
    from cloud.registry import labels, machines

    machine = machines.by_code(unit, code)
    if machine is None:
        old = labels.was_replaced(unit, code.upper())
        words = (
            "这张标签已更换。 This label was replaced."
            if old
            else "没有这台焊机。 No such machine."
        )
        raise click.ClickException(f"{code}: {words}")
    return machine


def _replace(unit: Unit, machine: Machine, why: str) -> None:
    from cloud.book import audit
    from cloud.registry import labels

    old = machine.code
    try:
        fresh = labels.replace(unit, machine, why=why, by="office", rng=random.SystemRandom())
    except labels.BadLabel as error:
        raise click.ClickException(str(error)) from None
    told = {"old": old, "new": fresh}
    audit.write(unit, machine.district, "system", "label-replaced", machine.id, told)
