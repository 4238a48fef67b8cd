"""Every name of the firmware's own is short, and means in all files what it meant."""

import ast
import subprocess
from collections.abc import Callable, Iterator

import pytest

from release import names, short
from release.joined import joined
from release.lean import lean
from release.tree import FIRMWARE, named_by, packed

from .test_joined import SMALL, run

ROOT = FIRMWARE.parent
STUBS, MICROPYTHON = ROOT / ".tools" / "stubs", ROOT / ".tools" / "micropython" / "micropython"


def small(text: str, **others: str) -> str:
    files = {"terminal/one.py": text}
    return short.shortened(files, files, others)["terminal/one.py"]


@pytest.mark.parametrize("module", ["app", "rescue"])
def test_the_program_does_the_same(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(packed(SMALL), module, monkeypatch) == run(SMALL, module, monkeypatch)


def test_a_name_is_the_same_in_every_file() -> None:
    files = {
        "terminal/one.py": "class Gauge:\n"
        "    def pressure_now(self, wanted_kpa=1):\n        return 2\n",
        "terminal/two.py": "from terminal.one import Gauge\n"
        "print(Gauge().pressure_now(wanted_kpa=3))\n",
    }
    one, two = short.shortened(files, files, {}).values()
    (kind,) = [node for node in ast.walk(ast.parse(one)) if isinstance(node, ast.ClassDef)]
    method = kind.body[0]
    assert isinstance(method, ast.FunctionDef)
    assert two == (
        f"from terminal.one import {kind.name}\n"
        f"print({kind.name}().{method.name}({method.args.args[1].arg}=3))\n"
    )
    assert not {"Gauge", "pressure_now", "wanted_kpa"} & set(short_names(one))
    assert short.shortened(files, files, {}) == {"terminal/one.py": one, "terminal/two.py": two}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("class Wet(OSError):\n    pass\n", "Wet"),
        ("class A:\n    def go(self):\n        self.pressure = getattr(self, 'pressure')\n",
         "pressure"),
        ("FIELDS = 'pressure 1'\n\n\nclass A:\n    def __init__(self, name):\n"
         "        self.pressure = 0\n        setattr(self, name, 1)\n", "pressure"),
        ("def journal_of(kind, **fields):\n    return fields\n\n\n"
         "def f(pressure):\n    return journal_of(1, pressure=2)\n", "pressure"),
        ("import time\n\n\ndef f(pressure):\n    return time.sleep_of(pressure=2)\n", "pressure"),
        ("from collections import namedtuple\nT = namedtuple('T', ('pressure',))\n\n\n"
         "def f(pressure):\n    return T(pressure).pressure\n", "pressure"),
        ("from machine import pressure\n\n\nclass A:\n    pressure = pressure\n", "pressure"),
        ("class A:\n    def connect(self):\n        pass\n", "connect"),
        ("def f(writer):\n    writer.pressure = 1\n", "pressure"),
        ("RELEASE = 5\nVERSION = '1'\n", "RELEASE"),
        ("class A:\n    def board(self):\n        self.terminal = 1\n", "terminal"),
    ],
    ids=["exception", "text", "texts", "any keyword", "foreign keyword", "fields", "foreign",
         "of a library", "set on another", "of a package", "of a folder"],
)  # fmt: skip
def test_a_name_that_means_something_outside_stays(text: str, kept: str) -> None:
    assert kept in short_names(small(text))


APART = """
_PRESSURE = 1


class Gauge:
    def __init__(self):
        self.pressure = 5

    def wet(self):
        return self.pressure


class Timer:
    def __init__(self):
        self.minutes = 7

    def dry(self):
        return self.minutes


class Both(Gauge):
    def __init__(self):
        self.minutes_more = 1
        super().__init__()

    def all_of(self, added=_PRESSURE):
        return self.pressure, self.minutes_more, self.wet(), added


def told_by(one, other):
    return one.pressure, other.minutes


print(told_by(Gauge(), Timer()), Both().all_of(), Timer().dry())
"""


def test_attributes_of_strangers_share_a_name_and_those_of_relatives_do_not() -> None:
    made = small(APART)
    new = dict(apart(APART, made, attribute))
    assert new["pressure"] == new["minutes"] != new["minutes_more"]
    assert len({new[name] for name in ("pressure", "minutes_more", "wet", "all_of")}) == 4
    told = [
        subprocess.run([str(MICROPYTHON), "-c", text], capture_output=True, text=True, check=True)
        for text in (APART, made)
    ]
    assert told[0].stdout == told[1].stdout == "(5, 7) (5, 1, 5, 1) 7\n"
    on_another = APART + "\n\ndef full(any_of):\n    any_of.minutes = any_of.pressure\n"
    new = dict(apart(on_another, small(on_another), attribute))
    assert new["pressure"] != new["minutes"]


