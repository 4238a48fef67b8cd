"""What may be concluded from what a terminal told, and when. Pure: reads a row, changes nothing.

Two clocks meet here: `up` is the terminal's own milliseconds since boot, `…_at` is the cloud's
time at arrival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloud.base.settings import Settings
from cloud.link.strangers import text, whole

if TYPE_CHECKING:
    from cloud.link.terminals import Terminal

CORRECTION_MS = 5_000  # an unsigned heartbeat may move the estimate of `up` by no more
ASK_PAUSE_MS = 20_000
OTHER_BOOT_MS = 120_000  # a nameless heartbeat further ahead than this is from another boot


def commandable(row: Terminal | None) -> bool:
    """Whether a command can be made at all: the terminal is ours and told which boot it is."""
    return row is not None and row.status == "active" and bool(row.epoch or not row.signed)


def reachable(row: Terminal | None, now: int) -> bool:
    """Whether a command has a chance: besides, its heartbeat is not overdue."""
    return row is not None and commandable(row) and row.online and (row.deadline or 0) > now


def up_now(row: Terminal, now: int) -> int | None:
    """The terminal's `up` at this moment, estimated; None if it never told under its mac."""
    signed = _signed_up_now(row, now)
    return None if signed is None else signed + row.up_fix


def correction(row: Terminal, now: int, told_up: int) -> int:
    """By how much a heartbeat that tells `told_up` now corrects what the last mac said, ms."""
    signed = _signed_up_now(row, now)
    if signed is None:
        return 0
    return max(-CORRECTION_MS, min(CORRECTION_MS, told_up - signed))


def doubtful(row: Terminal, now: int, told: dict[str, Any]) -> bool:
    """Whether a heartbeat's `up` is so far from the estimate that the terminal should be asked."""
    up, signed = whole(told, "up"), _signed_up_now(row, now)
    return up is not None and signed is not None and abs(up - signed) > CORRECTION_MS


def of_this_boot(row: Terminal, now: int, told: dict[str, Any]) -> bool:
    """Whether a heartbeat belongs to the present boot and is newer than the last one."""
    epoch, up = text(told, "epoch"), whole(told, "up")
    if epoch is not None and row.epoch is not None and epoch != row.epoch:
        return False
    if up is None:
        return True
    expected = up_now(row, now)
    if epoch is None and expected is not None and up > expected + OTHER_BOOT_MS:
        return False
    return up > row.beat_up


def silence_ms(settings: Settings, row: Terminal) -> int:
    """How long it may be silent: two and a half heartbeats and 10 s."""
    return beat_s(settings, row) * 2500 + 10_000


def beat_s(settings: Settings, row: Terminal) -> int:
    """How often it sends a heartbeat now: as it said, as its policy has it, or by default."""
    if row.next_beat_s:
        return row.next_beat_s
    working = row.mode == "working" if row.mode else row.relay
    if working:
        return row.beat_working_s or settings.beat_working_s
    return row.beat_idle_s or settings.beat_idle_s


def alive_due(settings: Settings, row: Terminal, now: int, ask: bool) -> bool:
    """Whether a terminal that beats now must hear from us before it beats again.

    `ask`: its `up` is far from what we think, so an answer under its mac is wanted.
    """
    silence = now - row.told_at
    due = silence + beat_s(settings, row) * 1000 >= settings.alive_s * 1000
    again = not 0 <= silence < ASK_PAUSE_MS  # our clock may jump
    return commandable(row) and (due or (ask and again))


def news(row: Terminal, **more: Any) -> dict[str, Any]:
    """What events tell of a terminal."""
    told = {"device": row.device, "relay": row.relay, "mode": row.mode, "job": row.job}
    return told | {"amps": row.amps} | more


def _signed_up_now(row: Terminal, now: int) -> int | None:
    return None if row.up is None else row.up + max(now - row.up_at, 0)
