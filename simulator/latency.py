"""`hanma bench latency`: from the welder's ON (HTTP request) to the relay pin, beside its limits.

wire_ms: UART time of the bytes that had to cross, at 115,200 baud. floor_ms: a bare echo through
the same broker in the same run (a body of the command's size, QoS 1, from publish to its return).
Limits: median ≤ wire_ms + 60, worst ≤ wire_ms + 150.
"""

import hashlib
import hmac
import json
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho

from simulator.check import FIRE_WATCH, VALID, first_machine, person
from simulator.demo import Demo, DemoError, free_address
from simulator.job import (
    Machine,
    Person,
    StepFailed,
    clear,
    prepare,
    switch_off,
    switch_on,
    wait_state,
)
from simulator.phone import PhoneError

MEDIAN_OVER_WIRE_MS, WORST_OVER_WIRE_MS = 60, 150
_ECHOES = 100
_BODY_BYTES = 400


def measure(times: int, kind: str) -> int:
    """Prints progress on stderr, one JSON object on stdout; exit code 0 if within the limits."""
    with tempfile.TemporaryDirectory(prefix="hanma-latency-") as folder:
        stage = Demo(
            data=Path(folder),
            web=free_address(),
            mqtt=free_address(),
            bench=free_address(),
            kind=kind,
            quiet=True,
            yard=("--speech-rate", "30"),
            HANMA_PRESENCE_OFTEN="1000000",  # many jobs in a few minutes
        )
        try:
            with stage:
                result = _measured(stage, times)
        except (DemoError, StepFailed, PhoneError, OSError) as error:
            result = {"ok": False, "why": str(error)}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


def _measured(stage: Demo, times: int) -> dict[str, object]:
    machine = first_machine(stage)
    welder, fire_watch = person(stage, VALID), person(stage, FIRE_WATCH)
    floor = [_echoed(echo) for echo in _echoes(stage)]
    on: list[float] = []
    off: list[float] = []
    wire: list[float] = []
    for number in range(1, times + 1):
        closing, opening, crossed = _once(welder, fire_watch, machine)
        on.append(closing)
        off.append(opening)
        wire.append(crossed)
        print(f"\r  {number}/{times}  {closing:.1f} ms ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    wire_ms, median, worst = statistics.median(wire), statistics.median(on), max(on)
    within = median <= wire_ms + MEDIAN_OVER_WIRE_MS and worst <= wire_ms + WORST_OVER_WIRE_MS
    return {
        "ok": within,
        "times": times,
        "wire_ms": round(wire_ms, 1),
        "floor_ms": round(statistics.median(floor), 2),
        "median_ms": round(median, 1),
        "worst_ms": round(worst, 1),
        "off_median_ms": round(statistics.median(off), 1),
        "limit_median_ms": round(wire_ms + MEDIAN_OVER_WIRE_MS, 1),
        "limit_worst_ms": round(wire_ms + WORST_OVER_WIRE_MS, 1),
        "interpreter": stage.interpreter,
    }


def _once(welder: Person, fire_watch: Person, machine: Machine) -> tuple[float, float, float]:
    """One whole job: (ON to pin, OFF to pin, wire time of the ON's bytes), all in ms."""
    prepare(welder, fire_watch, machine)
    asked_ns, closed_ns = switch_on(welder, machine)
    wire_ms = machine.wire_ms(asked_ns, closed_ns)
    wait_state("on", welder, machine, lambda s: s["state"] == "on")
    off_asked_ns, opened_ns = switch_off(welder, machine)
    wait_state("off", welder, machine, lambda s: s["off_confirmed"])
    clear(welder, machine)
    return (closed_ns - asked_ns) / 1e6, (opened_ns - off_asked_ns) / 1e6, wire_ms


class _Spare:
    """A terminal of the county that nobody has fitted: it hears itself on `hm/{d}/echo`."""

    def __init__(self, stage: Demo) -> None:
        spare = stage.county["spare"]
        self.device = spare["device"]
        password = hmac.new(bytes.fromhex(spare["secret"]), b"mqtt", hashlib.sha256).hexdigest()
        self.topic = f"hm/{self.device}/echo"
        self.listening, self.returned = threading.Event(), threading.Event()
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, self.device)
        self.client.username_pw_set(self.device, password)
        self.client.on_socket_open = lambda c, u, sock: sock.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self.client.on_subscribe = lambda *_: self.listening.set()
        self.client.on_message = lambda *_: self.returned.set()
        self.client.connect(*stage.mqtt)
        self.client.subscribe(self.topic, 1)
        self.client.loop_start()
        if not self.listening.wait(5):
            raise StepFailed("echo", "the broker takes no subscription")

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def _echoes(stage: Demo) -> Iterator[_Spare]:
    spare = _Spare(stage)
    try:
        for _ in range(_ECHOES):
            yield spare
            time.sleep(0.03)
    finally:
        spare.close()


def _echoed(spare: _Spare) -> float:
    """Milliseconds from a publish to its return."""
    spare.returned.clear()
    start = time.perf_counter()
    spare.client.publish(spare.topic, b"x" * _BODY_BYTES, qos=1)
    if not spare.returned.wait(5):
        raise StepFailed("echo", "nothing came back through the broker")
    return (time.perf_counter() - start) * 1000
