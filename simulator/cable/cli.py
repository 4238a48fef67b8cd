"""`hanma board`: a virtual board behind a pseudo terminal, until Ctrl-C."""

import asyncio
import json
import signal
from dataclasses import replace
from pathlib import Path

import click

from simulator.cable import made_up
from simulator.cable.board import VirtualBoard
from simulator.cable.flashchip import FlashChip, Kind
from simulator.chip import to_console
from simulator.image import NoImage
from simulator.interpreter import NoInterpreter

_FAULTS = ("no-sim", "no-tts", "relay-stuck", "relay-welded")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--chip", type=click.Choice(["esp32", "esp32s3"]), help="Of a new board [esp32].")
@click.option("--flash-mb", type=click.Choice(["1", "2", "4", "8", "16"]), help="Of a new board.")
@click.option("--mac", help="Of a new board: the chip's own address, 12 hex digits.")
@click.option("--fault", "faults", multiple=True, type=click.Choice(_FAULTS))
@click.option("--pull-after", type=int, help="Pull the cable after so many bytes.")
@click.option("--verbose", is_flag=True, help="Show the board's console.")
def board(
    folder: Path,
    chip: str | None,
    flash_mb: str | None,
    mac: str | None,
    faults: tuple[str, ...],
    pull_after: int | None,
    verbose: bool,
) -> None:
    """A virtual board in FOLDER: real esptool and mpremote drive it through its port.

    Prints one line of JSON with the port, then runs until Ctrl-C.
    """
    folder = folder.absolute()  # the interpreter runs elsewhere
    given = {"chip": chip, "flash_mb": flash_mb and int(flash_mb), "mac": mac}
    given = {name: value for name, value in given.items() if value}
    if mac and (len(mac) != 12 or set(mac) - set("0123456789abcdef")):
        raise click.BadParameter(
            "应为 12 位小写十六进制 12 lower-case hex digits are wanted: --mac"
        )
    kind = None
    if given:
        before = FlashChip(folder).kind
        kind = Kind(**(vars(before) | given))
    try:
        asyncio.run(_run(VirtualBoard(folder, kind=kind, pull_after=pull_after), faults, verbose))
    except (NoInterpreter, NoImage) as error:
        raise click.ClickException(str(error)) from None


async def _run(board: VirtualBoard, faults: tuple[str, ...], verbose: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if verbose:
        board.chip.echo = to_console(board.flash.kind.mac)
    for fault in faults:
        spoil(board, fault)
    await board.start()
    image = board.flash.folder / "made-up.bin"  # in place of MicroPython's, which is not shipped
    image.write_bytes(made_up.image())
    told = {"port": str(board.link.absolute()), "folder": str(board.flash.folder)}
    click.echo(json.dumps(told | {"image": str(image)}))
    try:
        await stop.wait()
    finally:
        await board.stop()


def spoil(board: VirtualBoard, fault: str) -> None:
    """Something is wrong with this one from the start."""
    if fault == "no-sim":
        board.world.radio.remove_sim()
    elif fault == "no-tts":
        modem = board.world.modem
        modem.identity = replace(modem.identity, features=modem.identity.features - {"tts"})
    else:
        how = {"relay-stuck": "refuses", "relay-welded": "welded"}[fault]
        board.world.hands["contactor"](how)
