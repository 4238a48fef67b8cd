"""A Mosquitto of our own, as the broker outside: skipped where there is none (CI installs one)."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cloud.bench.mosquitto import until_it_listens


@contextmanager
def running(folder: Path) -> Iterator[tuple[str, int]]:
    """(host, port) of an open broker with TCP_NODELAY, ended afterwards."""
    conf, address = opened(folder)
    with served(conf, address):
        yield address


def opened(folder: Path) -> tuple[Path, tuple[str, int]]:
    """The configuration of an open broker, and where it will listen."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    conf = folder / f"mosquitto-{address[1]}.conf"
    lines = (f"listener {address[1]} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true")
    conf.write_text("\n".join(lines) + "\n")
    return conf, address


@contextmanager
def place() -> Iterator[Path]:
    """A folder that Mosquitto reads although, started by root, it works as a user of its own: not
    below pytest's, which every pytest that starts shuts to all but its user."""
    with TemporaryDirectory(prefix="hanma-mqtt-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@contextmanager
def served(conf: Path, address: tuple[str, int]) -> Iterator[subprocess.Popen]:
    """The process that serves a configuration, once it listens there; ended afterwards."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    if not os.path.exists(program):
        pytest.skip("mosquitto is not installed")
    with subprocess.Popen([program, "-c", str(conf)], stderr=subprocess.DEVNULL) as process:
        until_it_listens(address[1])
        yield process
        process.terminate()
