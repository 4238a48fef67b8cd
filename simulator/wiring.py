"""How a board hangs on its world: by pseudo terminals or, in made-up time, in lock step."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from simulator.chip import Chip
from simulator.lockstep import LockstepChip
from simulator.virtual import Clock
from simulator.world.cable import Cable
from simulator.world.direct import DirectCable
from simulator.world.line import Line

MODEM_UART, CAMERA_UART = 1, 2

OnPin = Callable[[int, int], None]
OnDead = Callable[[], None]


@dataclass
class Wiring:
    """The processor, and the cables to what it speaks with."""

    chip: Chip | LockstepChip
    modem: Cable
    camera: Cable


def real(
    kind: str,
    heap_kb: int,
    image: Path,
    flash: Path,
    on_pin: OnPin,
    on_dead: OnDead,
    *,
    baud: int,
    fragment: bool,
    rng: random.Random,
    kind_of_chip: type[Chip] = Chip,
) -> Wiring:
    modem, camera = Line(baud, fragment=fragment, rng=rng), Line(rng=rng)
    chip = kind_of_chip(
        kind=kind,
        image=image,
        flash=flash,
        uart=modem.path,
        on_pin=on_pin,
        on_baud=modem.set_host_baud,
        on_dead=on_dead,
        heap_kb=heap_kb,
    )
    chip.camera_uart = camera.path
    chip.on_camera_baud = camera.set_host_baud
    return Wiring(chip, modem, camera)


def lockstep(
    clock: Clock,
    image: Path,
    flash: Path,
    on_pin: OnPin,
    on_dead: OnDead,
    *,
    baud: int,
    fragment: bool,
    rng: random.Random,
    ticks_ms: int,
    heap_kb: int,
) -> Wiring:
    modem = DirectCable(baud, clock=clock.monotonic_ns, fragment=fragment, rng=rng)
    camera = DirectCable(115_200, clock=clock.monotonic_ns, rng=rng)
    chip = LockstepChip(
        image=image,
        flash=flash,
        clock=clock,
        on_pin=on_pin,
        on_dead=on_dead,
        cables={MODEM_UART: modem, CAMERA_UART: camera},
        ticks_ms=ticks_ms,
        heap_kb=heap_kb,
    )
    return Wiring(chip, modem, camera)
