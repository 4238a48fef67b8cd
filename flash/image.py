"""The MicroPython image: boot loader, partition table and interpreter in one file, as published.

Its digest is not kept here: none is known that its publisher gave out. It stands in the office's
table of known images (`images.py`), or the technician brings it with the first module of a bench;
the next ones take that one, from the ledger. Any other image is refused.

It is written at 0x1000 in two parts, around the settings (NVS), so that a module keeps who it is
when its interpreter is renewed.
"""

import functools
import hashlib
import re
import urllib.error
import urllib.request
from pathlib import Path

from flash import images
from flash.bench import Module, StepFailed, Wanted
from flash.tools import cable, esptool

AT = 0x1000
_SETTINGS, _INTERPRETER = 0x9000, 0x10000
_NVS_BYTES = 0x6000
_MAGIC, _TABLE = 0xE9, b"\xaa\x50"
_BYTES_MAX = 16 << 20
_TIMEOUT_S = 60
_DIGEST = re.compile("[0-9A-Fa-f]{64}")
URL = "https://micropython.org/resources/firmware/ESP32_GENERIC-SPIRAM-20260406-v1.28.0.bin"
_GET_IT = (
    f"请在能上网的电脑上下载 {URL}，用 --image 文件 --image-sha256 摘要 指定。 "
    "Download that file elsewhere and give it by --image and --image-sha256."
)


def ready(module: Module) -> bytes:
    """The image that was asked for, its digest checked; StepFailed."""
    wanted, given = module.wanted, asked_for(module.wanted)
    raw = _read(wanted.image) if wanted.image else _fetched()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != given:
        _fetched.cache_clear()
        raise StepFailed(
            "image-digest",
            f"镜像与摘要不符：文件是 {digest[:16]}…，应是 {given[:16]}…。 "
            "The image is not the one of that digest.",
            "不要使用这个文件，它可能损坏或被替换：请核对摘要，再重新下载。 Do not use the file, "
            "it may be damaged or replaced: check the digest, get the file again.",
        )
    table = _SETTINGS - AT - 0x1000
    if raw[:1] != bytes((_MAGIC,)) or raw[table : table + 2] != _TABLE:
        raise StepFailed(
            "image-form",
            "这不是 ESP32 的完整镜像。 This is no whole image for the ESP32.",
            "请使用 ESP32_GENERIC-SPIRAM 的 .bin 文件。 Use a .bin of ESP32_GENERIC-SPIRAM.",
        )
    return raw


def asked_for(wanted: Wanted) -> str:
    """The digest that was given, else the table's of that file, else that of the modules before;
    StepFailed."""
    given = wanted.image_sha256 or images.known(wanted.images).get(_name(wanted), "")
    given = given or ("" if wanted.new_image else wanted.pinned)
    if not given:
        raise StepFailed(
            "image-digest-missing",
            "没有给出镜像的 SHA-256。 The image's SHA-256 was not given.",
            "本程序没有内置它，发布方也没有公布：请用两条网络各下载一次（例如办公网和手机热点）"
            f" {URL} ，sha256sum 相同再用 --image-sha256 给出，每个工作台一次。 "
            "None is built in, its publisher gives none: download that file by two networks, and "
            "give what sha256sum says of both by --image-sha256, once a bench. "
            "平台运维用 --know-image 记进镜像表，各工作台就不用再给。 "
            "By --know-image the office puts it into the table of known images for all benches.",
        )
    if not _DIGEST.fullmatch(given):
        raise StepFailed(
            "image-digest-form",
            f"--image-sha256 应是 64 位十六进制，给了 {len(given)} 个字符。 "
            "The digest is not 64 hex digits.",
            "请把摘要完整复制过来。 Copy the whole digest.",
        )
    given = given.lower()
    if wanted.pinned not in ("", given) and not wanted.new_image:  # a slip, or a swapped file
        raise StepFailed(
            "image-other",
            f"这个工作台上一次写入的镜像是 {wanted.pinned[:16]}…，这次给出的是 {given[:16]}…。 "
            "This bench wrote another image before.",
            "不是有意更换就请停下核实；确实要换，请加 --new-image 再运行一次。 "
            "Stop and find out why; if the change is meant, run again with --new-image.",
        )
    return given


def note(module: Module) -> str:
    """The row of the table for the image that was given with its digest; StepFailed."""
    assert module.wanted.images
    digest = hashlib.sha256(ready(module)).hexdigest()
    return images.add(module.wanted.images, _name(module.wanted), digest)


def _name(wanted: Wanted) -> str:
    return wanted.image.name if wanted.image else URL.rpartition("/")[2]


def write(module: Module) -> str:
    """Writes what is not there yet."""
    raw = ready(module)
    parts = []
    for start, end in ((AT, _SETTINGS), (_INTERPRETER, AT + len(raw))):
        part = module.work / f"image-{start:x}.bin"
        part.write_bytes(raw[start - AT : end - AT])
        parts += [hex(start), str(part)]
    module.record["image"] = asked_for(module.wanted)
    same, said = esptool(module, "verify-flash", *parts)
    if same and not module.wanted.erase:
        return "已是这个版本 already there"
    if not same and "erification failed" not in said and "ismatch" not in said:
        raise cable(module, said)
    if module.wanted.erase or not _ours(module):
        _must(module, "erase-flash")
    _must(module, "write-flash", *parts)
    return f"已写入 written, {len(raw) // 1024} kB"


def _ours(module: Module) -> bool:
    """Whether this module has settings of ours: those are kept, all else is cleared away."""
    held = module.work / "settings.bin"
    _must(module, "read-flash", hex(_SETTINGS), hex(_NVS_BYTES), str(held))
    ours = b"hanma" in held.read_bytes()
    held.unlink()
    return ours


def _must(module: Module, *words: str) -> None:
    good, said = esptool(module, *words)
    if not good:
        raise cable(module, said)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise StepFailed(
            "image-file",
            f"读不了镜像文件 {path}。 The image cannot be read: {error.strerror}.",
            "请核对 --image 的路径。 Check the path.",
        ) from None


@functools.cache
def _fetched() -> bytes:
    """Once for all modules of a batch."""
    try:
        with urllib.request.urlopen(URL, timeout=_TIMEOUT_S) as answer:
            raw: bytes = answer.read(_BYTES_MAX)
            return raw
    except (urllib.error.URLError, OSError):
        raise StepFailed(
            "closed-network", "连不上官方网站。 The official site cannot be reached.", _GET_IT
        ) from None
