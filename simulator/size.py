"""`hanma size`: what the firmware takes of flash, memory and time, beside its limits.

Compiled bytes: each file as the board gets it, with umqtt and aioble; apart, those that stay
loaded and those loaded on demand (upgrade, camera, TLS, the second driver …). Heap: in use after
collection at the worst moment of a whole job, on the unix port, less what the stand-ins for
`machine`, `esp32` and `bluetooth` take (SimulatedTerminal.watch leaves it out), which the board
has in C outside of that heap. Signature:
one ECDSA check there; the ESP32 is some hundred times slower (see hardware/bring-up.md).

Measured in December 2026: a terminal of one module carries 71.9 kB, and 2.4 kB of prompts beside
them, a text that is not compiled and not counted. 43 kB are loaded for good; 54 before limits of
the policy, settings and what answers phones were loaded for the moment, and prompts became that
text. 64 kB are out of reach by packing alone: code and texts without any name are nearly as much,
as the table by part shows. In a whole job the heap stands at some 150 kB, 174 once: a loaded byte
takes twice its room here, where words have 64 bits, and each function a hundred bytes besides. Run
from a memory-mapped file (ROMFS), as was tried here, 54 kB less of it would be in the heap; but
the published image for the ESP32 is built without ROMFS, so that has to wait for an image of our
own.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from release import tree
from simulator import image, interpreter
from simulator.check import whole_job
from simulator.demo import Demo, DemoError, free_address
from simulator.job import StepFailed
from simulator.phone import PhoneError
from simulator.resident import resident

MPY_LIMIT, HEAP_LIMIT_KB = 64 * 1024, 160
_LARGEST = 8
_SIGNATURES = 5
_VERIFY = """
import asyncio, sys, time
from binascii import unhexlify
from terminal import ecdsa

async def work():
    key, digest, good, bad = [unhexlify(word) for word in sys.argv[1:]]
    for signature, wanted in ((good, True), (bad, False)):
        begun = time.ticks_us()
        told = await ecdsa.verify(key, digest, signature)
        assert told is wanted
        if wanted:
            print("us", time.ticks_diff(time.ticks_us(), begun))

