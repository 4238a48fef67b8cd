"""A smaller .mpy gives what the larger one gave, on MicroPython itself."""

import subprocess
from pathlib import Path

import pytest

from release import tree
from release.bytecode import _name, _object, _Reader, smaller

MICROPYTHON = tree.FIRMWARE.parent / ".tools" / "micropython" / "micropython"

WORK = """
import io, sys
LONG = (1 << 40, -129, -128, -64, 63, 64, 127, 128, -20000, 1.5, b"abc", "a longer text than ten")


class Base:
    kind = "base"

    def __init__(self, first, second=2, *, third=3):
        self.sum = first + second + third

    def told(self, where):
        if where == 1:
            self.sum += 1
            return self.kind, self.sum
        if where == 2:
            for n in range(3):
                if n == where - 1:
                    self.sum += 1
                    return self.kind, self.sum
        while where > 5:
            where -= 1
            if where == 9:
                continue
            if where == 7:
                self.sum += 1
                return self.kind, self.sum
        if where == 4:
            raise ValueError("four")
        if where == 3:
            raise ValueError("four")
        return None


class Other(Base):
    kind = "other"


def guarded(where):
    try:
        try:
            if where == 1:
                return "one"
            if where == 2:
                raise KeyError(where)
            return "one"
        except KeyError as error:
            return "caught", error.args[0]
        finally:
            seen.append(where)
    finally:
        seen.append("end")


def maker(step):
    total = 0

    def add(more=1):
        nonlocal total
        total += step * more
        found = total
        return found

    return add


def counted(most):
    for n in range(most):
        got = yield n
        if got:
            return got
    yield from (x * 2 for x in range(2))


async def waited(n):
    async def inner():
        return n

    async with Lock():
        return await inner()


class Lock:
    async def __aenter__(self):
        seen.append("in")

    async def __aexit__(self, *_):
        seen.append("out")


def finished(task):
    try:
        task.send(None)
    except StopIteration as error:
        return error.value


def stepping(most):
    found = []
    for n in range(most):
        if n in (1, "a"):
            continue
        if n in ("b", "c", 5):
            break
        found.append(("kept", n, ("kind", True, None, False, -17, 8191, -8191, 8192)))
        while n:
            if n == 3:
                break
            n -= 1
    return found, ("one", "two"), (1, 2), ("deep", (1, "x")), ("float", 1.5), ()


async def told(a, b, *more, c=("told", 7), **words):
    return a, b, more, c, words, ("three", 3, "four"), [("told", 7), ("told", 8)]


def six(a, b, c, d, e, f):
    return a.b


def traced(call, *given):
    text = io.StringIO()
    try:
        call(*given)
    except Exception as error:
        sys.print_exception(error, text)
    return text.getvalue()


def wronged():
    return add(wrong=1)


def choosing(a):
    from binascii import crc32 as sum, hexlify
    from pack.part import one, two
    import pack.part
    import pack.part as part
    return sum(hexlify(a)), one, two, pack.part.one, part.two


seen = []
add = maker(3)
base = Base(1, third=5)
result = [base.told(where) for where in (1, 2, 5, 12)]
for where in (3, 4):
    try:
        base.told(where)
    except ValueError as error:
        result.append(error.args[0])
result += [Other(1, 1, third=1).told(1), [guarded(n) for n in (1, 2, 3)], add(), add(more=2)]
result += [list(counted(3)), finished(waited(8)), {n: -n for n in range(3) if n}, LONG]
result += [(lambda a, b=2: a + b)(1), [n for n in "abc" if n != "b"], type(base).__name__]
result += [stepping(7), finished(told(1, 2, 3, 4, third=5)), finished(told(1, b=2, c=3))]
result += [traced(six, 1, 2, 3, 4, 5, 6), traced(six, 1), traced(base.told, 3), traced(add, 1, 2)]
result += [traced(wronged)]
result += [choosing(b"abc")]
result += ["a text of more than ten letters", "a text of more than ten letters", "焊" * 4]
"""
WORK += f"result += [{'too long for a name ' * 20!r}]\nprint(result, seen)\n"
WORK += "".join(f"name_{n} = {n}\n" for n in range(200))  # more names than one byte counts


def printed(folder: Path, mpy: bytes) -> str:
    (folder / "work.mpy").write_bytes(mpy)
    (folder / "pack").mkdir(exist_ok=True)
    (folder / "pack" / "__init__.py").write_text("one = 'of the package'")
    (folder / "pack" / "part.py").write_text("one, two = 1, 2")
    done = subprocess.run(
        [str(MICROPYTHON), "-c", "import work; print(work.name_199, work.Base.kind)"],
        cwd=folder, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return done.stdout


@pytest.fixture(scope="module")
def plain() -> bytes:
    return tree._mpy(WORK, "work.py", ["-O3"])


def test_it_does_the_same_in_fewer_bytes(plain: bytes, tmp_path: Path) -> None:
    made = smaller(plain, tree.keywords([WORK]))
    assert printed(tmp_path, made) == printed(tmp_path, plain)
    assert len(made) < len(plain) - 150


def test_texts_of_what_stays_loaded_are_names_and_the_same_texts(
    plain: bytes, tmp_path: Path
) -> None:
    def texts(mpy: bytes) -> list[int]:
        reader = _Reader(mpy)
        reader.bytes(4)
        names, objects = reader.number(), reader.number()
        for _ in range(names):
            _name(reader)
        return [len(one) for one in (_object(reader) for _ in range(objects)) if one[0] == 5]

    made = smaller(plain, tree.keywords([WORK]), stays=True)
    assert printed(tmp_path, made) == printed(tmp_path, plain)
    assert len(texts(plain)) > 1 and [size > 255 for size in texts(made)] == [True]
    assert made == smaller(made, tree.keywords([WORK]), stays=True)


def test_it_is_made_smaller_once_and_the_same_each_time(plain: bytes) -> None:
    words = tree.keywords([WORK])
    made = smaller(plain, words)
    assert made == smaller(plain, words) == smaller(made, words)


def test_an_argument_that_a_call_names_keeps_its_name_and_another_does_not(plain: bytes) -> None:
    made = smaller(plain, tree.keywords([WORK]))
    assert b"third" in made and b"more" in made and b"where\0" in plain
    assert b"second" in plain and b"second" not in made and b"second" in smaller(plain)


def test_equal_ends_are_one() -> None:
    end = "return ('x', g(1), [])\n"
    text = f"def f(a):\n    if a:\n        {end}    h()\n    {end}"
    short = f"def f(a):\n    if not a:\n        h()\n    {end}"
    made = [len(smaller(tree._mpy(one, "f.py", ["-O3"]))) for one in (text, short)]
    assert made[0] <= made[1] + 2


@pytest.mark.parametrize("bad", [b"M\x05\0\x1f\0\0", b"", b"print(1)"])
def test_what_is_no_compiled_file_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="version 6"):
        smaller(bad)
