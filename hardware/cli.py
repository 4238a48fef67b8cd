"""`hanma hardware`: checks the design files, draws them, writes them for KiCad."""

import json
import sys
from pathlib import Path

import click

from hardware import check as checks
from hardware import drawing
from hardware.circuit import BadSchematic, carrier
from hardware.parts import LIST, BadPart, from_memory, read
from hardware.spice import NoSpice


@click.group()
def hardware() -> None:
    """The carrier board: checks, drawings, files for KiCad."""


@hardware.command()
@click.option(
    "--parts",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    default=LIST,
    help="Another list, as the buyer would have it [hardware/parts.csv].",
)
def check(parts: Path) -> None:
    """Parts, footprints, rules, pins, derating, simulations; the last line is one JSON object."""
    try:
        known, circuit = read(parts), carrier(parts)
        faults = checks.design(known, circuit)
        judged, faults["derating"] = checks.judged(circuit, checks.simulated(circuit))
        figures = {figure.what: figure for figure in judged}
    except (BadPart, BadSchematic, NoSpice) as error:
        click.echo(f"  ✗ {error}")
        click.echo(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
        sys.exit(1)
    faults["bring-up"] = checks.bring_up(figures)
    faults["compliance"] = checks.compliance(figures)
    for name, found in faults.items():
        click.echo(f"{name}: {'ok' if not found else ''}")
        for fault in found:
            click.echo(f"  ✗ {fault}")
    for words in checks.not_shown(known.values()):
        click.echo(f"· {words}")
    for figure in figures.values():
        mark = "✓" if figure.margin >= 1 else "✗"
        sign = "≥" if figure.more else "≤"
        value = f"{figure.value:.3g} {sign} {figure.limit:.3g} {figure.unit}"
        click.echo(f"  {mark} {figure.what}: {value}, margin {figure.margin:.2f}")
    smallest = min(figures.values(), key=lambda figure: figure.margin)
    ok = smallest.margin >= 1 and not any(faults.values())
    told = {
        "ok": ok,
        "parts": len(circuit.placed),
        "kinds": len(known),
        "compared": len(known) - len(from_memory(known.values())),
        "figures": len(figures),
        "faults": sum(map(len, faults.values())),
        "smallest": smallest.what,
        "smallest_margin": round(smallest.margin, 3),
    }
    click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if ok else 1)


@hardware.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def draw(folder: Path) -> None:
    """Writes the schematic and the wiring pictures as SVG; schematic and netlist for KiCad."""
    files = drawing.all_of(carrier())
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    pictures = sum(name.endswith(".svg") for name in files)
    click.echo(f"{pictures} drawings in {folder}, schematic and netlist in {folder / 'kicad'}")