asyncio.run(work())
"""


def measure(kind: str, tell: Callable[[str], None]) -> dict[str, object]:
    """All figures; `tell` gets the table and the progress, a line at a time."""
    made, stays = compiled(), resident(image.lean_sources(image.sources()))
    sizes = {name: len(data) for name, data in made.items()}
    for name, size in sorted(sizes.items(), key=lambda item: -item[1]):
        tell(f"{size:7,d} B  {name}" + ("" if name in stays else "  on demand"))
    for name, path in image.sources().items():
        if path.suffix != ".py":
            tell(f"{path.stat().st_size:7,d} B  {name}  a text beside them, read where it lies")
    names = {name: names_in(data) for name, data in made.items()}
    tell("  code and texts, names, by part")
    for part, files in parts(sizes).items():
        of_names = sum(names[name] for name in files)
        code = sum(sizes[name] for name in files) - of_names
        tell(f"{code:7,d} B  {of_names:6,d} B  {part}")
    total = max(package_bytes(sizes, hw) for hw in tree.OTHERS)
    of_names = sum(names.values())
    held = sum(size for name, size in sizes.items() if name in stays)
    aioble = aioble_kind()
    tell(f"{held:7,d} B  stay loaded, with umqtt and aioble ({aioble})")
    for hw in tree.OTHERS:
        tell(f"{package_bytes(sizes, hw):7,d} B  of {MPY_LIMIT:,d} on a terminal with {hw}")
    signature_ms = signature_check_ms()
    tell(f"{signature_ms:7.1f} ms one signature check on the unix port")
    heap_kb = heap(kind)
    tell(f"{heap_kb:7d} kB of {HEAP_LIMIT_KB} heap after collection, worst moment of a whole job")
    largest = sorted(sizes, key=lambda name: -sizes[name])[:_LARGEST]
    return {
        "ok": total <= MPY_LIMIT and heap_kb <= HEAP_LIMIT_KB,
        "mpy_bytes": total,
        "mpy_resident": held,
        "mpy_on_demand": sum(sizes.values()) - held,
        "mpy_names": of_names,
        "mpy_by_hw": {hw: package_bytes(sizes, hw) for hw in tree.OTHERS},
        "mpy_limit": MPY_LIMIT,
        "aioble": aioble,
        "heap_kb": heap_kb,
        "heap_limit_kb": HEAP_LIMIT_KB,
        "signature_ms": signature_ms,
        "largest": [[name, sizes[name]] for name in largest],
    }


def compiled() -> dict[str, bytes]:
    """Each file that a terminal may carry, as it is packed, compiled for the ESP32."""
    made = {}
    with tempfile.TemporaryDirectory(prefix="hanma-size-") as folder:
        target = Path(folder) / "made.mpy"
        files = image.sources()
        source = Path(folder) / "source.py"
        texts = image.lean_sources(files)
        programs, _texts = tree.parted(texts)
        words = tree.keywords(programs.values())
        for name, text in programs.items():
            stand_in = name in files and files[name].is_relative_to(image.STAND_INS)
            if stand_in and not name.startswith("aioble"):
                continue
            source.write_text(text, "utf-8")
            image.compile_to(source, target, name, "-march=xtensawin", image.LEAN)
            made[name] = tree.leaner(target.read_bytes(), name, words)
    return made


def package_bytes(sizes: dict[str, int], hw: str) -> int:
    """All compiled files that a terminal of that hardware carries, the loader with them."""
    return sum(tree.for_hw(sizes, hw).values())


_PARTS = {
    "at the start, for all work": ("app", "both", "board/parts", "board/clock", "__init__"),
    "modems, their TLS, place and time": ("modem/",),
    "limits of the policy, settings, starts": ("limits", "settings", "starts"),
    "upgrade": ("upgrade", "releases", "trial", "ecdsa"),
    "phones by Bluetooth, tickets": ("phones", "guests"),
    "camera, clips": ("snapshot", "clips", "board/sound"),
    "rescue": ("rescue",),
    "the bridge's dialect": ("iotda",),
}


def parts(names: Iterable[str]) -> dict[str, list[str]]:
    """The files by what they are for."""
    found: dict[str, list[str]] = {}
    for name in names:
        inside = name.removeprefix("terminal/") if name.startswith("terminal/") else ""
        fits = [part for part, heads in _PARTS.items() if inside and inside.startswith(heads)]
        theirs = name.startswith(("umqtt", "aioble"))
        found.setdefault(fits[0] if fits else "umqtt, aioble" if theirs else "loader", []).append(
            name
        )
    return found


def names_in(mpy: bytes) -> int:
    """Bytes of the table of names: `M`, version, flags, bits; counts of names and of objects;
    each name as twice its length and its letters, an odd number for what the interpreter knows."""
    at, counts = 4, []
    for _ in range(2):
        count, at = _number(mpy, at)
        counts.append(count)
    begins = at
    for _ in range(counts[0]):
        length, at = _number(mpy, at)
        at += 0 if length & 1 else (length >> 1) + 1
    return at - begins


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(number of seven bits a byte, the highest first; where it ends)"""
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def aioble_kind() -> str:
    """'genuine', 'stand-in', or 'none' where neither is there."""
    found = [path for name, path in image.sources().items() if name.startswith("aioble")]
    if not found:
        return "none"
    return "stand-in" if found[0].is_relative_to(image.STAND_INS) else "genuine"


def signature_check_ms() -> float:
    """The middle of some checks of good signatures by MicroPython."""
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    public = _hex(numbers.x) + _hex(numbers.y)
    times = []
    with tempfile.TemporaryDirectory(prefix="hanma-size-") as folder:
        made = image.make("micropython", Path(folder))
        arguments, environment = interpreter.command("micropython", made)
        script = Path(folder) / "verify.py"
        script.write_text(_VERIFY)
        for number in range(_SIGNATURES):
            digest = bytes([number]) * 32
            algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
            r, s = utils.decode_dss_signature(key.sign(digest, algorithm))
            done = subprocess.run(
                [*arguments[:-2], str(script), public, digest.hex(), _hex(r) + _hex(s),
                 _hex(r) + _hex(s ^ 1)],
                env=environment, capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
            times.append(int(done.stdout.split()[1]) / 1000)
    return round(statistics.median(times), 1)


def _hex(number: int) -> str:
    return f"{number:064x}"


def heap(kind: str) -> int:
    """Kilobytes at the worst moment of one whole job."""
    with tempfile.TemporaryDirectory(prefix="hanma-size-") as folder:
        stage = Demo(
            data=Path(folder),
            web=free_address(),
            mqtt=free_address(),
            bench=free_address(),
            kind=kind,
            quiet=True,
            yard=("--speech-rate", "30"),
        )
        with stage:
            return whole_job(stage, lambda step: print(f"· {step}", file=sys.stderr))["heap_kb"]


def show(kind: str) -> int:
    """Prints the table and, as the last line, one JSON object; the exit code."""
    try:
        result = measure(kind, lambda line: print(line, flush=True))
    except (DemoError, StepFailed, PhoneError, image.NoImage, OSError) as error:
        result = {"ok": False, "why": str(error)}
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 0 if result["ok"] else 1
