"""Who may import whom in the firmware, and that each file compiles for the board."""

import ast
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

FIRMWARE = ROOT / "firmware"
FILES = sorted(FIRMWARE.rglob("*.py"))
HARDWARE = {"machine", "esp32", "bluetooth", "network", "neopixel", "aioble"}
ENTRY = {
    "boot.py",
    "boots.py",
    "crash.py",
    "main.py",
}  # what the chip starts: they may name the board
LOADER = {"boots", "crash", "slots"}  # beside the application, the same for every release
PURE = {
    "plain.py": set(),
    "mac.py": {"terminal.mac"},
    "messages.py": {"terminal.plain"},
    "authority.py": {"terminal.plain", "terminal.mac"},
    "controller.py": {"terminal.plain"},
    "alarms.py": {"terminal.controller"},
    "emergency.py": set(),
    "policy.py": {"terminal.limits", "terminal.unload"},
    "limits.py": {"terminal.plain"},
    "timekeeper.py": set(),
    "budget.py": set(),
    "dialect.py": {"terminal.mac", "terminal.iotda"},
    "iotda.py": {"terminal.mac", "terminal.dialect"},
    "tickets.py": {"terminal.mac", "terminal.plain"},
    "sensing.py": set(),
    "starts.py": set(),
    "modem/operators.py": set(),
    "package.py": {"terminal.plain"},
    "../slots.py": set(),
}
PLAIN = {"json", "hashlib", "binascii", "math", "collections", "micropython", "time"}
MICROPYTHON = PLAIN | {"asyncio", "gc", "io", "os", "struct", "sys", "umqtt"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever in it, as full names."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if node.module == "terminal":
                found |= {f"terminal.{alias.name}" for alias in node.names}
            else:
                found.add(node.module)
    return found


def name(path: Path) -> str:
    return str(path.relative_to(FIRMWARE))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_only_the_board_folder_imports_hardware(path: Path) -> None:
    if path.parent.name != "board" and path.name not in ENTRY:
        assert not {module.split(".")[0] for module in imports(path)} & HARDWARE


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_imported_but_micropythons_own_umqtt_and_the_terminal(path: Path) -> None:
    roots = {module.split(".")[0] for module in imports(path)}
    assert roots <= MICROPYTHON | HARDWARE | LOADER | {"terminal"}
    assert not roots & {"cloud", "simulator"}


@pytest.mark.parametrize("file", sorted(PURE))
def test_pure_files_import_nothing_but_each_other_and_plain_modules(file: str) -> None:
    found = imports(FIRMWARE / "terminal" / file)
    assert found - PLAIN <= PURE[file]


def test_umqtt_is_known_to_the_adapter_alone() -> None:
    users = [name(path) for path in FILES if any(m.startswith("umqtt") for m in imports(path))]
    assert users == ["terminal/mqtt.py"]


def test_nothing_but_the_application_knows_how_the_parts_fit_together() -> None:
    users = [name(path) for path in FILES if "terminal.app" in imports(path)]
    assert users == ["main.py"]


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_file_uses_what_micropython_lacks(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        assert not isinstance(node, ast.Match | ast.TryStar | ast.AnnAssign)
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            assert not any(isinstance(item, ast.Starred) for item in node.elts)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.returns is None


def test_the_stand_ins_are_no_part_of_the_firmware() -> None:
    assert not {path.name for path in FILES} & {"machine.py", "esp32.py", "cpython.py", "start.py"}
    assert all(module not in sys.stdlib_module_names for module in ("terminal", "umqtt"))
