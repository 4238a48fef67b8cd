"""`hanma enrol` and `hanma terminal`: codes for the bench, the stock, revocation."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.link.stock import StockItem

_OPERATOR = "cli"
_LOOK_S = 1


@click.group()
def enrol() -> None:
    """Enrolment codes: who may make how many terminals until when."""


@enrol.command()
@click.option("--for", "login", metavar="LOGIN", required=True, help="The technician who gets it.")
@click.option("--times", default=1, show_default=True, help="How many terminals.")
@click.option("--hours", default=8, show_default=True, help="How long it is good, 168 at most.")
def code(login: str, times: int, hours: int) -> None:
    """Make a code; it is shown this once."""
    from cloud.cases import supply
    from cloud.cli import ground_of_settings
    from cloud.registry import people

    with ground_of_settings() as ground, ground.write() as unit:
        person = people.by_login(unit, login)
        if person is None or not person.roles & {"technician", "office"}:
            raise click.ClickException(f"{login}：没有这个安装人员。 There is no such technician.")
        try:
            row, text = supply.make_code(unit, person, times, hours, _OPERATOR)
        except ValueError:
            raise click.ClickException(
                "数量 1–1000，时间 1–168 小时。 1 to 1000 times, 1 to 168 hours."
            ) from None
        told = {"code": text, "id": row.id, "times": row.times, "until": row.until}
    click.echo(json.dumps(told))


@enrol.command("list")
def list_() -> None:
    """All codes without their text, the latest first."""
    from cloud.cli import ground_of_settings
    from cloud.link import enrolment

    names = ("id", "who", "made_at", "until", "times", "used")
    with ground_of_settings() as ground, ground.read() as unit:
        for row in enrolment.listed(unit):
            click.echo(json.dumps({name: getattr(row, name) for name in names}))


@enrol.command()
@click.argument("id")
def end(id: str) -> None:
    """End a code at once."""
    from cloud.cases import supply
    from cloud.cli import ground_of_settings

    with ground_of_settings() as ground, ground.write() as unit:
        if not supply.end_code(unit, id, _OPERATOR):
            raise click.ClickException(f"{id}：没有这个登记码。 There is no such code.")


@click.group()
def terminal() -> None:
    """The stock of terminals: where each one is, what runs out, and revocation."""


@terminal.command()
@click.option("--state", default="", help="Only those in this state.")
def stock(state: str) -> None:
    """All modules, one JSON line each."""
    from cloud.cli import ground_of_settings
    from cloud.link import stock

    with ground_of_settings() as ground, ground.read() as unit:
        for row in stock.listed(unit, state):
            click.echo(json.dumps(_shown(row)))


@terminal.command()
@click.argument("chip")
@click.argument("state", type=click.Choice(["received", "installed", "returned", "scrapped"]))
@click.option("--note", default="", help="Why, from whom.")
def move(chip: str, state: str, note: str) -> None:
    """Put the module with this CHIP address into STATE; a returned one is revoked."""
    from cloud.cases import supply
    from cloud.cli import ground_of_settings
    from cloud.link import stock

    with ground_of_settings() as ground, ground.write() as unit:
        try:
            row = supply.move(unit, stock.chip_form(chip), state, _OPERATOR, note)
        except stock.BadStock as error:
            raise click.ClickException(f"不能这样登记。 Not possible: {error}.") from None
        except supply.StillFitted as error:
            raise click.ClickException(
                f"还装在焊机上，先运行 hanma terminal take-off {error}。 "
                f"It is on a machine: hanma terminal take-off {error} comes first."
            ) from None
        told = _shown(row)
    click.echo(json.dumps(told))


@terminal.command()
@click.argument("chip")
def history(chip: str) -> None:
    """What a module went through, oldest first."""
    from cloud.cli import ground_of_settings
    from cloud.link import stock

    with ground_of_settings() as ground, ground.read() as unit:
        for row in stock.history(unit, _found(unit, chip).chip):
            names = ("state", "at", "who", "note")
            click.echo(json.dumps({n: getattr(row, n) for n in names}, ensure_ascii=False))


@terminal.command()
@click.argument("chip")
@click.option("--sim-until", default="", help="The SIM is paid until this day, YYYY-MM-DD.")
@click.option("--insurance", default="", help="Number of the product quality insurance.")
@click.option("--insurance-until", default="", help="And its last day.")
def papers(chip: str, sim_until: str, insurance: str, insurance_until: str) -> None:
    """Note SIM and insurance of a module."""
    from cloud.cases import supply
    from cloud.cli import ground_of_settings
    from cloud.link import stock

    given = {"sim_until": sim_until, "insurance": insurance, "insurance_until": insurance_until}
    with ground_of_settings() as ground, ground.write() as unit:
        row = _found(unit, chip)
        try:
            supply.set_papers(unit, row, _OPERATOR, **given)
        except stock.BadStock as error:
            raise click.ClickException(f"日期应为 年-月-日。 YYYY-MM-DD: {error}.") from None
        told = _shown(row)
    click.echo(json.dumps(told))


@terminal.command()
@click.option("--days", default=60, show_default=True, help="Looking so far ahead.")
def expiring(days: int) -> None:
    """SIMs and insurances that end soon or have ended, the most urgent first."""
    from cloud.base.clock import china_day
    from cloud.cli import ground_of_settings
    from cloud.link import stock

    with ground_of_settings() as ground, ground.read() as unit:
        for row, what, until in stock.expiring(unit, china_day(unit.now), days):
            told = {"chip": row.chip, "device": row.device, "what": what, "until": until}
            click.echo(json.dumps(told))


@terminal.command()
@click.argument("device")
def revoke(device: str) -> None:
    """Nothing is heard from DEVICE any more; its connection is closed within seconds.

    Mosquitto does so while `hanma broker mosquitto --follow` runs.
    """
    from cloud.cases import taking_off
    from cloud.cli import ground_of_settings

    with ground_of_settings() as ground, ground.write() as unit:
        if not taking_off.revoke(unit, device, _OPERATOR):
            raise click.ClickException(f"{device}：没有这个终端。 There is no such terminal.")
    click.echo(json.dumps({"device": device, "status": "revoked"}))


@terminal.command("take-off")
@click.argument("device")
@click.option("--scrap", is_flag=True, help="It is scrapped, not returned to the stock.")
@click.option("--note", default="", help="Why, by whom.")
@click.option("--unplugged", is_flag=True, help="The machine has no mains: wait for no answer.")
@click.option("--wait-s", default=30, show_default=True, help="So long for its answer.")
def take_off(device: str, scrap: bool, note: str, unplugged: bool, wait_s: int) -> None:
    """Take DEVICE off its machine for good: job ended, power off, keys void.

    The machine keeps its record and its history.
    """
    from cloud.cases import taking_off
    from cloud.cli import ground_of_settings
    from cloud.link.stock import BadStock

    state = "scrapped" if scrap else "returned"
    ends = time.monotonic() + wait_s
    with ground_of_settings() as ground:
        while True:
            try:
                with ground.write() as unit:
                    off = taking_off.take_off(unit, device, _OPERATOR, state, note, unplugged)
            except taking_off.NoTerminal:
                raise click.ClickException(
                    f"{device}：没有这个终端。 There is no such terminal."
                ) from None
            except BadStock as error:
                raise click.ClickException(f"不能这样登记。 Not possible: {error}.") from None
            if off:
                break
            if time.monotonic() >= ends:
                raise click.ClickException(
                    "作业已结束，断电命令已发，终端还没有回话；请再运行一次，"
                    "焊机已拔下电源的加 --unplugged。 The job is ended and the terminal was told; "
                    "it has not answered: run again, or with --unplugged if the machine is "
                    "without mains."
                )
            click.echo("等终端断电… Waiting for it to switch off …", err=True)
            time.sleep(_LOOK_S)
    click.echo(json.dumps({"device": device, "status": "revoked", "state": state}))


@terminal.command()
@click.argument("devices", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--single", is_flag=True, help="A page of 60 × 60 mm each, not A4 sheets.")
def label(devices: tuple[str, ...], out: Path, single: bool) -> None:
    """Write the labels of these terminals into a PDF: what a technician scans when fitting one."""
    from cloud.cli import ground_of_settings
    from cloud.labels_cli import written
    from cloud.link import terminals
    from hardware.label import of_terminal

    labels = []
    with ground_of_settings() as ground, ground.read() as unit:
        for device in devices:
            row = terminals.get(unit, device)
            if row is None:
                raise click.ClickException(f"{device}：没有这个终端。 There is no such terminal.")
            labels.append(of_terminal(device, ground.settings.hotline, row.kind))
    written(out, labels, single)
    click.echo(f"{len(labels)} 张标签 labels → {out}")


def _found(unit: "Unit", chip: str) -> "StockItem":
    from cloud.link import stock

    try:
        row = stock.get(unit, stock.chip_form(chip))
    except stock.BadStock:
        row = None
    if row is None:
        raise click.ClickException(f"{chip}：没有这个模块。 There is no such module.")
    return row


def _shown(row: "StockItem") -> dict[str, object]:
    names = ("chip", "device", "state", "state_at", "sim_until", "insurance", "insurance_until")
    return {name: getattr(row, name) for name in names}
