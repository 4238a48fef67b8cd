"""The flash chip of a board, kept in its folder: an image file, the file system and the NVS.

What esptool writes lands in `flash.bin`. The file system and the NVS are folders, because the
interpreter works on them; that the NVS of HanMa is there shows in the raw bytes by its name alone.
"""

import json
import shutil
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

IMAGE_AT = 0x1000
NVS_AT, NVS_END = 0x9000, 0xF000
_ERASED = b"\xff"
_IMAGE_MAGIC = 0xE9
_PARTITIONS_AT = 0x8000
_PARTITIONS_MAGIC = b"\xaa\x50"
_MB = 1 << 20


@dataclass
class Kind:
    """What was soldered: the chip's name, the flash in MB, the chip's own address."""

    chip: str = "esp32"
    flash_mb: int = 4
    mac: str = "a4cf12000001"


class FlashChip:
    """`folder` holds board.json, flash.bin and `files` (with `files/nvs`)."""

    def __init__(self, folder: Path, kind: Kind | None = None) -> None:
        self.folder, self.files, self.nvs = folder, folder / "files", folder / "files" / "nvs"
        self._raw = folder / "flash.bin"
        self.files.mkdir(parents=True, exist_ok=True)
        about = folder / "board.json"
        if kind is None:
            kind = Kind(**json.loads(about.read_text())) if about.exists() else _new(folder)
        self.kind = kind
        about.write_text(json.dumps(asdict(kind)) + "\n")

    @property
    def size(self) -> int:
        return self.kind.flash_mb * _MB

    def read(self, at: int, length: int) -> bytes:
        held = b""
        if self._raw.exists():
            with self._raw.open("rb") as file:
                file.seek(at)
                held = file.read(length)
        held += _ERASED * (length - len(held))
        if at <= NVS_AT < at + length and any(self.nvs.glob("hanma.*")):
            name = NVS_AT - at + 64
            held = held[:name] + b"hanma" + held[name + 5 :]
        return held[:length]

    def write(self, at: int, data: bytes) -> None:
        have = self._raw.stat().st_size if self._raw.exists() else 0
        with self._raw.open("r+b" if have else "wb") as file:
            if at > have:
                file.seek(have)
                file.write(_ERASED * (at - have))
            file.seek(at)
            file.write(data)

    def erase(self) -> None:
        """The whole chip: image, file system, NVS."""
        self._raw.unlink(missing_ok=True)
        shutil.rmtree(self.files, ignore_errors=True)
        self.files.mkdir()

    @property
    def bootable(self) -> bool:
        """Whether a boot loader and a partition table are there."""
        table = self.read(_PARTITIONS_AT, 2)
        return self.read(IMAGE_AT, 1)[0] == _IMAGE_MAGIC and table == _PARTITIONS_MAGIC


def _new(folder: Path) -> Kind:
    """Off the shelf: no two folders hold the same chip."""
    return Kind(mac=f"a4cf12{zlib.crc32(str(folder.resolve()).encode()) % (1 << 24):06x}")
