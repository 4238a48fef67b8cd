"""The SIMCom A7670 among the vendors: what it says of its own accord (A76XX AT manual V1.09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.world.commands import on, secure, tcpip
from simulator.world.link import BY_PEER
from simulator.world.module import Identity
from simulator.world.tls import Session
from simulator.world.vendor import Vendor

if TYPE_CHECKING:
    from simulator.world.modem import Modem


def _sim_ready(modem: Modem) -> None:
    modem.later(modem.boot_s * 0.2, lambda: modem.urc("SMS DONE"))
    modem.later(modem.boot_s * 0.25, lambda: modem.urc("PB DONE"))


def _network_time(modem: Modem) -> None:
    utc, zone = modem.radio.utc(), modem.radio.zone_quarters
    if modem.memory.time_update:
        modem.rtc.set_utc(utc, zone)
    if modem.settings.time_report:
        modem.urc(f"+CTZV: {zone:+03d},{utc:%y/%m/%d,%H:%M:%S}")


def _secure_closed(modem: Modem, session: Session, reason: int) -> None:
    secure.report_close(modem, session, reason == BY_PEER)


A7670 = Vendor(
    table=on,
    identity=Identity(),
    ready=lambda modem: modem.urc("*ATREADY: 1"),
    sim_ready=_sim_ready,
    registered=lambda modem: modem.urc("+CGEV: EPS PDN ACT 1"),
    bearer_lost=lambda modem: modem.urc("+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"),
    network_time=_network_time,
    arrived=tcpip.report_arrival,
    closed=tcpip.report_close,
    secure_arrived=secure.report_arrival,
    secure_closed=_secure_closed,
)
