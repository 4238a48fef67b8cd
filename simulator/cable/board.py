"""The virtual board: a whole terminal on the bench, behind a pseudo terminal."""

import asyncio
import os
import tty
from pathlib import Path

from simulator import image
from simulator.cable.chip import CableChip
from simulator.cable.flashchip import FlashChip, Kind
from simulator.cable.rom import END, Rom
from simulator.chip import complain
from simulator.terminal import AsFlashed, Manner, SimulatedTerminal

_READ = 4096
_PORT = "port"
_PROMPT = (b"\r", b"\x03")  # what no frame begins with, not even behind its first mark
_INVALID = b"invalid header: 0xffffffff\r\n"


class VirtualBoard:
    """`start`, then `port` is the cable's other end, and FOLDER/port leads there.

    A pseudo terminal has no reset line. So a SLIP frame puts the chip into its boot loader, as
    esptool's line would; Return or Ctrl-C starts what was flashed. pull_after: the cable is pulled
    when so many bytes have come through it. `world` is the terminal around the chip: its hands
    take the SIM away or break the contactor.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kind: Kind | None = None,
        manner: Manner | None = None,
        images: Path | None = None,
        pull_after: int | None = None,
    ) -> None:
        self.flash = FlashChip(folder, kind)
        self.world = SimulatedTerminal(
            AsFlashed(self.flash.kind.mac),
            kind="flashed",
            image=image.make("micropython", images or folder, files=image.of_the_chip()),
            flash=self.flash.files,
            manner=manner or Manner(boot_s=0.3, search_s=0.2, speech_rate=20.0),
            chip=CableChip,
        )
        assert isinstance(self.world.chip, CableChip)
        self.chip: CableChip = self.world.chip
        self.chip.on_output = self._out
        self.chip.may_start = lambda: self._rom is None and self.flash.bootable
        self.port = ""
        self.link = folder / _PORT  # mpremote never gives up on a port called /dev/pts
        self.came = 0  # bytes through the cable towards the board
        self.pull_after = pull_after
        self._ends: tuple[int, int] | None = None
        self._rom: Rom | None = None
        self._input: asyncio.Queue[bytes | None] = asyncio.Queue()  # None: no power
        self._work: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.plug()
        await self.world.start()
        self._work = asyncio.create_task(self._serve())
        self._work.add_done_callback(complain)

    async def stop(self) -> None:
        self.pull()
        if self._work:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        await self.world.stop()

    # the cable ---------------------------------------------------------------------------------

    def plug(self) -> None:
        """The cable is in; the port has a new name, and FOLDER/port leads to it."""
        self.pull()
        master, slave = os.openpty()
        os.set_blocking(master, False)
        tty.setraw(slave)
        self._ends, self.port = (master, slave), os.ttyname(slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.port)
        self._pending = b""
        asyncio.get_running_loop().add_reader(master, self._arrived, master)
        self._input.put_nowait(b"")

    def pull(self) -> None:
        """Both ends are gone at once, whatever was under way, and the board's power with them."""
        if self._ends is None:
            return
        self._input.put_nowait(None)
        loop, (master, slave) = asyncio.get_running_loop(), self._ends
        loop.remove_reader(master)
        loop.remove_writer(master)
        os.close(slave)
        os.close(master)
        self._ends, self.port = None, ""
        self.link.unlink(missing_ok=True)

    def _arrived(self, master: int) -> None:
        try:
            data = os.read(master, _READ)
        except OSError:
            return
        if self.pull_after is not None and self.came + len(data) >= self.pull_after:
            data = data[: max(0, self.pull_after - self.came)]
            self.pull_after = None
            self._input.put_nowait(data)
            self.came += len(data)
            self.pull()
            return
        self.came += len(data)
        self._input.put_nowait(data)

    def _out(self, data: bytes) -> None:
        """Towards the technician; what nobody takes is lost, as on a wire."""
        if self._ends is None:
            return
        master = self._ends[0]
        waiting = bool(self._pending)
        self._pending += data
        if not waiting:
            self._write(master)

    def _write(self, master: int) -> None:
        loop = asyncio.get_running_loop()
        try:
            sent = os.write(master, self._pending)
        except BlockingIOError:
            sent = 0
        self._pending = self._pending[sent:]
        if self._pending:
            loop.add_writer(master, self._write, master)
        else:
            loop.remove_writer(master)

    # what the board makes of it ----------------------------------------------------------------

    async def _serve(self) -> None:
        while True:
            data = await self._input.get()
            if not data:
                await self._power(data is not None)
            elif self._rom is None and data[:1] == bytes((END,)):
                await self.chip.power_off()
                self._rom = Rom(self.flash)
            elif self._rom and self._rom.idle and data[:1] in _PROMPT:
                self._rom = None
                await self._boot()
            if self._rom and data:
                self._out(self._rom.feed(data))
            elif self.flash.bootable and data:
                await self.chip.type_in(data)

    async def _power(self, on: bool) -> None:
        self._rom = None
        if on:
            await self._boot()
        else:
            await self.chip.power_off()

    async def _boot(self) -> None:
        """Out of reset: what was flashed, or the boot loader's complaint."""
        if self.flash.bootable:
            await self.chip.power_on()
        else:
            self._out(_INVALID)
