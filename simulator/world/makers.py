"""The modules that a terminal may have, by the name of its setting `modem`."""

from simulator.world.air780e import AIR780E, AIR780E_MUTE
from simulator.world.simcom import A7670
from simulator.world.vendor import Vendor

VENDORS: dict[str, Vendor] = {
    "a7670": A7670,
    "air780e": AIR780E,
    "air780e-mute": AIR780E_MUTE,  # the firmware without speech; its driver is the same
}
