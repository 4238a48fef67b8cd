"""Smaller sources do what the larger ones did: names, numbers and nothing else are shorter."""

import ast
import re
import sys
import types

import pytest

from release.lean import lean
from release.tree import FIRMWARE, compiled

pytestmark = pytest.mark.slow  # takes seconds

SPARE = {
    "one.py": (
        "_FIRST_LIMIT = 60 * 5\n_SPARE_TEXT = 'x'\n\n\nclass Meter:\n"
        "    def __init__(self, start_value):\n        self._reading = start_value\n\n"
        "    def read(self):\n        return self._doubled() + _FIRST_LIMIT\n\n"
        "    def _doubled(self):\n        return self._reading * 2\n"
    ),
    "two.py": (
        "from one import Meter\n\n_OTHER_LIMIT = 7\n\n\n"
        "def total(_given=1):\n    meter = Meter(_OTHER_LIMIT)\n"
        "    return meter.read() + _given\n\n\ndef called():\n    return total(_given=2)\n"
    ),
}


def run(files: dict[str, str], module: str, call: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """What `module.call()` gives, with const as on MicroPython."""
    for name, text in files.items():
        made = types.ModuleType(name[:-3])
        made.__dict__["const"] = lambda value: value
        monkeypatch.setitem(sys.modules, name[:-3], made)
        exec(compile(text, name, "exec"), made.__dict__)
    return getattr(sys.modules[module], call)()


def test_what_it_does_is_the_same_and_the_lines_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lean(SPARE)
    assert run(SPARE, "two", "called", monkeypatch) == run(made, "two", "called", monkeypatch)
    for name, text in SPARE.items():
        assert text.count("\n") == made[name].count("\n")
        assert len(made[name]) < len(text)
    assert "_reading" not in made["one.py"] and "Meter" in made["two.py"]


def test_private_constants_are_left_out_and_nothing_else_is() -> None:
    made = lean(
        {"a.py": "_LONG_NAME = 60 * 5\n_TEXT_NAME = 'x'\nPUBLIC = 3\n_AGAIN = 1\n_AGAIN = 2\n"
                 "_FIRST, _SECOND = ('a', 1), b'b'\n_MADE = [1]\n_ONE, OTHER = 1, 2\n"}
    )  # fmt: skip
    first, second, third, *again, both, listed, mixed = made["a.py"].splitlines()
    assert re.fullmatch(r"_\w = const\(60 \* 5\)", first)
    assert re.fullmatch(r"_\w = const\('x'\)", second) and third == "PUBLIC = 3"
    assert not any("const" in line for line in (*again, listed))
    assert re.fullmatch(r"_\w = const\(\('a', 1\)\); _\w = const\(b'b'\)", both)
    assert re.fullmatch(r"_\w = const\(1\); OTHER = 2", mixed)


CLASS = "class A:\n    def _inner(self): pass\n"


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        ({"a.py": CLASS, "b.py": "def f(a): a._inner()\n"}, "_inner"),
        ({"a.py": CLASS + "x = getattr(A, '_inner')\n"}, "_inner"),
        ({"a.py": "from asyncio import core\ncore._io_queue = 1\n"}, "_io_queue"),
        ({"a.py": "from b import _inner\n", "b.py": "_inner = 'x'\n"}, "_inner"),
        ({"a.py": "_value = 'x'\ntext = f'{_value}'\n"}, "_value"),
        ({"a.py": "def __init__(self): pass\n"}, "__init__"),
    ],
)  # fmt: skip
def test_a_name_that_means_something_elsewhere_is_left_alone(files: dict, kept: str) -> None:
    assert all(kept in text for text in lean(files).values())


def test_classes_that_inherit_across_files_share_no_short_name() -> None:
    made = lean(
        {
            "base.py": "class Base:\n    def __init__(self):\n        self._first_thing = 1\n",
            "derived.py": "from base import Base\n\n\nclass Derived(Base):\n"
            "    def more(self):\n        self._second_thing = 2\n",
        }
    )
    names = [re.findall(r"self\.(\w+)", text) for text in made.values()]
    assert len(names[0]) == len(names[1]) == 1 and names[0] != names[1]


def test_a_family_whose_base_is_foreign_keeps_clear_of_its_names() -> None:
    text = "from b import B\n\n\nclass A(B):\n    def go(self):\n        self._long_name = 1\n"
    made = lean({"a.py": text}, {"b.py": "class B:\n    def f(self):\n        self._a = 0\n"})
    assert "self._a " not in made["a.py"] and "_long_name" not in made["a.py"]


def test_what_is_no_program_is_named() -> None:
    with pytest.raises(ValueError, match=r"odd\.py"):
        lean({"odd.py": "def (:\n"})


def public(text: str) -> list[str]:
    """Every name in the order of its use that does not begin with an underscore."""
    found = []
    for node in ast.walk(ast.parse(text)):
        for field in ("id", "attr", "name", "arg"):
            name = getattr(node, field, None)
            if isinstance(name, str) and not name.startswith("_") and name != "const":
                found.append(name)
    return found


def test_the_whole_firmware_keeps_its_public_names_and_compiles_smaller() -> None:
    files = {str(p.relative_to(FIRMWARE)): p.read_text() for p in FIRMWARE.rglob("*.py")}
    made = lean(files)
    for name, text in files.items():
        assert public(text) == public(made[name])
    small = compiled({name: text.encode() for name, text in files.items()}, "xtensawin")
    assert len(small) < len(files)
    assert sum(map(len, made.values())) < sum(map(len, files.values()))
