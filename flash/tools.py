"""esptool and mpremote, the ecosystem's own, run as programs; their progress is shown."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from flash.bench import Module, StepFailed

_BIN = Path(sys.executable).parent
_PATIENCE_S = 300
_TRIES = 3
_WRITTEN = re.compile(r"Writing at .*?(\d+)\.\d%")  # as esptool shows it
_SHOWN_EACH = 20
_MISSED = "could not enter raw repl"
_TRACE = "Traceback (most recent call last)"
ON_BOARD = Path(__file__).parent / "on_board"
_MARK = "hanma:"  # what a program on the board prints for us begins so


def esptool(module: Module, *words: str) -> tuple[bool, str]:
    """(whether it went well, what it said). The chip is named, so that another one is refused."""
    command = ("--chip", "esp32", "--port", module.port, "--baud", "460800")
    return _run(module, "esptool", *command, *words)


def mpremote(module: Module, *words: str, fresh: bool = False) -> str:
    """What it said; StepFailed. fresh: the prompt is started anew first."""
    how = () if fresh else ("resume",)
    for _ in range(_TRIES):  # a module that is just restarting misses the first call
        good, said = _run(module, "mpremote", "connect", module.port, *how, *words)
        if good:
            return said
        if _MISSED not in said:
            break
    if _MISSED in said:
        raise StepFailed(
            "no-prompt",
            "模块没有回应 MicroPython 提示符。 The module gives no MicroPython prompt.",
            "请按一下模块的复位键后重来；仍不行请加 --erase 重新写入镜像。 "
            "Press its reset and run again; if that fails, write the image anew with --erase.",
        )
    raise _erred(module, said) if _TRACE in said else cable(module, said)


def on_board(
    module: Module, name: str, given: dict[str, Any], fresh: bool = False, text: str = ""
) -> Any:
    """Runs flash/on_board/NAME.py (or `text`) with `given`, gives what it told us. StepFailed.

    The values go through a file of our own, never through the list of processes.
    """
    program = module.work / f"{name}.py"
    text = text or (ON_BOARD / f"{name}.py").read_text("utf-8")
    program.touch(mode=0o600)
    program.write_text(f"GIVEN = {given!r}\n{text}", "utf-8")
    try:
        said = mpremote(module, "run", str(program), fresh=fresh)
    finally:
        program.unlink()
    told = [line[len(_MARK) :] for line in said.splitlines() if line.startswith(_MARK)]
    if not told:
        raise cable(module, said)
    return json.loads(told[-1])


def _erred(module: Module, said: str) -> StepFailed:
    """The module is there, and could not do what it was told."""
    if not Path(module.port).exists():
        return cable(module, said)
    return StepFailed(
        "board",
        f"模块上出错：{_last(said)}。 The module could not do it.",
        "请再运行一次；仍不行请加 --erase 从头来，还不行就换模块。 Run again; if it stays, with "
        "--erase from the beginning; if that does not help, take another module.",
    )


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1][:200] if lines else ""


def cable(module: Module, said: str) -> StepFailed:
    """What the technician is told when a tool ended badly."""
    if not Path(module.port).exists():
        return StepFailed(
            "cable",
            f"数据线断了（{module.port} 不见了）。 The cable is out: {module.port} is gone.",
            "请插好数据线，再运行一次，会从断开处继续。 Plug it in, run again: it goes on.",
        )
    if "Permission denied" in said:
        return StepFailed(
            "port-rights",
            f"这个账号不能使用 {module.port}。 This account may not use {module.port}.",
            "请运行 sudo usermod -aG dialout $USER，注销后重新登录，再运行一次。 "
            "Run that command, log out and in, then run again.",
        )
    return StepFailed(
        "cable",
        f"与模块的通信出错：{_last(said)} Talking with the module failed.",
        "请检查数据线，关闭占用该端口的程序，再运行一次。 "
        "Check the cable, close other programs on the port, run again.",
    )


def _run(module: Module, name: str, *words: str) -> tuple[bool, str]:
    """Whether it went well, and what it said; how far the writing is, is told meanwhile."""
    said, shown = [], 0
    with subprocess.Popen(
        [str(_BIN / name), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        patience = threading.Timer(_PATIENCE_S, process.kill)
        patience.start()
        try:
            for line in process.stdout or ():
                said.append(line)
                now = int(match[1]) if (match := _WRITTEN.match(line)) else shown
                if now < shown:
                    shown = 0  # the next part of the image begins
                if now >= shown + _SHOWN_EACH:
                    shown = now
                    module.say(f"    {now} %")
        finally:
            patience.cancel()
    return process.returncode == 0, "".join(said)
