"""Finding the interpreter, and saying plainly when there is none."""

from pathlib import Path

import pytest

from simulator import interpreter


def test_the_interpreter_is_micropython_1_25_or_newer() -> None:
    kind, _, version = interpreter.name("micropython").partition(" ")
    assert kind == "MicroPython"
    assert tuple(map(int, version.split(".")[:2])) >= (1, 25)


def test_a_missing_interpreter_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HANMA_MICROPYTHON", str(tmp_path / "nothing"))
    with pytest.raises(interpreter.NoInterpreter, match=r"setup/interpreter\.sh"):
        interpreter.name("micropython")


def test_the_heap_is_limited_as_asked(tmp_path: Path) -> None:
    arguments, environment = interpreter.command("micropython", tmp_path, heap_kb=192)
    assert f"heapsize={192 + interpreter.STAND_INS_KB}K" in arguments
    assert environment["MICROPYPATH"].startswith(str(tmp_path))
