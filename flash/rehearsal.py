"""Without hardware: a virtual board, and a throw-away cloud where none was named.

Both are programs of their own, as on the day: the bench meets them only at the cable and by HTTP.
"""

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from flash.batch import Place
from flash.bench import Wanted

_HANMA = (sys.executable, "-m", "cloud")
_WAIT_S = 20


_FAULTS = {"cable": ("--pull-after", "30000")}
FAULTS = ("cable", "no-sim", "no-tts", "relay-stuck", "relay-welded")
_CODES = 1000


@contextlib.contextmanager
def bench(folder: Path, given: dict[str, Any], fault: str) -> Iterator[Place]:
    """One cloud, and a board for each number: `folder`, `folder`-2 … fault: one of FAULTS, on the
    first board until it is put on the bench again."""
    with contextlib.ExitStack() as stack:
        more = {} if given["cloud"] else stack.enter_context(cloud())
        faults = [fault] if fault else []

        @contextlib.contextmanager
        def place(number: int) -> Iterator[Wanted]:
            where = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
            with board(where, faults.pop() if faults else "") as told:
                image = {} if given["image"] else made_up_image(told)
                yield Wanted(**(given | more | image | {"port": told["port"], "virtual": True}))

        yield place


@contextlib.contextmanager
def board(folder: Path, fault: str = "") -> Iterator[dict[str, Any]]:
    """{port, folder, image} of the virtual board in `folder`, as long as we work on it."""
    words = _FAULTS.get(fault, ("--fault", fault)) if fault else ()
    with _running(*_HANMA, "board", str(folder), *words) as told:
        if not told:
            raise click.ClickException("虚拟电路板没有启动。 The virtual board did not start.")
        yield told


@contextlib.contextmanager
def cloud() -> Iterator[dict[str, Any]]:
    """{cloud, code}: a made-up county that lives for this run, and one enrolment code in it."""
    click.echo("启动一个用完即弃的云… Starting a throw-away cloud …", err=True)
    with tempfile.TemporaryDirectory(prefix="hanma-cloud-") as data:
        told = {name: f"127.0.0.1:{_free()}" for name in ("HANMA_LISTEN", "HANMA_MQTT_LISTEN")}
        env = os.environ | told | {"HANMA_DATA": data}
        with _running(*_HANMA, "serve", "--demo", env=env, aside=True) as served:
            if not served:
                raise click.ClickException(
                    "试用的云没有启动。 The throw-away cloud did not start."
                )
            made = subprocess.run(
                [*_HANMA, "enrol", "code", "--for", "office1", "--times", str(_CODES)],
                env=env,
                check=True,
                capture_output=True,
                text=True,
            )
            yield {"cloud": served["web"], "code": json.loads(made.stdout)["code"]}


def made_up_image(told: dict[str, Any]) -> dict[str, Any]:
    """The board's own made-up image and its digest, in place of MicroPython's: it may change with
    the program."""
    image = Path(told["image"])
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    return {"image": image, "image_sha256": digest, "new_image": True}


@contextlib.contextmanager
def _running(
    *command: str, env: dict[str, str] | None = None, aside: bool = False
) -> Iterator[dict[str, Any]]:
    """The first line that a program prints, as JSON; it ends when we do. Empty if it died.

    aside: what it has to say besides is not for the technician, unless it died of it.
    """
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=said if aside else None,
            text=True,
            env=env,
            start_new_session=True,  # Ctrl-C is for the bench, which then ends the others
        ) as program,
    ):
        try:
            assert program.stdout
            line = program.stdout.readline()
            if aside and not line:
                said.seek(0)
                click.echo(said.read(), err=True)
            yield json.loads(line) if line else {}
        finally:
            program.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(_WAIT_S)
            program.kill()


def _free() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
