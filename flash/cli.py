"""`hanma flash`: from the box to a tested terminal."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from flash import rehearsal, steps
from flash.bench import Ledger, Module, Wanted

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--port", default="", help="Where the module is [the only usual adapter].")
@click.option("--image", type=_FILE, help="The MicroPython image [fetched from its site].")
@click.option("--image-sha256", default="", help="Its digest, got apart from it.")
@click.option("--cloud", default="", help="The cloud's address, https://…")
@click.option("--code", envvar="HANMA_ENROL_CODE", default="", help="The enrolment code.")
@click.option("--machine", default="", help="The machine's code, if it is for a certain one.")
@click.option("--apn", default="", help="Access point [the SIM's own].")
@click.option("--modem", type=click.Choice(["a7670", "air780e"]), default="a7670")
@click.option("--hardware", type=click.Choice(["contactor", "thermal"]), default="contactor")
@click.option("--ca", type=_FILE, help="The platform's certificate authority, PEM.")
@click.option(
    "--release-key", type=_FILE, help="FILE.pub of the release key [what the cloud has]."
)
@click.option("--aioble", type=_FOLDER, help="Folder of aioble, where the network is closed.")
@click.option(
    "--labels",
    type=_FOLDER,
    default=Path("var/flash/labels"),
    show_default=True,
    help="Where the label of --machine is written, a PDF of 60 × 60 mm.",
)
@click.option("--ledger", type=_FILE, default=Path("var/flash/ledger.jsonl"), show_default=True)
@click.option(
    "--virtual",
    type=_FOLDER,
    is_flag=False,
    flag_value="var/flash/board",
    help="No hardware: the virtual board in this folder [var/flash/board].",
)
@click.option("--erase", is_flag=True, help="Clear the module first, whatever is on it.")
@click.option("--batch", is_flag=True, help="One module after another, until no more is wanted.")
@click.option("--yes", is_flag=True, help="Ask nothing; the technician's answers are yes.")
def flash(ledger: Path, virtual: Path | None, batch: bool, **given: Any) -> None:
    """Make a module a tested terminal: image, application, identity, self-test, record.

    Run it again after a failure: it goes on where it stopped. The last line is one JSON object.
    """
    book, good = Ledger(ledger), True
    while True:
        with _bench(virtual, given) as wanted:
            good = _one(wanted, book) and good
        if not batch or wanted.yes or not _more():
            break
    sys.exit(0 if good else 1)


def _one(wanted: Wanted, book: Ledger) -> bool:
    with tempfile.TemporaryDirectory(prefix="hanma-flash-") as work:
        ask = (lambda question: True) if wanted.yes else _confirm
        module = Module(wanted, lambda text: click.echo(text, err=True), ask, Path(work))
        good = steps.flash(module)
    book.note(module.record)
    click.echo(json.dumps(module.record, ensure_ascii=False))
    return good


def _confirm(question: str) -> bool:
    return click.confirm(f"  ? {question}", default=False, err=True)


def _more() -> bool:
    return click.confirm(
        "接下一个模块后按 y The next module is connected?", default=True, err=True
    )


@contextlib.contextmanager
def _bench(virtual: Path | None, given: dict[str, Any]) -> Iterator[Wanted]:
    """What was asked for; without hardware, with what a rehearsal needs besides."""
    if virtual is None:
        yield Wanted(**given)
        return
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(rehearsal.board(virtual))
        more = {"port": told["port"], "virtual": True}
        if not given["image"]:
            more |= rehearsal.made_up_image(told)
        if not given["cloud"]:
            more |= stack.enter_context(rehearsal.cloud())
        yield Wanted(**(given | more))
