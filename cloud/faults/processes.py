"""The processes of a trial: started, killed, stopped and started again on the same addresses."""

import contextlib
import os
import resource
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from cloud.bench.mosquitto import found

_END_S = 15
_ANY = resource.RLIM_INFINITY


class Process:
    """One program with what it starts itself. `start` again after `kill` is the same anew.

    `account` = as whom it runs, if not as ourselves; `end_by` = the signal that ends it in order.
    """

    def __init__(
        self,
        words: list[str],
        log: Path,
        environment: Mapping[str, str] = {},
        *,
        account: str | None = None,
        end_by: int = signal.SIGTERM,
    ) -> None:
        self._words, self._log, self._environment = words, log, environment
        self._account, self._end_by = account, end_by
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
                user=self._account,
                extra_groups=[] if self._account else None,
                cwd="/" if self._account else None,
            )

    @property
    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def kill(self) -> None:
        """−9: no last word, of none of them."""
        if self._process and not self.ended:
            for pid in list(self._signalled(signal.SIGSTOP)):  # none begins another meanwhile
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        for _pid in self._signalled(signal.SIGSTOP):
            pass

    def go_on(self) -> None:
        for _pid in self._signalled(signal.SIGCONT):
            pass

    def room_on_disk(self, there_is: bool) -> None:
        """Without it every byte that would make a file longer is refused by the system."""
        limit = _ANY if there_is else 0
        for pid in self._each():
            with contextlib.suppress(ProcessLookupError):
                self._limit(pid, limit)

    def end(self) -> None:
        """In order, if it still can."""
        if self._process is None:
            return
        self.go_on()
        if not self.ended:
            self._process.send_signal(self._end_by)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _limit(self, pid: int, limit: int) -> None:
        if self._account is None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, _ANY))
            return
        # Another account's limits are that account's to set, even for root in a container.
        size = "unlimited" if limit == _ANY else limit
        words = ["prlimit", f"--pid={pid}", f"--fsize={size}:unlimited"]
        subprocess.run(
            words, user=self._account, extra_groups=[], cwd="/", stderr=subprocess.DEVNULL
        )

    def _signalled(self, number: int) -> Iterator[int]:
        for pid in self._each():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            yield pid

    def _each(self) -> Iterator[int]:
        """The program, then what it started: a parent comes before its children are looked up."""
        if self._process and not self.ended:
            yield from _with_children(self._process.pid)


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):
            for child in (thread / "children").read_text().split():
                yield from _with_children(int(child))


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
