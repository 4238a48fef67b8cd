"""The chip's own boot loader, and the helper that esptool sends into it, as they answer.

Written after esptool's documentation of the serial protocol: SLIP frames of direction, command,
size, value, data. The helper's code is taken in and not run: from then on this file answers in its
dialect (two status bytes instead of four, digests raw, the whole chip erased at once).
"""

import hashlib
import struct
import zlib
from collections.abc import Callable

from simulator.cable.flashchip import FlashChip

END, ESC = 0xC0, 0xDB
_SYNC, _WRITE_REG, _READ_REG, _BAUD = 0x08, 0x09, 0x0A, 0x0F
_MEM_BEGIN, _MEM_END, _MEM_DATA = 0x05, 0x06, 0x07
_SET_PARAMS, _ATTACH = 0x0B, 0x0D
_BEGIN, _DATA, _FINISH = 0x02, 0x03, 0x04
_DEFL_BEGIN, _DEFL_DATA, _DEFL_END = 0x10, 0x11, 0x12
_MD5, _SECURITY_INFO = 0x13, 0x14
_ERASE_FLASH, _ERASE_REGION, _READ_FLASH = 0xD0, 0xD1, 0xD2
_INVALID = 0x05
_MAGIC_REG = 0x40001000
_ESP32_MAGIC, _S3_ID = 0x00F01D83, 9
_SPI, _SPI_USR, _SPI_USR2, _SPI_W0 = 0x3FF42000, 0x3FF4201C, 0x3FF42024, 0x3FF42080
_RUN, _RDID = 1 << 18, 0x9F
_CLOCK_DIVIDER = 347  # 40 MHz at 115200 baud


def framed(data: bytes) -> bytes:
    """One SLIP frame."""
    body = data.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc")
    return b"\xc0" + body + b"\xc0"


