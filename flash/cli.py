"""`hanma flash`: from the box to a tested terminal."""

import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from flash import batch as many
from flash import history as past
from flash import identity, image, rehearsal, steps
from flash.bench import Ledger, Module, StepFailed, Wanted

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_REHEARSED = 2  # modules of a batch on virtual boards where nobody is asked


@click.command()
@click.option("--port", default="", help="Where the module is [the only usual adapter].")
@click.option("--image", type=_FILE, help="The MicroPython image [fetched from its site].")
@click.option(
    "--image-sha256",
    default="",
    help="Its digest, got apart from it [as --images has it, or that of the modules before].",
)
@click.option(
    "--images",
    type=_FILE,
    default=Path("var/flash/images.csv"),
    show_default=True,
    help="The office's table of known images: board, version, file, sha256.",
)
@click.option(
    "--know-image",
    is_flag=True,
    help="Do nothing but put the image with --image-sha256 into that table.",
)
@click.option(
    "--new-image", is_flag=True, help="It is meant to be another than the modules before got."
)
@click.option("--cloud", default="", help="The cloud's address, https://…")
@click.option(
    "--code", envvar="HANMA_ENROL_CODE", default="", help="The enrolment code [asked for]."
)
@click.option(
    "--machine",
    default="",
    help="The machine's code, if it is for a certain one; --batch asks for each next one's.",
)
@click.option("--apn", default="", help="Access point [the SIM's own].")
@click.option("--modem", type=click.Choice(["a7670", "air780e"]), default="a7670")
@click.option("--hardware", type=click.Choice(list(identity.WIRED)), default="contactor")
@click.option("--ca", type=_FILE, help="The platform's certificate authority, PEM.")
@click.option(
    "--release-key", type=_FILE, help="FILE.pub of the release key [what the cloud has]."
)
@click.option("--aioble", type=_FOLDER, help="Folder of aioble, where the network is closed.")
@click.option(
    "--clips",
    type=_FOLDER,
    default=Path("var/flash/clips"),
    show_default=True,
    help="Spoken clips, made here by hanma clips; copied where the modem has no voice.",
)
@click.option(
    "--labels",
    type=_FOLDER,
    default=Path("var/flash/labels"),
    show_default=True,
    help="Where the labels of terminal and --machine are written, PDFs of 60 × 60 mm.",
)
@click.option("--printer", default="", help="Where the labels are printed at once, by lp [not].")
@click.option("--ledger", type=_FILE, default=Path("var/flash/ledger.jsonl"), show_default=True)
@click.option(
    "--virtual",
    type=_FOLDER,
    is_flag=False,
    flag_value="var/flash/board",
    help="No hardware: the virtual board in this folder [var/flash/board].",
)
@click.option(
    "--fault",
    type=click.Choice(rehearsal.FAULTS),
    default=None,
    help="With --virtual: what is wrong with the first board, until it is taken again.",
)
@click.option(
    "--history",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[MODULE]",
    help="Do nothing; show what the ledger says, of one module, terminal or machine alone.",
)
@click.option("--erase", is_flag=True, help="Clear the module first, whatever is on it.")
@click.option("--batch", is_flag=True, help="One module after another, until no more is wanted.")
@click.option("--yes", is_flag=True, help="Ask nothing; the technician's answers are yes.")
def flash(
    ledger: Path,
    virtual: Path | None,
    fault: str | None,
    history: str | None,
    know_image: bool,
    batch: bool,
    **given: Any,
) -> None:
    """Make a module a tested terminal: image, application, identity, self-test, record.

    Run it again after a failure: it goes on where it stopped. The last line is one JSON object.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # a closed window is as good as Ctrl-C
        signal.signal(number, signal.default_int_handler)
    book = Ledger(ledger)
    if history is not None:
        click.echo(json.dumps(past.told(book.of(history), click.echo)))
        return
    if know_image:
        _know_image(given)
        return
    _settled(given, virtual, fault)
    try:
        book.ready()
    except StepFailed as failed:
        raise click.ClickException(f"{failed.wrong} {failed.remedy}") from None

    def one(wanted: Wanted) -> dict[str, Any]:
        record = _one(replace(wanted, pinned=book.image(wanted.virtual)))
        _noted(book, record)
        click.echo(json.dumps(record, ensure_ascii=False))
        return record

    with _bench(virtual, given, fault or "") as place:
        if not batch:
            with place(1) as wanted:
                sys.exit(0 if one(wanted)["ok"] else 1)
        if given["yes"]:
            records = many.unattended(place, one, _REHEARSED if virtual else None, _say)
        else:
            records = many.run(place, one, given["machine"], _AtTheKeys(), _say)
    told = many.told(records, _say)
    click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if told["ok"] else 1)


def _know_image(given: dict[str, Any]) -> None:
    if not given["image_sha256"]:
        raise click.UsageError(
            "--know-image 要同时给出 --image-sha256。 --know-image goes with --image-sha256."
        )
    module = Module(Wanted(**given), _say, _confirm, Path())
    try:
        row = image.note(module)
    except StepFailed as failed:
        raise click.ClickException(f"{failed.wrong} {failed.remedy}") from None
    click.echo(json.dumps({"ok": True, "table": str(given["images"]), "row": row}))


def _settled(given: dict[str, Any], virtual: Path | None, fault: str | None) -> None:
    """What is known to be missing is told before anything is written."""
    given["machine"] = _code_of(given["machine"])
    if fault and not virtual:
        raise click.UsageError("--fault 只用于 --virtual。 --fault goes with --virtual.")
    if virtual and not given["cloud"]:
        return  # a rehearsal brings its own, with a code
    given["cloud"] = given["cloud"].rstrip("/")
    if not given["cloud"]:
        raise click.ClickException(
            "没有给出平台地址。请用 --cloud 网址 给出。 Give the cloud's address by --cloud URL."
        )
    if not given["code"] and not given["yes"] and sys.stdin.isatty():
        given["code"] = _AtTheKeys().code("登记码（不显示） The enrolment code (not shown)")
    if not given["code"]:
        raise click.ClickException(
            "没有给出登记码。请用 HANMA_ENROL_CODE 或 --code 给出。 "
            "Give the enrolment code by HANMA_ENROL_CODE or --code."
        )


def _one(wanted: Wanted) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hanma-flash-") as work:
        ask = (lambda question: True) if wanted.yes else _confirm
        module = Module(wanted, _say, ask, Path(work))
        if wanted.virtual:
            module.record["virtual"] = True
        steps.flash(module)
    return module.record


def _noted(book: Ledger, record: dict[str, Any]) -> None:
    """A module without its row in the ledger is not finished."""
    try:
        book.note(record)
    except StepFailed as failed:
        _say(f"  ✗ {failed.wrong}")
        _say(f"  → {failed.remedy}")
        if record["ok"]:
            told = {"failed": "record", "why": failed.word, "wrong": failed.wrong}
            record |= {"ok": False} | told | {"remedy": failed.remedy}


def _say(text: str) -> None:
    click.echo(text, err=True)


def _confirm(question: str) -> bool:
    """Asked again until it is y or n: a glove on the Return key decides nothing. KeyboardInterrupt
    where it was broken off, StepFailed where nobody can answer."""
    try:
        return click.confirm(f"  ? {question}（y 是 n 否）", default=None, err=True)
    except click.Abort:
        _say("")
        if sys.stdin.isatty():
            raise KeyboardInterrupt from None
        raise StepFailed(
            "nobody",
            "没有人能回答这个问题。 Nobody is there to answer.",
            "请在终端窗口里运行，或加 --yes（答案都当作是）。 "
            "Run it in a terminal window, or with --yes, which answers yes.",
        ) from None


class _AtTheKeys:
    """A technician with a keyboard. Ctrl-C at a question ends the batch, as `q` does."""

    def word(self, question: str) -> str:
        return self._typed(question, "q").strip().lower()

    def machine(self, question: str) -> str:
        return _code_of(self._typed(question))

    def code(self, question: str) -> str:
        return self._typed(question, hidden=True).strip()

    def _typed(self, question: str, ended: str = "", hidden: bool = False) -> str:
        try:
            typed: str = click.prompt(
                question, default="", show_default=False, hide_input=hidden, err=True
            )
        except click.Abort:
            _say("")
            return ended
        return typed


def _code_of(typed: str) -> str:
    """The machine's code of what was typed, or of the address that a scanner read."""
    return typed.strip().rstrip("/").rpartition("/")[2].upper()


@contextlib.contextmanager
def _bench(virtual: Path | None, given: dict[str, Any], fault: str) -> Iterator[many.Place]:
    """Where the modules are connected; without hardware, with what a rehearsal needs besides."""
    if virtual is None:
        yield lambda number: contextlib.nullcontext(Wanted(**given))
        return
    with rehearsal.bench(virtual, given, fault) as place:
        yield place
