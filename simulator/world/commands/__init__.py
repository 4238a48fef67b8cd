"""What the modem obeys, grouped as in the vendor's manual: SIMCom's, and what all makers share."""

from simulator.world.commands import clock, identity, network, place, secure, tcpip, voice
from simulator.world.commands.table import everywhere, on

__all__ = ["clock", "everywhere", "identity", "network", "on", "place", "secure", "tcpip", "voice"]
