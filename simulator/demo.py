"""The demonstration: cloud and simulated terminals as processes, started and ended together."""

import contextlib
import errno
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from simulator import authenticator, image, interpreter
from simulator.phone import Phone

_READY_S = 60
_STOP_S = 15


class DemoError(Exception):
    """The demonstration cannot go on; the text says why and what to do."""


class Program:
    """One process of ours; its output lines are kept, and shown when `show` is set."""

    def __init__(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.lines: deque[str] = deque(maxlen=400)
        self.show = False
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cloud", *arguments],
            env=os.environ | environment,
            cwd=interpreter.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # Ctrl-C reaches us; we end our programs in order
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def first_object(self, timeout_s: float) -> dict[str, Any]:
        """The first JSON object that the program prints; DemoError with its last words if none."""
        until = time.monotonic() + timeout_s
        with self._news:
            while True:
                for line in self.lines:
                    if line.startswith("{"):
                        return json.loads(line)
                if self.ended and not self._reader.is_alive():
                    raise DemoError(self.last_words())
                left = until - time.monotonic()
                if left <= 0:
                    raise DemoError(f"{self.name} 没有按时启动 did not start in {timeout_s:g} s.")
                self._news.wait(min(left, 0.2))

    def last_words(self) -> str:
        said = [line for line in self.lines if line.strip()]
        errors = [line for line in said if line.startswith("Error: ")]
        if errors:
            return errors[-1].removeprefix("Error: ")
        return "\n".join([f"{self.name} 已退出 has ended:", *said[-8:]])

    def stop(self) -> None:
        """Asks it to end, then makes it."""
        if not self.ended:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(2)
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        with contextlib.suppress(ValueError):
            for line in self._process.stdout:
                with self._news:
                    self.lines.append(line.rstrip())
                    self._news.notify_all()
                if self.show:
                    print(line, end="", flush=True)
        with self._news:
            self._news.notify_all()


class Demo:
    """The whole stage. Use as a context: everything is up inside, nothing is left after.

    `yard`: further options of `hanma sim`. `settings`: further environment variables.
    """

    def __init__(
        self,
        *,
        data: Path | None,
        web: tuple[str, int],
        mqtt: tuple[str, int],
        bench: tuple[str, int],
        kind: str,
        quiet: bool = False,
        yard: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        self.data = self.folder(data)
        self.web, self.mqtt, self.bench = web, mqtt, bench
        self.kind, self.quiet = kind, quiet
        self._settings = settings
        self._yard = yard
        self.programs: list[Program] = []
        self.interpreter = ""
        self.county: dict[str, Any] = {}
        self._phones: list[Phone] = []

    @staticmethod
    def folder(data: Path | None) -> Path:
        """Where the county of this demonstration is kept."""
        return (data or Path(os.environ.get("HANMA_DATA", "var"))).resolve()

    @property
    def web_url(self) -> str:
        return f"http://{self.web[0]}:{self.web[1]}"

    @property
    def bench_url(self) -> str:
        return f"http://{self.bench[0]}:{self.bench[1]}"

    @property
    def broker(self) -> str:
        return f"{self.mqtt[0]}:{self.mqtt[1]}"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def phone(self) -> Phone:
        """A new phone at this cloud; it is put down when the stage closes."""
        self._phones.append(Phone(self.web_url))
        return self._phones[-1]

    def close(self) -> None:
        """The terminals first, so that their last words are heard."""
        while self._phones:
            self._phones.pop().close()
        while self.programs:
            self.programs.pop().stop()

    # ------------------------------------------------------------------------------------------

    def _start(self) -> None:
        try:
            self.interpreter = interpreter.name(self.kind)
            image.sources()
        except (interpreter.NoInterpreter, image.NoImage) as error:
            raise DemoError(str(error)) from None
        listeners = [(self.web, "--web"), (self.bench, "--bench")]
        if "HANMA_BROKER" not in self._environment():  # else somebody listens there already
            listeners.append((self.mqtt, "--mqtt"))
        for address, option in listeners:
            _must_be_free(address, option)
        self._say("· 启动云平台 starting the cloud")
        cloud = self._program("cloud", ["serve", "--demo"])
        cloud.first_object(_READY_S)
        self.county = json.loads((self.data / "demo.json").read_text())
        self._say("· 启动模拟终端 starting the terminals")
        yard = self._program(
            "terminals",
            [
                *("sim", "--terminals", str(self.data / "demo.json")),
                *("--server", self.broker, "--folder", str(self.data / "terminals")),
                *("--bench", f"{self.bench[0]}:{self.bench[1]}", "--interpreter", self.kind),
                *("--loud", *self._yard),
            ],
        )
        yard.first_object(_READY_S)
        self._until_on_line()

    def _program(self, name: str, arguments: list[str]) -> Program:
        program = Program(name, arguments, self._environment())
        self.programs.append(program)
        return program

    def _environment(self) -> dict[str, str]:
        return {
            "HANMA_DATA": str(self.data),
            "HANMA_LISTEN": f"{self.web[0]}:{self.web[1]}",
            "HANMA_MQTT_LISTEN": self.broker,
            "PYTHONUNBUFFERED": "1",
        } | self._settings

    def _until_on_line(self) -> None:
        """Until every terminal's firmware has reached the broker once."""
        for _ in self._patiently("终端没有上线 the terminals do not come on line"):
            with contextlib.suppress(OSError):  # its last words say more than a refused connection
                if all(t["on_line"] for t in get_json(f"{self.bench_url}/terminals")):
                    return

    def _patiently(self, complaint: str) -> Iterator[None]:
        until = time.monotonic() + _READY_S
        while time.monotonic() < until:
            for program in self.programs:
                if program.ended:
                    raise DemoError(program.last_words())
            yield
            time.sleep(0.1)
        raise DemoError(f"{complaint} ({_READY_S} s)")

    def _say(self, text: str) -> None:
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)


def get_json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def post_json(url: str, value: Any = None) -> Any:
    body = json.dumps({"value": value}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def free_address(host: str = "127.0.0.1") -> tuple[str, int]:
    """An address that nobody listens on.

    The system takes ports for outgoing connections from 32,768 on (Linux), so one from there could
    be gone before it is used.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return host, port


def _must_be_free(address: tuple[str, int], option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise DemoError(
                f"地址 {address[0]}:{address[1]} 已被占用或不可用，可能已有一份在运行；"
                f"请先结束它，或用 {option} 主机:端口 换一个地址。\n"
                f"The address {address[0]}:{address[1]} cannot be used ({error.strerror}); "
                f"perhaps HanMa already runs. End it, or choose another: {option} host:port."
            ) from None


def table(stage: Demo) -> str:
    """Addresses and log-ins, for a person at the terminal."""
    rows = [
        "",
        f"  状态页 status page   {stage.web_url}/",
        f"  试验台 bench         {stage.bench_url}/   （看、听、按 see, hear, touch）",
        "",
        "  焊机 machines",
    ]
    rows += [
        f"    {stage.web_url}/m/{m['code']}  {m['name']}（{m['enterprise']}）{m['device']}"
        for m in stage.county["machines"]
    ]
    rows += ["", "  演示账号 demo log-ins：密码 password，作业密码 PIN"]
    rows += [
        f"    {p['login']:<12} {p['password']:<16} {p['pin']:<8} {p['name']}  {p['note']}"
        for p in stage.county["people"]
    ]
    coded = [p["login"] for p in stage.county["people"] if p["factor"]]
    rows += [
        f"    {'、'.join(coded)}：登录还要动态码 sign in with a one-time code too:",
        f"    .venv/bin/hanma demo --data {stage.data} --code {coded[0]}",
    ]
    return "\n".join([*rows, "", f"  {stage.interpreter} · Ctrl-C 结束 ends everything", ""])


def one_time_code(data: Path | None, login: str) -> str:
    """What somebody's authenticator shows now; DemoError if there is no such account."""
    file = Demo.folder(data) / "demo.json"
    try:
        known = {p["login"]: p["factor"] for p in json.loads(file.read_text())["people"]}
        return authenticator.code(known[login], int(time.time()) // authenticator.STEP_S)
    except (OSError, LookupError, ValueError):
        raise DemoError(f"{file} 里没有 {login} has no second factor there.") from None


def end_on_signals() -> None:
    """Ctrl-C and SIGTERM end us in order, also where a script started us with Ctrl-C ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def run_until_stopped(stage: Demo) -> int:
    """Shows the table and waits for Ctrl-C; exit code."""
    end_on_signals()
    try:
        with stage:
            print(table(stage), flush=True)
            for program in stage.programs:
                program.show = True
            while True:
                time.sleep(0.5)
                for program in stage.programs:
                    if program.ended:
                        raise DemoError(program.last_words())
    except KeyboardInterrupt:
        print("\n已结束 ended.", file=sys.stderr)
        return 0
    except DemoError as error:
        print(f"\n✗ {error}", file=sys.stderr)
        return 1
