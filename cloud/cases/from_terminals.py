"""What terminals report becomes alarms: at once by E0, again and for certain by the journal."""

import re

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms, where
from cloud.link import journal
from cloud.link.strangers import text, whole
from cloud.registry import machines

_NAME = re.compile("[A-Z][A-Z0-9_]{1,31}")
# The end of the one is told as an alarm of its own.
_ENDS = {"EMERGENCY_OFF": "EMERGENCY_ON"}
# The terminal calls these over as soon as they are told: here they stay until they are put right.
_MOMENTS = {"UPGRADE_FAILED"}


def handlers() -> Handlers:
    """What to do about events of the link, for `outbox.deliver`."""
    return {
        "terminal-alarm": [told],
        "journal-alarm": [recorded],
        "journal-alarm-clear": [over],
        "journal-emergency-off": [release_over],
        "terminal-offline": [gone],
        "upgrade-done": [upgraded],
    }


def told(unit: Unit, event: Event) -> None:
    """An E0, which comes again until the journal entry is stored."""
    said = event.details
    _raise(unit, said["device"], said["alarm"], said.get("level"), said.get("seq"), None)


def recorded(unit: Unit, event: Event) -> None:
    """The journal's entry about an alarm, which may be all that ever came of it."""
    said = event.details["said"]
    kind = text(said, "alarm", 32)
    if kind:
        level = whole(said, "level", 0, 9)
        told = (event.details["device"], kind, level, event.details["seq"])
        _raise(unit, *told, event.details["at"])


def over(unit: Unit, event: Event) -> None:
    """The journal says that an alarm is over."""
    kind = text(event.details["said"], "alarm", 32)
    if kind and kind not in _MOMENTS:
        _put_right(unit, event, kind)


def release_over(unit: Unit, event: Event) -> None:
    """The emergency release has ended."""
    _put_right(unit, event, "EMERGENCY_ON")


def gone(unit: Unit, event: Event) -> None:
    """Mains loss is an everyday thing; with an open lid it is not."""
    if event.details.get("reason") == "power" and event.details.get("tamper"):
        _raise(unit, event.details["device"], "POWER_TAMPER", None, None, None)


def upgraded(unit: Unit, event: Event) -> None:
    """An upgrade that went well puts an earlier failure right."""
    alarms.cleared(unit, "UPGRADE_FAILED", event.details["device"])


def _put_right(unit: Unit, event: Event, kind: str) -> None:
    """Nothing is put right by the journal of a revoked terminal."""
    if event.details.get("via") != journal.REVOKED:
        alarms.cleared(unit, kind, event.details["device"], event.details["seq"])


def _raise(
    unit: Unit, device: str, kind: str, level: int | None, seq: int | None, at: int | None
) -> None:
    if not _NAME.fullmatch(kind):
        return  # the journal keeps it as it came
    if kind in _ENDS:
        alarms.cleared(unit, _ENDS[kind], device, seq)
        return
    place = where.of(unit, machines.under(unit, device, at), device)
    alarms.raise_alarm(unit, kind, device, level=level, seq=seq, at=at, **place)
