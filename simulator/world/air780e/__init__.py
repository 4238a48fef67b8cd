"""The Luat Air780E with its AT firmware (`_LSAT`: with speech): what it says of its own accord.

After the AT manual of the EC618/716/718 family. Own files for what differs from SIMCom's:

    state       how far the network is up, which link is what
    network     AT+CSTT, CIICR, CIFSR, CIPSHUT, CIPSTATUS, CIPMUX …
    links       AT+CIPSTART, CIPSEND, CIPRXGET, CIPCLOSE
    secure      AT+CIPSSL, SSLCFG and the files of AT+FS…
    identity, place, voice, clock
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.air780e import clock, identity, links, network, place, secure, voice
from simulator.world.air780e.state import Own, Phase
from simulator.world.air780e.table import on
from simulator.world.module import Identity
from simulator.world.power import Presses
from simulator.world.vendor import Vendor

if TYPE_CHECKING:
    from simulator.world.modem import Modem

__all__ = [
    "AIR780E",
    "AIR780E_MUTE",
    "clock",
    "identity",
    "links",
    "network",
    "place",
    "secure",
    "voice",
]


def _ready(modem: Modem) -> None:
    modem.urc("^boot.rom'V1162'!\\n")
    modem.urc("RDY")


def _sim_ready(modem: Modem) -> None:
    modem.later(modem.boot_s * 0.1, lambda: modem.urc("SMS READY"))


def _registered(modem: Modem) -> None:
    for line in ("^MODE: 17,17", "+E_UTRAN Service", "+CGEV: ME PDN ACT 1"):
        modem.urc(line)


def _bearer_lost(modem: Modem) -> None:
    """Whatever AT+CIPSTATUS says now: only AT+CIPSHUT makes the way free again."""
    if not modem.stale:
        modem.own.phase = Phase.DEACT
    modem.urc("+PDP: DEACT")


def _network_time(modem: Modem) -> None:
    """UTC in the line, local time in the clock."""
    utc, zone = modem.radio.utc(), modem.radio.zone_quarters
    modem.rtc.set_utc(utc, zone)
    modem.urc(f"+NITZ: {utc:%y/%m/%d,%H:%M:%S}{zone:+03d},0")


def _vendor(firmware: str, *features: str) -> Vendor:
    return Vendor(
        table=on,
        identity=Identity(
            model="Air780E",
            revision=firmware,
            firmware=firmware,
            imei="866330060012345",
            features=frozenset(features),
        ),
        ready=_ready,
        sim_ready=_sim_ready,
        registered=_registered,
        bearer_lost=_bearer_lost,
        network_time=_network_time,
        arrived=links.report_arrival,
        closed=links.report_close,
        secure_arrived=links.report_arrival,
        secure_closed=links.report_close,
        presses=Presses(on_s=1.2, off_s=1.5, reset_s=0.1),
        own=Own,
        swallows_newline=True,
    )


AIR780E = _vendor("AirM2M_780E_V1162_LSAT", "tts", "lbs", "tls")
AIR780E_MUTE = _vendor("AirM2M_780E_V1162_LTE_AT", "lbs", "tls")
