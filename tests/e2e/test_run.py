"""`./run.sh` as a newcomer meets it: check, Ctrl-C, busy ports, second start, no interpreter."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from .conftest import HEAP_NOW_KB, ROOT, addresses, hanma

pytestmark = pytest.mark.slow


def processes_with(word: str) -> list[str]:
    """Command lines and environments of living processes that mention `word` (Linux)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if word.encode() in command and state != "Z" and int(entry.name) != os.getpid():
                found.append(f"{entry.name} {command[:80]!r}")
    return found


def ended(process: subprocess.Popen) -> str:
    """What a program still prints until its end, which must come."""
    try:
        return process.communicate(timeout=60)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def ctrl_c_ignored() -> None:
    """As a script's background jobs start."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def test_the_check_plays_a_whole_job_and_prints_its_figures_as_the_last_line(
    tmp_path: Path,
) -> None:
    done = hanma("demo", "--check", "--data", str(tmp_path), *addresses())
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["ok"] is True, (result, done.stderr)
    assert done.returncode == 0
    assert result["interpreter"].startswith("MicroPython 1.")
    assert 0 < result["heap_kb"] <= HEAP_NOW_KB
    assert 0 < result["wire_ms"] < result["scan_to_relay_ms"]
    assert result["off_ms"] > 0
    assert "certificate-expired" in result["refusal"]
    assert not processes_with(str(tmp_path))


def test_a_second_check_on_the_same_data_finds_the_same_county(tmp_path: Path) -> None:
    first = hanma("demo", "--check", "--data", str(tmp_path), *addresses())
    county = json.loads((tmp_path / "demo.json").read_text())
    second = hanma("demo", "--check", "--data", str(tmp_path), *addresses())
    assert (first.returncode, second.returncode) == (0, 0), second.stdout + second.stderr
    assert json.loads((tmp_path / "demo.json").read_text()) == county


def test_ctrl_c_ends_everything_and_leaves_no_process(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cloud", "demo", "--data", str(tmp_path), *addresses()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        preexec_fn=ctrl_c_ignored,
    )
    assert process.stdout
    printed = []
    for line in process.stdout:
        printed.append(line)
        if "Ctrl-C" in line:
            break
    text = "".join(printed)
    assert "welder1" in text and "/m/" in text, text
    found = re.search("bench +(http://[^ ]+/) ", text)
    assert found
    with urllib.request.urlopen(found[1], timeout=60) as page:  # the address opens the page
        assert "<title>试验台" in page.read().decode()
    process.send_signal(signal.SIGINT)
    rest = ended(process)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert not processes_with(str(tmp_path))


def test_a_killed_demonstration_leaves_no_firmware_behind(tmp_path: Path) -> None:
    """Even kill -9 on the simulator: its boards notice that the world is gone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cloud", "demo", "--data", str(tmp_path), *addresses()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    for found in processes_with(str(tmp_path)):
        if b"sim" in found.encode() and b"--terminals" in found.encode():
            os.kill(int(found.split()[0]), signal.SIGKILL)
    ended(process)
    assert process.returncode == 1
    until = time.monotonic() + 60
    while processes_with(str(tmp_path)) and time.monotonic() < until:
        time.sleep(0.2)
    assert not processes_with(str(tmp_path))


@pytest.mark.parametrize("option", ["--web", "--mqtt", "--bench"])
def test_a_busy_port_is_a_plain_sentence_that_names_the_option(
    option: str, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = f"127.0.0.1:{taken.getsockname()[1]}"
        words = addresses()
        words[words.index(option) + 1] = busy
        done = hanma("demo", "--data", str(tmp_path), *words)
    assert done.returncode == 1
    assert busy in done.stderr and option in done.stderr
    assert "Traceback" not in done.stderr


def test_the_check_says_which_step_failed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        words = addresses()
        words[1] = f"127.0.0.1:{taken.getsockname()[1]}"
        done = hanma("demo", "--check", "--data", str(tmp_path), *words)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, result["ok"], result["step"]) == (1, False, "start")


def test_a_missing_interpreter_is_a_plain_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    done = hanma(
        "demo",
        *("--data", str(tmp_path)),
        *addresses(),
        HANMA_MICROPYTHON=str(tmp_path / "nothing"),
    )
    assert done.returncode == 1
    assert "setup/interpreter.sh" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_cloud_on_the_same_data_is_refused_in_a_plain_sentence(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-m", "cloud", "serve"],
        cwd=ROOT,
        env=os.environ | own_addresses(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout
    try:
        assert first.stdout.readline().startswith("{")
        second = hanma("serve", **own_addresses(tmp_path))
    finally:
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        first.stdout.close()
    assert second.returncode == 1
    assert "HANMA_DATA" in second.stderr
    assert "Traceback" not in second.stderr


def own_addresses(data: Path) -> dict[str, str]:
    words = addresses()
    return {"HANMA_DATA": str(data), "HANMA_LISTEN": words[1], "HANMA_MQTT_LISTEN": words[3]}
