"""What kind of browser it is, in two words that its owner knows: nothing finer is kept."""

from __future__ import annotations

from flask import request

_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def agent() -> str:
    """Of this request, as in `Android · WeChat`; empty if it is none that we know."""
    told = request.headers.get("User-Agent", "")
    found = (
        next((name for sign, name in table if sign in told), "") for table in (_SYSTEMS, _BROWSERS)
    )
    return " · ".join(filter(None, found))
