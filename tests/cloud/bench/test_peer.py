"""`hanma bench peer`: its flow, its decision and its figures; Node-RED itself is not run."""

import json
import re
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner

from cloud.bench import nodered
from cloud.bench.peer import LACKS, PeerPress, Race, Turn, told
from cloud.cli import main

FLOW = nodered.flow(1883)
BY_ID = {node["id"]: node for node in FLOW}
BEGIN = Path(nodered.__file__).with_name("flow") / "begin.js"


def test_every_wire_of_the_flow_leads_to_a_node_on_its_tab() -> None:
    assert len(BY_ID) == len(FLOW)
    wired = {to for node in FLOW for wires in node.get("wires", []) for to in wires}
    assert wired == {"check", "command", "answer", "reply"}
    assert all(BY_ID[to]["z"] == "hanma" for to in wired)
    assert json.loads(json.dumps(FLOW)) == FLOW


def test_a_function_has_as_many_wires_as_outputs_and_a_body() -> None:
    functions = [node for node in FLOW if node["type"] == "function"]
    assert {node["id"] for node in functions} == {"check", "answer"}
    for node in functions:
        assert len(node["wires"]) == node["outputs"] and "return" in node["func"]


def test_the_flow_speaks_to_the_brokers_port_on_this_machine_alone() -> None:
    assert {node["broker"] for node in FLOW if node["type"].startswith("mqtt ")} == {"mosquitto"}
    broker = BY_ID["mosquitto"]
    assert (broker["broker"], broker["port"]) == ("127.0.0.1", "1883")
    assert broker["broker"] not in BY_ID and broker["name"] not in BY_ID  # else a circle to it


def test_node_red_stands_on_the_loopback_without_editor_and_telemetry() -> None:
    settings = BEGIN.with_name("settings.js").read_text("utf-8")
    for line in ('uiHost: "127.0.0.1"', "httpAdminRoot: false", "disableEditor: true"):
        assert line in settings
    assert "telemetry: { enabled: false, updateNotification: false }" in settings


def test_its_packages_are_exact_versions_without_an_address() -> None:
    package = nodered.package()
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", one) for one in package["dependencies"].values())
    assert "://" not in json.dumps(package)


def test_the_peer_takes_a_scan_with_a_valid_certificate_at_a_free_machine_once(
    tmp_path: Path,
) -> None:
    papers = [("W1", "2999-01-01"), ("W2", "2020-01-01")]
    nodered.fill(tmp_path, papers, [("M1", "HM-1"), ("M2", "HM-2")])
    claim, close, free = re.findall(r'prepare\([`"](.+?)[`"]\)', BEGIN.read_text("utf-8"), re.S)
    db = sqlite3.connect(tmp_path / "peer.db", isolation_level=None)
    tries = [("j1", "W2", "M1"), ("j2", "W9", "M1"), ("j3", "W1", "M1"), ("j4", "W1", "M1")]
    found = [
        db.execute(claim, {"job": job, "welder": welder, "machine": machine}).fetchall()
        for job, welder, machine in tries
    ]
    assert found == [[], [], [("HM-1",)], []]
    db.execute(close, ("j3",))
    assert nodered.on(tmp_path) == 1
    db.execute(free, ("j3",))
    assert nodered.on(tmp_path) == 0
    db.close()


def test_a_scan_says_who_and_where() -> None:
    head, _, body = PeerPress("HM-1", "M1", "W1").request().partition(b"\r\n\r\n")
    assert head.startswith(b"POST /on ") and body == b"machine=M1&welder=W1"
    assert f"Content-Length: {len(body)}".encode() in head


def turn(ms: float, cpu_s: float, rss_mb: float) -> Turn:
    return Turn([ms] * 10, [ms / 2] * 10, {}, 0, cpu_s, rss_mb)


def test_the_ratio_is_ours_over_the_peers_by_medians_beside_what_the_peer_lacks() -> None:
    turns = {
        "ours": [turn(30, 0.1, 90), turn(900, 9, 900), turn(40, 0.2, 100)],
        "peer": [turn(10, 0.05, 50), turn(20, 0.05, 50), turn(600, 7, 800)],
    }
    said = told(Race(10, 2, 3), turns)
    assert said["ok"] and (said["ours"]["jobs"], said["ours"]["p50_ms"]) == (30, 40)
    assert (said["peer"]["p50_ms"], said["peer"]["cpu_s_per_1000"]) == (20, 5)
    ratio = said["ratio"]
    assert (ratio["p50_ms"], ratio["cpu_s_per_1000"], ratio["rss_mb"]) == (2, 4, 2)
    assert said["peer_lacks"] == list(LACKS)


@pytest.mark.parametrize("side", ["ours", "peer"])
def test_a_press_that_was_refused_or_lost_on_either_side_makes_no_good_comparison(
    side: str,
) -> None:
    turns = {"ours": [turn(30, 0.1, 90)], "peer": [turn(10, 0.1, 50)]}
    turns[side][0].closed_ms.pop()
    turns[side][0].refused["409"] = 1
    said = told(Race(10, 2, 1), turns)
    assert not said["ok"] and said[side]["refused"] == {"409": 1}
    turns = {"ours": [turn(30, 0.1, 90)], "peer": [turn(10, 0.1, 50)]}
    turns[side][0].lost = 1
    assert not told(Race(10, 2, 1), turns)["ok"]


def test_without_node_and_npm_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nodered.shutil, "which", lambda name: None)
    done = CliRunner().invoke(main, ["bench", "peer"])
    said = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == 1 and not said["ok"]
    assert "apt install nodejs npm" in said["why"]
