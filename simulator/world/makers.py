"""The modules that a terminal may have, by name."""

from simulator.world.air780e import AIR780E, AIR780E_MUTE
from simulator.world.simcom import A7670
from simulator.world.vendor import Vendor

VENDORS: dict[str, Vendor] = {
    "a7670": A7670,
    "air780e": AIR780E,
    "air780e-mute": AIR780E_MUTE,  # the firmware without speech; its driver is the same
}


def setting(name: str) -> str:
    """What the bench writes into a terminal with that module."""
    return name.removesuffix("-mute")
