"""The processes of a trial: started, killed, stopped and started again on the same addresses."""

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cloud.bench.mosquitto import found

_END_S = 15
_ANY = resource.RLIM_INFINITY


class Process:
    """One program. `start` again after `kill` is the same program anew."""

    def __init__(self, words: list[str], log: Path, environment: Mapping[str, str] = {}) -> None:
        self._words, self._log, self._environment = words, log, environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                self._words,
                env=os.environ | dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """−9: no last word."""
        if self._process and not self.ended:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def room_on_disk(self, there_is: bool) -> None:
        """Without it every byte that would make a file longer is refused by the system."""
        if self._process and not self.ended:
            limit = _ANY if there_is else 0
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (limit, _ANY))

    def end(self) -> None:
        """In order, if it still can."""
        if self._process is None:
            return
        self.go_on()
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _signal(self, number: int) -> None:
        if self._process and not self.ended:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def mosquitto(folder: Path, port: int) -> Process | None:
    """An open Mosquitto on that port, if it is installed."""
    program = found()
    if program is None:
        return None
    conf = folder / "mosquitto.conf"
    lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "set_tcp_nodelay true",
             "max_inflight_messages 200", "log_type error")  # fmt: skip
    conf.write_text("\n".join(lines) + "\n")
    return Process([program, "-c", str(conf)], folder / "mosquitto.log")