def test_in_the_whole_firmware_nothing_meets_that_did_not_meet_before() -> None:
    """What a function names, what a class has of its own, and what stands at a file's top."""
    files = {p.relative_to(FIRMWARE).as_posix(): p.read_text() for p in FIRMWARE.rglob("*.py")}
    long = {p: t for p, t in joined(lean(files)).items() if p.startswith("terminal/")}
    made = short.shortened(long, files, {})
    shared = 0
    for path, text in long.items():
        trees = ast.parse(text), ast.parse(made[path])
        for old, new in zip(*map(ast.walk, trees), strict=True):
            if isinstance(old, ast.ClassDef):
                pairs = {*apart(old, new, of_self), *apart(old, new, method_in(old, new))}
            elif isinstance(old, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                pairs = set(apart(old, new, variable))
            elif isinstance(old, ast.Module):
                pairs = set(zip(*(map(top_name, one.body) for one in (old, new)), strict=True))
            else:
                continue
            assert len({one for one, _ in pairs}) == len({one for _, one in pairs}), (path, pairs)
        pairs = set(apart(*trees, attribute))
        shared += len(pairs) - len({name for _, name in pairs})
    assert shared > 100


def apart(
    before: ast.AST | str, after: ast.AST | str, name: Callable[[ast.AST], str | None]
) -> Iterator[tuple[str, str]]:
    """(old, new) of each node of which `name` knows one."""
    trees = [ast.parse(one) if isinstance(one, str) else one for one in (before, after)]
    for old, new in zip(*map(ast.walk, trees), strict=True):
        if told := name(old):
            yield told, name(new) or ""


def attribute(node: ast.AST) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else None


def of_self(node: ast.AST) -> str | None:
    return attribute(node) if getattr(getattr(node, "value", 0), "id", "") == "self" else None


def method_in(*classes: ast.AST) -> Callable[[ast.AST], str | None]:
    methods = {id(one) for kind in classes for one in getattr(kind, "body", ())}
    return lambda node: getattr(node, "name", None) if id(node) in methods else None


def variable(node: ast.AST) -> str | None:
    return getattr(node, "arg" if isinstance(node, ast.arg) else "id", None)


def top_name(node: ast.stmt) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node
    return getattr(target, "name", "") or getattr(target, "id", "")


def test_what_the_loader_and_the_libraries_ask_for_stays() -> None:
    text = "class A:\n    def pressure(self):\n        pass\n"
    assert "pressure" in small(text, loader="from terminal import one\none.A().pressure()\n")
    assert "pressure" not in small(text)


def test_a_private_number_stays_one_that_is_left_out() -> None:
    made = small("_a = const(3)\n\n\nclass A:\n    def f(self):\n        self._a = _a\n")
    assert "_0 = const(3)" in made and "= _0\n" in made


@pytest.mark.parametrize(
    "text", ["x = globals()\n", "def f(a):\n    return a.__dict__\n", "from machine import *\n"]
)
def test_a_program_that_looks_at_its_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"terminal/one\.py"):
        small(text)


def test_a_crash_record_is_read_in_the_names_of_the_sources() -> None:
    told = named_by(SMALL)
    (new,) = [new for new, old in told["both.py"].items() if old == ["words.minutes"]]
    (ask,) = [new for new, old in told["both.py"].items() if old == ["driver.Driver.ask"]]
    trace = f"both.py:1 {ask} < both.py:1 {new} < app.py:1 run < main.py:1 <module>"
    assert names.read(trace, told) == (
        "both.py:1 driver.Driver.ask < both.py:1 words.minutes < app.py:1 app.run < "
        "main.py:1 <module>"
    )


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """Every name that the firmware gives to something of its own, before it is shortened."""
    files = {str(p.relative_to(FIRMWARE)): p.read_text() for p in FIRMWARE.rglob("*.py")}
    return {
        name
        for path, text in joined(lean(files)).items()
        if path.startswith("terminal/")
        for name in short._defined(short._Tree(text))
        if not name.startswith("__") and len(name) > 2
    }


@pytest.mark.slow
def test_the_names_of_the_chips_own_modules_are_known(defined: set[str]) -> None:
    """A name of ours that is also one of the chip's must be put down in release/short.py."""
    theirs = {
        name
        for path in (*STUBS.rglob("*.pyi"), *(ROOT / ".tools" / "umqtt").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in named(node)
    }
    assert theirs & defined <= short.THEIRS


def named(node: ast.AST) -> Iterator[str]:
    """What a stub's statement is about."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for one in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield getattr(one, "id", "") or getattr(one, "attr", "")


@pytest.mark.slow
def test_the_names_of_the_interpreter_are_known(defined: set[str]) -> None:
    told = subprocess.run(
        [str(MICROPYTHON), "-c", _DIR], capture_output=True, text=True, check=True, timeout=60
    )
    assert set(told.stdout.split()) & defined <= short.THEIRS


_DIR = """
import sys
def seen(thing, depth):
    for name in dir(thing):
        print(name)
        one = getattr(thing, name, None)
        if depth and type(one) in (type, type(sys)):
            seen(one, depth - 1)
for name in ("builtins asyncio binascii collections errno gc hashlib io json machine math "
             "micropython os random select socket struct sys time").split():
    try:
        seen(__import__(name), 2)
    except ImportError:
        pass
for one in ("", b"", bytearray(), [], {}, set(), (), 1, 1.0, (i for i in ())):
    seen(type(one), 1)
"""


def short_names(text: str) -> Iterator[str]:
    yield from short._identifiers(short._Tree(text))
