"""`hanma bench revoke`: from the order to revoke a terminal until its connection is closed, by the
embedded broker and by Mosquitto.

The order is that of `hanma terminal revoke`, given beside the running cloud; Mosquitto is told by
`hanma broker mosquitto --follow`, which looks at the register once a second.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cloud.base.unit import Ground
from cloud.bench import county, machine, mosquitto, served
from cloud.bench.mosquitto import NoMosquitto
from cloud.bench.served import NotReady, say
from cloud.cases import supply
from cloud.link import terminals
from simulator.mqtt_line import Line, LineBroken

LIMIT_S = 5.0
_SEED, _PATIENCE_S = "revoke", 60.0


def measure(times: int, folder: Path | None) -> int:
    """Prints progress on stderr, one JSON object on stdout; 0 if within the limits."""
    return served.printed("revoke", folder, lambda data: _measured(data, times))


async def _measured(data: Path, times: int) -> dict[str, Any]:
    secrets, _ = served.seeded(data, county.Size(max(100, 2 * times), 100), _SEED)
    devices = iter(secrets.items())
    told: dict[str, Any] = {"ok": True, "revoked": times}
    ground = served.ground_at(data)
    for name, running in (("embedded", _embedded), ("mosquitto", _outside)):
        with running(data) as port:
            took = [await _put_out(ground, port, *next(devices)) for _ in range(times)]
        worst = max(took)
        say(f"{name}: {worst:.2f} s at most, {sum(took) / times:.2f} s on average")
        told[f"{name}_max_s"] = round(worst, 2)
        told["ok"] &= worst <= LIMIT_S
    ground.close()
    return told | {"limit_s": LIMIT_S}


async def _put_out(ground: Ground, port: int, device: str, secret: bytes) -> float:
    """Seconds from the order to the closed connection of a terminal that was logged in."""
    gone = asyncio.Event()
    try:
        await Line.connect(
            ("127.0.0.1", port),
            device,
            terminals.mqtt_password(secret),
            up=f"hm/{device}/up",
            down=f"hm/{device}/down",
            will=b"{}",
            heard=lambda body: None,
            gone=gone.set,
        )
    except LineBroken as error:
        raise NotReady(f"{device}: {error}") from None
    began = time.monotonic()
    with ground.write() as unit:
        supply.revoke(unit, device, "bench")
    try:
        await asyncio.wait_for(gone.wait(), _PATIENCE_S)
    except TimeoutError:
        raise NotReady(f"{device}: still connected after {_PATIENCE_S:.0f} s") from None
    return time.monotonic() - began


@contextmanager
def _embedded(data: Path) -> Iterator[int]:
    port = mosquitto.free_port()
    with served.cloud(data, "embedded", {"HANMA_MQTT_LISTEN": f"127.0.0.1:{port}"}):
        yield port


@contextmanager
def _outside(data: Path) -> Iterator[int]:
    """The port of a Mosquitto with our accounts and the cloud behind it, and a follower."""
    program = mosquitto.found()
    if program is None:
        raise NoMosquitto("没有安装 mosquitto。 mosquitto is not installed.")
    made, port, ours = data / "mosquitto", mosquitto.free_port(), mosquitto.free_port()
    words = machine.python("cloud", "broker", "mosquitto", str(made), "--follow")
    words += ["--listen", f"127.0.0.1:{port}", "--cloud-listen", f"127.0.0.1:{ours}"]
    data.chmod(0o755)  # started by root, Mosquitto works as a user of its own
    with ExitStack() as stack:
        log = data / "follow.log"
        follower = stack.enter_context(machine.running(words, {"HANMA_DATA": str(data)}, log))
        served.wait(follower, log, lambda: "Ctrl-C" in log.read_text("utf-8"))
        conf = str(made / "mosquitto.conf")
        stack.enter_context(machine.running([program, "-c", conf], None, data / "broker.log"))
        mosquitto.until_it_listens(port)
        stack.enter_context(served.cloud(data, (made / "broker-url").read_text().strip()))
        yield port
