"""Node-RED from npm, as an integrator would put it beside a broker: scan, check, switch.

The flow is flow/*.js with the wires here. Node-RED stays in .tools/peer once it was installed; it
runs in the folder of a measurement, on the loopback, without its editor and without any word home.
"""

import hashlib
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from cloud.bench import machine, mosquitto, served
from cloud.bench.served import NotReady, say

# Node-RED 5 wants Node.js 22.9, better-sqlite3 13 wants 22; these run on 20.
PACKAGES = {"node-red": "4.1.15", "better-sqlite3": "12.11.1"}
_FLOW = Path(__file__).parent / "flow"
_TOOLS = Path(__file__).parents[2] / ".tools" / "peer"
_INSTALL_S = 1200
_TABLES = """
PRAGMA journal_mode = WAL;
CREATE TABLE certificate (welder TEXT PRIMARY KEY, valid_to TEXT NOT NULL);
CREATE TABLE machine (id TEXT PRIMARY KEY, device TEXT NOT NULL, job TEXT, state TEXT NOT NULL);
CREATE INDEX machine_job ON machine (job);
"""


def package() -> dict[str, Any]:
    """package.json: exact versions, nothing else."""
    return {"name": "hanma-peer", "version": "1.0.0", "private": True, "dependencies": PACKAGES}


def flow(broker_port: int) -> list[dict[str, Any]]:
    """The flow, as Node-RED's editor would export it."""

    def node(id: str, type: str, *wires: list[str], **more: Any) -> dict[str, Any]:
        return {"id": id, "type": type, "z": "hanma", "wires": list(wires)} | more

    def function(id: str, outputs: int, *wires: list[str], begin: str = "") -> dict[str, Any]:
        body = (_FLOW / f"{id}.js").read_text("utf-8")
        more = {"func": body, "outputs": outputs, "initialize": begin, "finalize": ""}
        return node(id, "function", *wires, **more, timeout=0, noerr=0, libs=_CRYPTO)

    broker: dict[str, Any] = {
        "broker": "127.0.0.1",
        "port": str(broker_port),
        "clientid": "",
        "keepalive": "60",
    }
    broker |= {"autoConnect": True, "usetls": False, "protocolVersion": "4", "cleansession": True}
    mqtt = {"broker": "mosquitto", "qos": "1"}
    begin = (_FLOW / "begin.js").read_text("utf-8")
    return [
        {"id": "hanma", "type": "tab", "label": "scan, check, switch", "disabled": False},
        {"id": "mosquitto", "type": "mqtt-broker", "name": ""} | broker,
        node("scan", "http in", ["check"], url="/on", method="post", upload=False),
        function("check", 2, ["command"], ["reply"], begin=begin),
        node("command", "mqtt out", topic="", retain="false", **mqtt),
        node("said", "mqtt in", ["answer"], topic="hm/+/up", datatype="json", inputs=0, **mqtt),
        function("answer", 1, ["reply"]),
        node("reply", "http response", statusCode="", headers={}),
    ]


_CRYPTO = [{"var": "crypto", "module": "crypto"}]


def ready() -> Path:
    """Where it is installed, installed now if it was not; NotReady says what is missing."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        raise NotReady(
            f"没有安装 {'、'.join(missing)}（Debian：apt install nodejs npm）。 "
            f"{' and '.join(missing)} must be installed (Debian: apt install nodejs npm)."
        )
    wanted = json.dumps(package(), indent=1)
    mark = _TOOLS / f".ready-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
    if not mark.exists():
        _install(wanted)
        mark.touch()
    return _TOOLS


def _install(wanted: str) -> None:
    say(f"installing {' and '.join(map('@'.join, PACKAGES.items()))} once: a few minutes")
    shutil.rmtree(_TOOLS, ignore_errors=True)
    _TOOLS.mkdir(parents=True)
    (_TOOLS / "package.json").write_text(wanted)
    words = ["npm", "install", "--no-audit", "--no-fund", "--no-update-notifier", "--omit=dev"]
    try:
        _done(words, _INSTALL_S)
        _done(["node", "-e", "new (require('better-sqlite3'))(':memory:')"], _INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotReady(
            "npm 未能安装 Node-RED，请检查 npm 源、Node.js 版本（20）与 g++、make。 "
            "npm could not install Node-RED; look at its registry, at Node.js (20), g++ and make: "
            f"{error}"
        ) from None


def _done(words: list[str], seconds: float) -> str:
    done = subprocess.run(
        words, cwd=_TOOLS, timeout=seconds, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise subprocess.SubprocessError(" ".join(done.stderr.split())[-300:])
    return done.stdout


def versions() -> str:
    """What exactly stands beside ours."""
    said = [f"{name} {version}" for name, version in PACKAGES.items()]
    return ", ".join([*said, f"Node.js {_done(['node', '--version'], 60).strip()}"])


def fill(
    data: Path, certified: Iterable[tuple[str, str]], fitted: Iterable[tuple[str, str]]
) -> None:
    """Its database: (welder, last day of the certificate) and (machine, its terminal)."""
    with closing(sqlite3.connect(_database(data))) as db, db:
        db.executescript(_TABLES)
        db.executemany("INSERT INTO certificate VALUES (?, ?)", certified)
        db.executemany("INSERT INTO machine VALUES (?, ?, NULL, 'free')", fitted)


def on(data: Path) -> int:
    """How many machines are on by its database."""
    with closing(sqlite3.connect(_database(data))) as db:
        count: int = db.execute("SELECT count(*) FROM machine WHERE state = 'on'").fetchone()[0]
        return count


def _database(data: Path) -> Path:
    return data / "peer.db"


@contextmanager
def running(data: Path, broker_port: int) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """(process, HTTP port), when the flow runs and has reached the broker; NotReady."""
    home, port = ready(), mosquitto.free_port()
    user = data / "node-red"
    user.mkdir(exist_ok=True)
    (user / "flow.json").write_text(json.dumps(flow(broker_port)), "utf-8")
    environment = {
        "PEER_HOME": str(home),
        "PEER_DATABASE": str(_database(data)),
        "PEER_PORT": str(port),
        "NODE_RED_DISABLE_TELEMETRY": "1",
        "NODE_ENV": "production",
    }
    program, settings = home / "node_modules" / "node-red" / "red.js", _FLOW / "settings.js"
    words = ["node", str(program), "--userDir", str(user), "--settings", str(settings)]
    log = data / f"node-red-{port}.log"
    with machine.running(words, environment, log) as process:
        served.wait(process, log, lambda: "Connected to broker" in log.read_text("utf-8"))
        yield process, port
