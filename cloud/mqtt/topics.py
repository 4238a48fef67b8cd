"""The native topics of a terminal, and what a topic filter matches (MQTT 3.1.1, section 4.7)."""

ROOT = "hm/"
EVERY_UP = "hm/+/up"


def up(device: str) -> str:
    """Where terminal `device` speaks."""
    return f"hm/{device}/up"


def down(device: str) -> str:
    """Where terminal `device` listens."""
    return f"hm/{device}/down"


def echo(device: str) -> str:
    """Where terminal `device` hears itself: the bare line, for measurements."""
    return f"hm/{device}/echo"


def device_of(topic: str) -> str | None:
    """The terminal that speaks on `topic`; None if it is no `hm/{d}/up`."""
    levels = topic.split("/")
    if len(levels) != 3 or levels[0] != "hm" or levels[2] != "up" or not levels[1]:
        return None
    return levels[1]


def is_wild(topic_filter: str) -> bool:
    """Whether a filter holds a wildcard."""
    return "+" in topic_filter or "#" in topic_filter


def is_filter(text: str) -> bool:
    """Whether a text is a topic filter at all: wildcards fill a level, `#` is the last one."""
    levels = text.split("/")
    if not text or "\0" in text or "#" in levels[:-1]:
        return False
    return all(level in ("+", "#") or not is_wild(level) for level in levels)


def matches(topic_filter: str, topic: str) -> bool:
    """Whether `topic` falls under `topic_filter`; wildcards never reach a first level `$…`."""
    wanted, given = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place == len(given) or level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)
