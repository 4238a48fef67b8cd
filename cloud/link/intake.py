"""The only way in for what a terminal says. Idempotent: every message may come twice or late.

The caller opens the write unit and acknowledges the message after its commit. Events:
`terminal-login`, `terminal-beat`, `terminal-online`, `terminal-offline`, `terminal-alarm`.
"""

from collections.abc import Collection

from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.link import (
    commands,
    journal,
    oddities,
    positions,
    reckoning,
    terminals,
    traces,
    upgrades,
    wire,
)
from cloud.link.strangers import text, whole
from cloud.link.terminals import Terminal, off_line

__all__ = ["hold", "off_line", "receive", "set_aside"]

_PRESSED = "pressed"


def receive(unit: Unit, device: str, payload: bytes, via: str = "") -> str:
    """Take in one message, that came by the broker `via`. Gives a word for the counters:

    `login, beat, offline, position, alarm, answer, time-sync, journal, ota, stale`; `stranger` if
    the terminal is unknown or revoked; anything else is why it was counted as odd and kept.
    """
    row = terminals.locked(unit, device)
    if row is None or row.status != "active":
        return "stranger"
    word = _heard(unit, row, wire.read_up(payload))
    if word == "login" and via:
        terminals.reached_by(row, via)
    if word not in _GOOD:
        oddities.keep(unit, row, word, payload)
    return word


def hold(unit: Unit, devices: Collection[str], pressed: bool = False) -> None:
    """What `receive` will need of these terminals, read at once and held until the unit ends.

    `pressed`: more waits than is taken in at once. Then words come late and every `up` seems
    doubtful; to ask each terminal for its own would keep us from ever catching up.
    """
    unit.db.info[_PRESSED] = pressed
    terminals.hold(unit, devices)
    traces.hold(unit, devices)


def set_aside(unit: Unit, device: str, payload: bytes) -> None:
    """Keeps a message that `receive` broke on, so that it is neither lost nor in the way."""
    row = terminals.locked(unit, device)
    if row is not None:
        oddities.keep(unit, row, "poison", payload)


def _heard(unit: Unit, row: Terminal, said: wire.Up) -> str:
    if isinstance(said, wire.Unknown):
        return said.reason
    if isinstance(said, wire.Answer):
        return commands.answered(unit, row, said)
    if isinstance(said, wire.TerminalEvent):
        return _event(unit, row, said)
    hear = _ANNEX.get(said.code)
    return hear(unit, row, said) if hear else "unknown-code"


def _login(unit: Unit, row: Terminal, said: wire.Annex) -> str:
    secret = terminals.opened(unit, row)
    if row.signed and not wire.good_login(secret, row.device, said.content):
        return "bad-mac"
    if not terminals.logged_in(unit, row, said.content):
        return "stale"
    terminals.seen(unit, row)
    commands.restarted(unit, row)
    commands.came_back(unit, row)
    more = {"boot": row.boot, "policy": whole(said.content, "policy")}
    outbox.tell(unit, "terminal-login", row.device, reckoning.news(row, **more))
    return "login"


def _beat(unit: Unit, row: Terminal, said: wire.Annex) -> str:
    unsure = row.doubt
    pressed = unit.db.info.get(_PRESSED, False)
    ask = not pressed and reckoning.doubtful(row, unit.now, said.content)
    alive_due = reckoning.alive_due(unit.settings, row, unit.now, ask)
    news = terminals.beat(unit, row, said.content)
    if news is not None:
        terminals.seen(unit, row)
        traces.keep(unit, row)
    if unsure and news:
        commands.reconcile(unit, row)
    if news:
        outbox.tell(unit, "terminal-beat", row.device, reckoning.news(row, arc=row.arc))
    if alive_due:
        commands.alive(unit, row.device, ask=ask)
    return "stale" if news is None else "beat"


def _left(unit: Unit, row: Terminal, said: wire.Annex) -> str:
    return "offline" if terminals.left(unit, row, said.content) else "stale"


def _position(unit: Unit, row: Terminal, said: wire.Annex) -> str:
    if positions.keep(unit, row.device, said.content) is None:
        return "position-form"
    outbox.tell(unit, "terminal-position", row.device, {"device": row.device})
    terminals.seen(unit, row)
    return "position"


def _alarm(unit: Unit, row: Terminal, said: wire.Annex) -> str:
    name = text(said.content, "alarm", 32)
    if not name:
        return "alarm-without-name"
    terminals.seen(unit, row)
    more = {"alarm": name} | {key: whole(said.content, key) for key in ("level", "seq")}
    outbox.tell(unit, "terminal-alarm", row.device, reckoning.news(row, **more))
    return "alarm"


_ANNEX = {"00": _login, "FF": _beat, "Z0": _left, "EF": _position, "E0": _alarm}
_GOOD = (
    *("login", "beat", "offline", "position", "alarm"),
    *("answer", "time-sync", "journal", "ota", "stale", "stranger"),
)


def _event(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> str:
    hear = _EVENTS.get((said.service, said.type))
    return hear(unit, row, said) if hear else "unknown-event"


def _time_asked(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> str:
    terminals.seen(unit, row)
    unit.send(row.device, _time(unit, row, said))
    return "time-sync"


def _journal(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> str:
    taken = journal.take(unit, row, said.paras, via="line")
    if taken.stored is not None:
        terminals.seen(unit, row)
        unit.send(row.device, journal.stored_body(unit, taken.stored))
    return taken.word


def _version(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> str:
    terminals.seen(unit, row)
    return upgrades.version_reported(unit, row, said.paras)


def _progress(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> str:
    terminals.seen(unit, row)
    return upgrades.progress_reported(unit, row, said.paras)


_EVENTS = {
    ("$ota", "version_report"): _version,
    ("$ota", "upgrade_progress_report"): _progress,
    ("$time_sync", "time_sync_request"): _time_asked,
    ("journal", "entries"): _journal,
}


def _time(unit: Unit, row: Terminal, said: wire.TerminalEvent) -> bytes:
    """IoTDA's answer, with a mac (key `command`) over d|time_sync|sent|received|answered.

    IoTDA's own SDK writes `device_send_time` as text, so it goes back as it came.
    """
    asked = said.paras.get("device_send_time")
    if isinstance(asked, bool) or not isinstance(asked, int | str) or len(str(asked)) > 20:
        asked = 0
    secret = terminals.opened(unit, row)
    paras = {
        "device_send_time": asked,
        "server_recv_time": unit.now,
        "server_send_time": unit.now,
        "mac": wire.mac(secret, "command", row.device, "time_sync", asked, unit.now, unit.now),
    }
    return wire.event_body("$time_sync", "time_sync_response", wire.stamp(unit.now), paras)
