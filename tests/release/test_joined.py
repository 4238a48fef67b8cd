"""Joined files do what the single ones did, under one name each."""

import ast
import sys
import types

import pytest

from release.joined import joined
from release.tree import FIRMWARE, for_hw, packed

SMALL = {
    "main.py": "from terminal.board import parts\nfrom terminal import app\n",
    "terminal/__init__.py": "VERSION = '1'\n",
    "terminal/board/__init__.py": "",
    "terminal/board/parts.py": "from terminal.board import pins\n\n\nclass Board:\n"
    "    lamp = pins.LAMP\n    folder = ''\n",
    "terminal/board/pins.py": "LAMP = 12\n",
    "terminal/modem/__init__.py": "",
    "terminal/modem/driver.py": "from terminal.words import Lost\n\nDEPTH = 3\n\n\n"
    "class Driver:\n    def ask(self):\n        raise Lost('away')\n",
    "terminal/words.py": "_LONG = 60\n\n\nclass Lost(OSError):\n    pass\n\n\n"
    "def minutes(seconds):\n    _LONG_AGO = seconds\n    return _LONG_AGO // _LONG\n",
    "terminal/rescue.py": "from terminal import words\nfrom terminal.modem.driver import Driver\n"
    "\n\ndef run(board):\n    return words.minutes(180), Driver, board.lamp\n",
    "terminal/lights.py": "from terminal.seldom import total\n\nON = 'x'\n_count = 0\n\n\n"
    "def more(total):\n    global _count\n    _count += total\n"
    "    return [ON for ON in (_count,)]\n",
    "terminal/seldom.py": "from terminal.words import minutes as told\n\n\n"
    "def total(numbers):\n    return told(sum(numbers))\n",
    "terminal/app.py": "from terminal import VERSION, lights\n"
    "from terminal.words import Lost, minutes\n"
    "from terminal.modem.driver import DEPTH, Driver\n\n_LONG = 7\n\n\n"
    "def run(board, minutes=minutes):\n    from terminal.late import told\n\n"
    "    try:\n        Driver().ask()\n"
    "    except Lost as error:\n        why = type(error).__name__\n"
    "    def inner(lights):\n        return lights\n"
    "    return (minutes(120), lights.more(2), lights.ON, inner(4), _LONG, DEPTH, board.lamp,\n"
    "            why, VERSION, told([60, 60]), lights.total([600]))\n",
    "terminal/late.py": "from terminal.later import twice\n\n\n"
    "def told(numbers):\n    return twice(numbers) // 60\n",
    "terminal/later.py": "def twice(numbers):\n    return 2 * sum(numbers)\n",
}  # fmt: skip


def run(files: dict[str, str], module: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """What `run` of that module gives to a board, each file being a module of its own."""

    class Finder:
        def find_spec(self, name: str, path: object = None, target: object = None) -> object:
            base = name.replace(".", "/")
            for at in (f"{base}/__init__.py", f"{base}.py"):
                if at in files:
                    from importlib.machinery import ModuleSpec

                    return ModuleSpec(name, Loader(at), is_package=at.endswith("__init__.py"))
            return None

    class Loader:
        def __init__(self, at: str) -> None:
            self.at = at

        def create_module(self, spec: object) -> None:
            return None

        def exec_module(self, made: types.ModuleType) -> None:
            made.__dict__["const"] = lambda value: value
            exec(compile(files[self.at], self.at, "exec"), made.__dict__)

    for name in [name for name in sys.modules if name.split(".")[0] == "terminal"]:
        monkeypatch.delitem(sys.modules, name)
    with monkeypatch.context() as inside:
        inside.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
        parts = __import__("terminal.board.parts", fromlist=["Board"])
        told = __import__(f"terminal.{module}", fromlist=["run"]).run(parts.Board())
        for name in [name for name in sys.modules if name.split(".")[0] == "terminal"]:
            inside.delitem(sys.modules, name)
    return told[:1] + told[2:] if module == "rescue" else told


@pytest.mark.parametrize("module", ["app", "rescue"])
def test_it_does_the_same_in_fewer_files(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = packed(SMALL)
    assert run(made, module, monkeypatch) == run(SMALL, module, monkeypatch)
    assert "terminal/both.py" in made and "terminal/lights.py" not in made
    assert "terminal/later.py" not in made and "terminal/late.py" in made


def test_a_name_of_two_files_is_two_names_and_an_exception_keeps_its_own() -> None:
    made = joined(SMALL)
    assert "60" in made["terminal/both.py"] and "= const(7)" in made["terminal/app.py"]
    assert "class Lost(OSError)" in made["terminal/both.py"]
    assert "minutes(" not in made["terminal/both.py"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def told(n):\n    from terminal import words\n", "all of"),
        ("from terminal import words\n\ndef told(n):\n    return words\n", "all of"),
        ("from terminal import words\nwords.minutes = None\n", "sets minutes"),
        ("from terminal import words\nx = words.nothing\n", "has no nothing"),
        ("from terminal.lights import _count\nx = _count\n", "sets _count anew"),
        ("def (:\n", "late.py"),
    ],
)
def test_what_cannot_be_moved_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        joined(SMALL | {"terminal/late.py": text})


def test_files_that_are_no_terminal_stay_apart() -> None:
    assert joined({"a.py": "x = 1\n"}) == {"a.py": "x = 1\n"}


@pytest.fixture(scope="module")
def firmware() -> dict[str, str]:
    return {str(p.relative_to(FIRMWARE)): p.read_text() for p in FIRMWARE.rglob("*.py")}


def imports(text: str) -> set[str]:
    """The modules that a file imports as soon as it is loaded."""
    return {node.module or "" for node in ast.parse(text).body if isinstance(node, ast.ImportFrom)}


def test_the_rescue_loads_nothing_of_the_application(firmware: dict[str, str]) -> None:
    made = packed(firmware)
    assert "terminal.app" not in imports(made["terminal/rescue.py"])
    assert "terminal.app" not in imports(made["terminal/both.py"])
    assert "terminal.both" in imports(made["terminal/app.py"])
    assert not {"terminal.both", "terminal.app"} & imports(made["terminal/board/parts.py"])


def test_no_file_asks_another_for_a_private_name(firmware: dict[str, str]) -> None:
    """MicroPython leaves out a private constant: whoever loads its file late would not find it."""
    asked = [
        (path, alias.name)
        for path, text in packed(firmware).items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("terminal")
        for alias in node.names
    ]
    assert len(asked) > 50
    assert [one for one in asked if one[1].startswith("_")] == []


def test_the_loader_stays_as_it_lies(firmware: dict[str, str]) -> None:
    made = packed(firmware)
    for name in ("boot.py", "boots.py", "crash.py", "main.py", "slots.py"):
        assert imports(firmware[name]) == imports(made[name])


@pytest.mark.parametrize(("hw", "absent"), [("a7670", "luat"), ("air780e", "simcom")])
def test_a_package_brings_the_driver_of_its_own_hardware(
    hw: str, absent: str, firmware: dict[str, str]
) -> None:
    paths = packed(for_hw(firmware, hw)).keys()
    assert [path for path in paths if absent in path] == []
    assert "terminal/modem/luat.py" in paths or "terminal/modem/simcom_tls.py" in paths
    assert packed(for_hw(firmware, "another")).keys() == packed(firmware).keys()
