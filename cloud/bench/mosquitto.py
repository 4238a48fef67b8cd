"""A Mosquitto of our own on the loopback, for measuring."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paho.mqtt.client import MQTTMessage

from cloud.bench import machine
from cloud.mqtt.address import Address
from cloud.mqtt.client import Client
from simulator.demo import free_address

_CONF = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 200
max_queued_messages 100000
persistence false
sys_interval 1
log_type error
"""


_TICK = "$SYS/broker/uptime"
_TICKS_S = 30
_SHED = "$SYS/broker/publish/messages/dropped"


class NoMosquitto(Exception):
    """It is not installed here."""


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """(process, port), ended afterwards; NoMosquitto."""
    program = found()
    if program is None:
        raise NoMosquitto(
            "没有安装 mosquitto（Debian：apt install mosquitto）。 "
            "mosquitto is not installed (Debian: apt install mosquitto)."
        )
    port = free_port()
    conf = folder / f"mosquitto-{port}.conf"
    conf.write_text(_CONF.format(port=port))
    with machine.running([program, "-c", str(conf)]) as process:
        until_it_listens(port)
        yield process, port


def found() -> str | None:
    """The program, if it is installed; Debian keeps it where only root looks."""
    return shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def shed(port: int) -> int:
    """Messages it had no room for; it does not speak of them before there were some."""
    told, ticks = [0], threading.Semaphore(0)

    def hear(message: MQTTMessage) -> None:
        if message.topic == _SHED:
            told.append(int(message.payload))
        else:
            ticks.release()

    # Not paho's own thread: it fails where this process holds thousands of lines.
    address = Address("127.0.0.1", port, "bench", "", outside=False)
    client = Client(address, "bench-shed", on_message=hear, filters=(_SHED, _TICK))
    client.start()
    try:
        for _ in range(2):  # one that it kept, and one of now
            ticks.acquire(timeout=_TICKS_S)
    finally:
        client.stop()
    return told[-1]


def free_port() -> int:
    return free_address()[1]


def until_it_listens(port: int) -> None:
    """NoMosquitto if it does not."""
    for _ in range(3000):  # a minute: on a busy machine it takes its time
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise NoMosquitto("mosquitto does not listen")
