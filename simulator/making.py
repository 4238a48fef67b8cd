"""`hanma clips`, `hanma size`: what is made and weighed at the desk for a terminal."""

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def clips(folder: Path) -> None:
    """Make the spoken clips of a terminal whose module cannot speak, into FOLDER."""
    from simulator import clips

    try:
        words = clips.catalogue()
        total = clips.make(folder, words, lambda name, size: click.echo(f"{size:7,d} B  {name}"))
    except clips.NoVoice as error:
        raise click.ClickException(str(error)) from None
    limit = int(clips.FLASH_BYTES * clips.SHARE)
    click.echo(f"{total:,d} B of at most {limit:,d} B 占用闪存")
    result = {"ok": total <= limit, "clips": len(words), "bytes": total, "limit": limit}
    click.echo(json.dumps(result))
    if not result["ok"]:
        raise SystemExit(1)


@click.command()
@click.option("--interpreter", "kind", type=click.Choice(["micropython", "cpython"]),
              default="micropython", show_default=True, help="Who runs the job.")  # fmt: skip
def size(kind: str) -> None:
    """Compiled bytes, heap and signature check of the firmware, each beside its limit."""
    from simulator.size import show

    sys.exit(show(kind))
