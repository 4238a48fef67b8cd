"""What the modem obeys, grouped as in the vendor's manual."""

from simulator.world.commands import clock, identity, network, place, secure, tcpip, voice
from simulator.world.commands.table import TABLE, known

__all__ = ["TABLE", "clock", "identity", "known", "network", "place", "secure", "tcpip", "voice"]
