"""The simulator's part of the `hanma` command."""

import asyncio
import sys
from pathlib import Path

import click

from simulator import interpreter
from simulator.image import NoImage
from simulator.interpreter import NoInterpreter


class Address(click.ParamType):
    name = "host:port"

    def convert(self, value: str, param: object, ctx: object) -> tuple[str, int]:
        host, _, port = str(value).rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            self.fail(f"{value!r}：应为 主机:端口 host:port is wanted", param, ctx)  # type: ignore
        return host, int(port)


_KINDS = click.Choice(["micropython", "cpython"])
_MODEM = click.option(
    "--modem",
    type=click.Choice(["a7670", "air780e", "air780e-mute"]),
    default="a7670",
    show_default=True,
    help="The terminals' module; mute: it cannot speak.",
)


@click.command()
@click.option("--terminals", "file", type=click.Path(exists=True, path_type=Path), required=True,
              metavar="FILE", help="JSON file with the terminals' ids and secrets.")  # fmt: skip
@click.option("--server", default="127.0.0.1:1883", show_default=True, help="The MQTT broker.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/terminals"),
              show_default=True, help="Where their flash is kept.")  # fmt: skip
@click.option("--bench", type=Address(), default="127.0.0.1:8090", show_default=True)
@click.option("--interpreter", "kind", type=_KINDS, default="micropython", show_default=True)
@_MODEM
@click.option("--nasty", is_flag=True, help="Modems with every bad manner the manual allows.")
@click.option("--fragment", is_flag=True, help="UART bytes come in pieces of 1 to 8.")
@click.option("--boot-s", default=1.0, show_default=True, help="Boot of the modem (real: 11.1).")
@click.option("--speech-rate", default=3.0, show_default=True, help="1 = as fast as people speak.")
@click.option("--loud", is_flag=True, help="Print what the terminals say.")
@click.option("--verbose", is_flag=True, help="Show the boards' consoles.")
def sim(
    file: Path,
    server: str,
    folder: Path,
    bench: tuple[str, int],
    kind: str,
    modem: str,
    nasty: bool,
    fragment: bool,
    boot_s: float,
    speech_rate: float,
    loud: bool,
    verbose: bool,
) -> None:
    """Run terminals: the real firmware, each in a simulated world."""
    from simulator import yard
    from simulator.terminal import Manner

    try:
        interpreter.name(kind)
        asyncio.run(
            yard.run(
                yard.provisions(file, server),
                folder=folder,
                kind=kind,
                manner=Manner(
                    boot_s=boot_s,
                    speech_rate=speech_rate,
                    nasty=nasty,
                    fragment=fragment,
                    modem=modem,
                ),
                bench=bench,
                loud=loud,
                verbose=verbose,
            )
        )
    except (NoInterpreter, NoImage, yard.BadProvisions) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"地址 {bench[0]}:{bench[1]} 不可用（{error.strerror}），请用 --bench 换一个。 "
            f"The bench's address cannot be used; choose another with --bench."
        ) from None


@click.command()
@click.option("--check", is_flag=True, help="Play one whole job, print one JSON object, and end.")
@click.option("--data", type=click.Path(path_type=Path), help="Where everything is kept (var).")
@click.option("--web", type=Address(), default="127.0.0.1:8080", show_default=True)
@click.option("--mqtt", type=Address(), default="127.0.0.1:1883", show_default=True)
@click.option("--bench", type=Address(), default="127.0.0.1:8090", show_default=True)
@click.option("--interpreter", "kind", type=_KINDS, default="micropython", show_default=True)
@click.option("--code", metavar="LOGIN", help="Print this account's one-time code, and end.")
def demo(
    check: bool,
    data: Path | None,
    web: tuple[str, int],
    mqtt: tuple[str, int],
    bench: tuple[str, int],
    kind: str,
    code: str | None,
) -> None:
    """Start the cloud, the broker and three simulated terminals with a made-up county."""
    from simulator.check import play
    from simulator.demo import Demo, DemoError, one_time_code, run_until_stopped

    if code:
        try:
            click.echo(one_time_code(data, code))
        except DemoError as error:
            raise click.ClickException(str(error)) from None
        return
    stage = Demo(data=data, web=web, mqtt=mqtt, bench=bench, kind=kind, quiet=check)
    sys.exit(play(stage) if check else run_until_stopped(stage))


@click.group()
def bench() -> None:
    """Measure, and print the figure beside its limit."""


@bench.command()
@click.option("--times", default=100, show_default=True, help="How many jobs.")
@click.option("--interpreter", "kind", type=_KINDS, default="micropython", show_default=True)
def latency(times: int, kind: str) -> None:
    """ON to relay, beside a bare echo through the same broker and the UART's wire time."""
    from simulator.latency import measure

    sys.exit(measure(times, kind))


@bench.command()
@click.option("--times", default=100, show_default=True, help="How many tickets.")
@click.option("--interpreter", "kind", type=_KINDS, default="micropython", show_default=True)
@click.option("--mtu", type=click.IntRange(23, 247), default=247, show_default=True)
def ticket(times: int, kind: str, mtu: int) -> None:
    """A ticket's last piece by Bluetooth to relay, the terminal without any network."""
    from simulator.nearby_bench import measure

    sys.exit(measure(times, kind, mtu))


@click.group()
def faults() -> None:
    """Let things go wrong, and print how long it takes until they go again."""


@faults.command()
@click.argument("names", nargs=-1)
@_MODEM
@click.option("--short", is_flag=True, help="Only a few of them, one of a kind.")
@click.option("--verbose", is_flag=True, help="Show the terminal's console after each.")
def modem(names: tuple[str, ...], modem: str, short: bool, verbose: bool) -> None:
    """Every fault of cable, modem and network (or NAMES) on a terminal that is on line."""
    from simulator import matrix

    known = matrix.names()
    for name in names:
        if name not in known:
            raise click.BadParameter(f"没有这种故障 no such fault: {name} ({', '.join(known)})")
    sys.exit(matrix.play(list(names) or list(matrix.SHORT if short else known), verbose, modem))