class Rom:
    """`feed` takes what comes through the cable and gives the answers to it."""

    def __init__(self, flash: FlashChip) -> None:
        self._flash = flash
        self._frame = bytearray()
        self._escaped = False
        self._helper = False
        self._at = 0
        self._inflate: zlib._Decompress | None = None
        self._reading: list[bytes] = []
        mac = bytes.fromhex(flash.kind.mac)
        self._registers = {
            _MAGIC_REG: _ESP32_MAGIC if flash.kind.chip == "esp32" else 0x09,
            0x3FF5A004: int.from_bytes(mac[2:], "big"),
            0x3FF5A008: int.from_bytes(mac[:2], "big"),
            0x3FF5A00C: 1 << 15 | 1 << 9,  # revision 3, with the two below: D0WD-V3
            0x3FF5A014: 1 << 20,
            0x3FF6607C: 1 << 31,
            0x3FF40014: _CLOCK_DIVIDER,
        }
        self._calls: dict[int, Callable[[bytes], bytes | None]] = {
            _WRITE_REG: self._write_reg,
            _BEGIN: self._begin,
            _DATA: self._data,
            _DEFL_BEGIN: self._begin_deflated,
            _DEFL_DATA: self._deflated,
            _MD5: self._md5,
            _SECURITY_INFO: self._security_info,
            _ERASE_FLASH: self._erase,
            _ERASE_REGION: self._erase_region,
            _READ_FLASH: self._read_flash,
        }
        nothing = (_BAUD, _MEM_BEGIN, _MEM_END, _MEM_DATA, _SET_PARAMS, _ATTACH)
        for command in (*nothing, _FINISH, _DEFL_END):
            self._calls[command] = lambda data: b""

    @property
    def idle(self) -> bool:
        """Between two frames: what comes now that is no frame is not for us."""
        return not self._frame

    def feed(self, data: bytes) -> bytes:
        answers = b""
        for byte in data:
            if byte == END:
                # An end is the next one's start too: a frame cut off puts nothing out of step.
                answers += self._answer(bytes(self._frame)) if self._frame else b""
                self._frame.clear()
                self._escaped = False
            else:
                if self._escaped:
                    byte = {0xDC: END, 0xDD: ESC}.get(byte, byte)
                    self._escaped = False
                elif byte == ESC:
                    self._escaped = True
                    continue
                self._frame.append(byte)
        return answers

    def _answer(self, frame: bytes) -> bytes:
        if self._reading:  # each piece is asked for by the number of bytes so far
            return framed(self._reading.pop(0))
        if len(frame) < 8 or frame[0] != 0:
            return b""
        command, data = frame[1], frame[8:]
        if command == _SYNC:
            value = 0 if self._helper else 0x20120707
            return b"".join(self._reply(command, b"", value) for _ in range(8))
        if command == _READ_REG:
            (register,) = struct.unpack_from("<I", data)
            return self._reply(command, b"", self._registers.get(register, 0))
        call = self._calls.get(command)
        given = call(data) if call else None
        if given is None:
            return self._reply(command, b"", failed=True)
        answer = self._reply(command, given)
        if command == _MEM_END and struct.unpack_from("<I", data, 4)[0]:
            self._helper = True
            answer += framed(b"OHAI")
        elif command == _READ_FLASH:
            answer += framed(self._reading.pop(0))
        return answer

    def _reply(self, command: int, data: bytes, value: int = 0, failed: bool = False) -> bytes:
        status = bytes((1, _INVALID)) if failed else b"\0\0"
        body = data + status + (b"" if self._helper else b"\0\0")
        return framed(struct.pack("<BBHI", 1, command, len(body), value) + body)

    # registers: the flash chip is asked for its name through them ------------------------------

    def _write_reg(self, data: bytes) -> bytes:
        register, value, mask = struct.unpack_from("<III", data)
        before = self._registers.get(register, 0)
        self._registers[register] = before & ~mask | value & mask
        if register == _SPI and value & _RUN:
            self._registers[_SPI] = 0
            if self._registers.get(_SPI_USR2, 0) & 0xFF == _RDID:
                capacity = self._flash.size.bit_length() - 1
                self._registers[_SPI_W0] = capacity << 16 | 0x40EF
        return b""

    def _security_info(self, data: bytes) -> bytes | None:
        """Only later chips know the question."""
        if self._flash.kind.chip == "esp32":
            return None
        return struct.pack("<IB7sII", 0, 0, bytes(7), _S3_ID, 0)

    # flash -------------------------------------------------------------------------------------

    def _begin(self, data: bytes) -> bytes:
        _size, _blocks, _block, self._at = struct.unpack_from("<IIII", data)
        self._inflate = None
        return b""

    def _begin_deflated(self, data: bytes) -> bytes:
        self._begin(data)
        self._inflate = zlib.decompressobj()
        return b""

    def _data(self, data: bytes) -> bytes:
        (length,) = struct.unpack_from("<I", data)
        return self._put(data[16 : 16 + length])

    def _deflated(self, data: bytes) -> bytes | None:
        (length,) = struct.unpack_from("<I", data)
        assert self._inflate
        try:
            return self._put(self._inflate.decompress(data[16 : 16 + length]))
        except zlib.error:
            return None

    def _put(self, data: bytes) -> bytes:
        self._flash.write(self._at, data)
        self._at += len(data)
        return b""

    def _md5(self, data: bytes) -> bytes:
        at, size = struct.unpack_from("<II", data)
        digest = hashlib.md5(self._flash.read(at, size), usedforsecurity=False)
        return digest.digest() if self._helper else digest.hexdigest().encode()

    def _erase(self, data: bytes) -> bytes:
        self._flash.erase()
        return b""

    def _erase_region(self, data: bytes) -> bytes:
        at, size = struct.unpack_from("<II", data)
        self._flash.write(at, b"\xff" * size)
        return b""

    def _read_flash(self, data: bytes) -> bytes:
        at, size, block, _ = struct.unpack_from("<IIII", data)
        held = self._flash.read(at, size)
        pieces = [held[start : start + block] for start in range(0, size, block)]
        # An acknowledgement follows each piece, the last one too; then comes the digest.
        self._reading = [*pieces, hashlib.md5(held, usedforsecurity=False).digest()]
        return b""
