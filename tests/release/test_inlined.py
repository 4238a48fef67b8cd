"""A function that one place alone calls goes to that place, and the program does the same."""

import asyncio
from typing import Any

import pytest

from release.inlined import inlined


def moved(text: str, **outside: str) -> str:
    return inlined({"terminal/one.py": text}, outside)["terminal/one.py"]


def told(text: str, *given: Any) -> Any:
    made: dict[str, Any] = {}
    exec(compile(text, "one.py", "exec"), made)
    result = made["run"](*given)
    return asyncio.run(result) if asyncio.iscoroutine(result) else result


CLASS = (
    "class A:\n    def f(self):\n        self._g()\n\n    def _g(self):\n        return 1\n\n\n"
)
CASES = {
    "a plain function": (
        "def run(a):\n    b = 5\n    c = _double(a + 1)\n    return b, c\n\n\n"
        "def _double(b):\n    b += b\n    return b\n"
    ),
    "early returns": (
        "def run(a):\n    word = _word(a)\n    return word + '!'\n\n\n"
        "def _word(n):\n    if n < 1:\n        return 'none'\n    if n < 2:\n        n += 10\n"
        "    if n == 2:\n        return 'two'\n    else:\n        n += 1\n    return str(n)\n"
    ),
    "a condition": (
        "def run(a):\n    if not _odd(a) and a:\n        return 'even'\n"
        "    return 'odd or none'\n\n\ndef _odd(n):\n    return n % 2 == 1\n"
    ),
    "the end of another": (
        "def run(a):\n    told = []\n    if a:\n        return _loop(told, a)\n"
        "    return told\n\n\n"
        "def _loop(told, n):\n    for i in range(9):\n        told.append(i)\n"
        "        if i == n:\n            return told\n"
    ),
    "one that gives nothing": (
        "def run(a):\n    told = []\n    _add(told, a, more=2)\n    return told\n\n\n"
        "def _add(told, n, more, last=7):\n    if not n:\n        return\n"
        "    told.extend([n, more, last])\n"
    ),
    "a method": (
        "class Tank:\n    def __init__(self):\n        self.kpa = 3\n\n"
        "    def ask(self, a):\n        kpa = self._now(a)\n        return kpa\n\n"
        "    def _now(self, a):\n        kpa = self.kpa * a\n        return kpa + 1\n\n\n"
        "def run(a):\n    return Tank().ask(a)\n"
    ),
    "a coroutine": (
        "import asyncio\n\n\nasync def run(a):\n    try:\n        return await _later(a)\n"
        "    finally:\n        a = 0\n\n\n"
        "async def _later(a):\n    await asyncio.sleep(0)\n    return a + 1\n"
    ),
    "one within another": (
        "def run(a):\n    return _one(a) + 1\n\n\ndef _one(a):\n    return _two(a) * 2\n\n\n"
        "def _two(a):\n    return a - 1\n"
    ),
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_one_place_calls_is_there_and_does_the_same(text: str) -> None:
    made = moved(text)
    assert "def _" not in made.replace("def __", "")
    for given in range(5):
        assert told(made, given) == told(text, given)


@pytest.mark.parametrize(
    "text",
    [
        "def run(a):\n    return _f(a) + _f(1)\n\n\ndef _f(a):\n    return a\n",
        "def run(a):\n    return list(map(_f, [a]))\n\n\ndef _f(a):\n    return a\n",
        "def run(a):\n    return a and _f(a)\n\n\ndef _f(a):\n    a += 1\n    return a\n",
        "def run(a):\n    b = _f(a)\n    return b\n\n\ndef _f(a):\n    for i in (1, 2):\n"
        "        if i == a:\n            return i\n",
        "def run(a):\n    print = 1\n    _f()\n    return print\n\n\ndef _f():\n    print(5)\n",
        CLASS + "class B(A):\n    pass\n",
        CLASS + "A()._g()\n",
        CLASS + "print(getattr(A(), '_g'))\n",
        "class A:\n    def f(self):\n        return self._g\n\n    @property\n    def _g(self):\n"
        "        return 1\n",
        "async def run(a):\n    while True:\n        await _f()\n\n\n"
        "async def _f():\n    large = bytes(9999)\n    return len(large)\n",
    ],
    ids=["two callers", "as a value", "perhaps", "out of a loop", "another meaning", "inherited",
         "from outside", "by a text", "a property", "values kept alive"],
)  # fmt: skip
def test_what_would_do_something_else_stays(text: str) -> None:
    assert moved(text) == text


def test_what_another_file_calls_stays() -> None:
    text = "def run(a):\n    return f(a)\n\n\ndef f(a):\n    return a\n"
    assert moved(text, loader="from terminal.one import f\n") == text
    assert moved(text, loader="from terminal import one\none.f(1)\n") == text
    assert moved(text) != text


def test_what_is_no_program_is_named() -> None:
    with pytest.raises(ValueError, match=r"terminal/one\.py"):
        moved("def f(:\n")
