"""`hanma bench ticket`: from the last piece of a ticket to the relay pin, without any network.

The terminal is the whole firmware; all its connections run into their time-outs, so all comes by
Bluetooth while a connection is being made. A real link adds one connection interval (some 30 ms)
to the figure, and one for each piece before it.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from simulator import image
from simulator.nearby_phone import NearbyError, NearbyPhone
from simulator.terminal import Manner, Provision, SimulatedTerminal
from simulator.ticket import issue, receipt_is_genuine
from simulator.world.air import Air
from simulator.world.radio import Outage

LIMIT_MS = 300
ANSWER_LIMIT_MS = 2500  # to the receipt, also while a connection to the broker is being made
_DEVICE, _SECRET = "HM-990101-000001", bytes(range(32))
_SETTLED_S = 5


class Failed(Exception):
    """The terminal did not do as it must."""


def measure(times: int, kind: str, mtu: int) -> int:
    """Prints progress on stderr, one JSON object on stdout; exit code 0 if within the limit."""
    with tempfile.TemporaryDirectory(prefix="hanma-ticket-") as folder:
        try:
            result = asyncio.run(_measured(Path(folder), times, kind, mtu))
        except (Failed, NearbyError, TimeoutError) as error:
            result = {"ok": False, "why": str(error) or "the terminal was not found"}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1


async def _measured(folder: Path, times: int, kind: str, mtu: int) -> dict[str, Any]:
    terminal = SimulatedTerminal(
        Provision(_DEVICE, _SECRET, "127.0.0.1:1"),
        kind=kind,
        image=image.make(kind, folder),
        flash=folder / "flash",
        manner=Manner(),
    )
    terminal.radio.begin_outage(Outage.SILENT)
    air = Air()
    air.add(terminal.ble)
    await terminal.start()
    try:
        phone = NearbyPhone(air)
        await phone.meet(_DEVICE, mtu, within_s=30)
        taken, answered = [], []
        for number in range(1, times + 1):
            moved, told = await _once(terminal, phone, number)
            taken.append(moved)
            answered.append(told)
            print(
                f"\r  {number}/{times}  {taken[-1]:.1f} ms ", end="", file=sys.stderr, flush=True
            )
        print(file=sys.stderr)
    finally:
        await terminal.stop()
    worst, worst_answer = max(taken), max(answered)
    return {
        "ok": worst <= LIMIT_MS and worst_answer <= ANSWER_LIMIT_MS,
        "times": times,
        "median_ms": round(statistics.median(taken), 1),
        "worst_ms": round(worst, 1),
        "limit_ms": LIMIT_MS,
        "answer_worst_ms": round(worst_answer, 1),
        "answer_limit_ms": ANSWER_LIMIT_MS,
        "mtu": mtu,
        "interpreter": kind,
    }


async def _once(
    terminal: SimulatedTerminal, phone: NearbyPhone, number: int
) -> tuple[float, float]:
    """One job, on and off by ticket, on-line and numbered in turn: ms from the ticket's last piece
    to the relay, and to the receipt."""
    job = f"t{number:07}"
    proof: dict[str, Any] = {"n": 2 * number}
    if number % 2:
        proof = {"ch": (await phone.identity())["challenge"]}
    await _give(phone, "on", job, proof)
    answered = (time.monotonic_ns() - phone.sent_ns) / 1e6
    closed = [at for at, level in terminal.moves if level and at >= phone.sent_ns]
    if not closed:
        raise Failed(f"ticket {number}: the relay did not close")
    took = (closed[0] - phone.sent_ns) / 1e6
    await _give(phone, "off", job, {"n": 2 * number + 1})
    async with asyncio.timeout(_SETTLED_S):
        while terminal.relay or terminal.mains.contact:
            await asyncio.sleep(0.02)
    return took, answered


async def _give(phone: NearbyPhone, act: str, job: str, proof: dict[str, Any]) -> None:
    word, receipt = await phone.give(issue(_SECRET, _DEVICE, act, job, 600, **proof))
    if word != "ok":
        raise Failed(f"{act} {job}: {word}")
    if not receipt or not receipt_is_genuine(_SECRET, receipt):
        raise Failed(f"{act} {job}: the receipt is not genuine")
