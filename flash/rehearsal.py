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

_HANMA = (sys.executable, "-m", "cloud")
_WAIT_S = 20


@contextlib.contextmanager
def board(folder: Path) -> Iterator[dict[str, Any]]:
    """{port, folder, image} of the virtual board in `folder`, as long as we work on it."""
    with _running(*_HANMA, "board", str(folder)) as told:
        if not told:
            raise click.ClickException("虚拟电路板没有启动。 The virtual board did not start.")
        yield told


@contextlib.contextmanager
def cloud() -> Iterator[dict[str, Any]]:
    """{cloud, code}: a made-up county that lives for this run, and one enrolment code in it."""
    with tempfile.TemporaryDirectory(prefix="hanma-cloud-") as data:
        told = {name: f"127.0.0.1:{_free()}" for name in ("HANMA_LISTEN", "HANMA_MQTT_LISTEN")}
        env = os.environ | told | {"HANMA_DATA": data}
        with _running(*_HANMA, "serve", "--demo", env=env) as served:
            if not served:
                raise click.ClickException(
                    "试用的云没有启动。 The throw-away cloud did not start."
                )
            made = subprocess.run(
                [*_HANMA, "enrol", "code", "--for", "office1"],
                env=env,
                check=True,
                capture_output=True,
                text=True,
            )
            yield {"cloud": served["web"], "code": json.loads(made.stdout)["code"]}


def made_up_image(told: dict[str, Any]) -> dict[str, Any]:
    """The board's own made-up image and its digest, in place of MicroPython's."""
    image = Path(told["image"])
    return {"image": image, "image_sha256": hashlib.sha256(image.read_bytes()).hexdigest()}


@contextlib.contextmanager
def _running(*command: str, env: dict[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """The first line that a program prints, as JSON; it ends when we do. Empty if it died."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as program:
        try:
            assert program.stdout
            line = program.stdout.readline()
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
