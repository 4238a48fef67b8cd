"""The application on the module: compiled, compared by SHA-256, only what changed is copied."""

import functools
import hashlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flash.bench import Module, StepFailed
from flash.tools import ON_BOARD, mpremote, on_board
from release import tree

AIOBLE = tree.FIRMWARE.parent / ".tools" / "aioble" / "aioble"
AIOBLE_VERSION = "0.6.2"  # setup/aioble.sh fetches it from MicroPython's own index
_FETCH = ("bash", str(tree.FIRMWARE.parent / "setup" / "aioble.sh"), "--again")
_AT_ONCE, _BYTES_AT_ONCE = 10, 64 << 10  # by one call; after each is told how far it is
_SELF_TEST = "check.py"
_LIBRARY = "lib/aioble"
_LAST = (*tree.BY_NAME, "clips/index")  # what makes the others be used


def write(module: Module) -> str:
    """Copies what is missing or different, removes what is left over, and looks again."""
    files = wanted(module)
    changed = bring(module, files, survey(module, fresh=True)["files"], survey)
    release, version = tree.about(tree.sources(tree.FIRMWARE))
    aioble = AIOBLE_VERSION if any(path.startswith(_LIBRARY) for path in files) else "stand-in"
    module.record |= {"release": release, "fw": version, "aioble": aioble}
    same = len(files) - changed
    return f"程序 firmware {version}，aioble {aioble}：更新 changed {changed}, 一致 same {same}"


def bring(
    module: Module,
    files: dict[str, bytes],
    held: dict[str, str],
    look: Callable[[Module], dict[str, Any]],
) -> int:
    """How many files were copied, so that the module has these and no others. held: path → SHA-256
    of what is there; look: sees to it anew. StepFailed where a copy differs."""
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    changed = [path for path in sorted(files) if held.get(path) != sums[path]]
    stale = [path for path in held if path not in files]
    changed.sort(key=lambda path: path in _LAST)
    # An unfinished copy must not start at the next power-up.
    first = [name for name in ("main.py",) if changed and name in held]
    _remove(module, first + stale)
    if first and "main.py" not in changed:
        changed.append("main.py")
    _copy(module, files, held, changed)
    if changed or stale:
        held = look(module)["files"]
    wrong = [path for path in files if held.get(path) != sums[path]]
    if wrong:
        raise StepFailed(
            "copy",
            f"复制后不一致：{wrong[0]}。 A copy differs: {wrong[0]}.",
            "请再运行一次；反复出现说明闪存有问题，换模块。 "
            "Run again; if it stays, the flash is bad: take another module.",
        )
    return len(changed)


def wanted(module: Module) -> dict[str, bytes]:
    """All files of a terminal by their path."""
    try:
        files = _packed()[0] | _aioble(module)
    except tree.BadTree as error:
        raise StepFailed(
            "compile", f"固件编译不了：{error} It does not compile.", "请恢复源码。 Restore it."
        ) from None
    ca = module.wanted.ca
    return files | ({"ca.pem": _bytes(ca)} if ca else {})


def self_test() -> str:
    """The program of the self-test, which finds the firmware's parts as they were packed."""
    return _packed()[1][_SELF_TEST]


@functools.cache
def _packed() -> tuple[dict[str, bytes], dict[str, str]]:
    """Once for all modules of a batch."""
    text = (ON_BOARD / _SELF_TEST).read_text("utf-8")
    return tree.for_cable(tree.FIRMWARE, {_SELF_TEST: text})


def _aioble(module: Module) -> dict[str, bytes]:
    folder = module.wanted.aioble or AIOBLE
    if (folder / "__init__.py").exists():
        _pinned(folder)
        return tree.library(folder, _LIBRARY, tree.AIOBLE)
    if module.wanted.virtual:
        return {}  # the virtual chip has a stand-in with the same calls
    if not module.wanted.aioble and _fetched():
        return _aioble(module)
    raise StepFailed(
        "aioble",
        f"没有 aioble {AIOBLE_VERSION}（网络不通）。 aioble is missing; the network is closed.",
        "请在能上网的电脑上运行 bash setup/aioble.sh，把 .tools/aioble 拷来，或用 --aioble 指定；"
        "这台电脑通了网，再运行一次就会重新去取。 Run bash setup/aioble.sh elsewhere and bring "
        ".tools/aioble, or give --aioble; on line by now: run again, it is fetched anew.",
    )


def _fetched() -> bool:
    """Whether the index gives it by now: a real module is worth a try, whenever the last was."""
    subprocess.run(_FETCH, check=False)
    return (AIOBLE / "__init__.py").exists()


def _pinned(folder: Path) -> None:
    """Another version, or a file that somebody changed, is not copied."""
    for name, digest in tree.AIOBLE.items():
        found = hashlib.sha256(_bytes(folder / name)).hexdigest()
        if found != digest:
            raise StepFailed(
                "aioble-version",
                f"这不是 aioble {AIOBLE_VERSION}：{name} 是 {found[:16]}…，应是 {digest[:16]}…。 "
                f"This is not aioble {AIOBLE_VERSION} as it was published.",
                "请删掉 .tools/aioble，运行 bash setup/aioble.sh 重新取。 "
                "Remove .tools/aioble and run bash setup/aioble.sh.",
            )


def survey(module: Module, fresh: bool = False) -> dict[str, Any]:
    """What is on the module now; fresh: after its prompt was started anew, since what ran there
    has filled the heap."""
    root = [*tree.BY_NAME, *(f"{name[:-3]}.mpy" for name in tree.LOADER)]
    root += ["ca.pem"] if module.wanted.ca else []  # where none is named now, it stays
    root += [name for name in tree.LOADER]  # sources of an earlier hand would come first
    module.survey = on_board(
        module, "survey", {"root": root, "folders": ["terminal", "lib"]}, fresh
    )
    return module.survey


def _remove(module: Module, paths: list[str]) -> None:
    for start in range(0, len(paths), _AT_ONCE):
        words: list[str] = []
        for path in paths[start : start + _AT_ONCE]:
            words += ["fs", "rm", f":{path}", "+"]
        mpremote(module, *words[:-1])


def _copy(
    module: Module, files: dict[str, bytes], held: dict[str, str], changed: list[str]
) -> None:
    folders = {"/".join(p.split("/")[:n]) for p in changed for n in range(1, p.count("/") + 1)}
    there = {"/".join(p.split("/")[:n]) for p in held for n in range(1, p.count("/") + 1)}
    made: list[str] = []
    if missing := sorted(folders - there):
        text = f"import os\nfor f in {missing!r}:\n try: os.mkdir(f)\n except OSError: os.stat(f)"
        made = ["exec", text, "+"]
    done = 0
    for some in _parts(files, changed):
        words = made
        made = []
        for path in some:
            source = module.work / "files" / path
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(files[path])
            words += ["fs", "cp", "-f", str(source), f":{path}", "+"]
        mpremote(module, *words[:-1])
        done += len(some)
        module.say(f"    {done}/{len(changed)}")


def _parts(files: dict[str, bytes], paths: list[str]) -> Iterator[list[str]]:
    """The paths in their order, as many as go by one call."""
    some: list[str] = []
    for path in paths:
        size = sum(len(files[one]) for one in (*some, path))
        if some and (len(some) == _AT_ONCE or size > _BYTES_AT_ONCE):
            yield some
            some = []
        some.append(path)
    if some:
        yield some


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StepFailed(
            "file",
            f"读不了 {path}（{error.strerror}）。 It cannot be read.",
            "请检查路径。 Check it.",
        ) from None
