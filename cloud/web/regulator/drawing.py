"""Small pictures made by the server: SVG without styles, coloured by classes (hanma.css)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from cloud.base.clock import in_china

_W, _LEFT = 640, 92
_QUARTER = 92  # days
_AT, _BELOW = ".35em", "1em"  # a line's middle, or below it, however large the letters are


def day(
    slots: Sequence[Sequence[int | None]], now: int, slot_ms: int, words: dict[str, str]
) -> str:
    """24 hours in quarters: power and arc as bars, signal as dots. `words` = the three lanes'
    names and `all`, the sentence for who cannot see it."""
    last = now // slot_ms
    step = (_W - _LEFT) / 96
    parts = []
    for lane, name in enumerate(("power", "arc", "signal")):
        y = 10 + lane * 40
        parts.append(_text(0, y + 20, words[name], "axis"))
        parts.append(f'<line x1="{_LEFT}" x2="{_W}" y1="{y + 28}" y2="{y + 28}" class="rule"/>')
    for slot, relay, arc, amps, rssi in slots:
        x = _LEFT + step * (95 - (last - (slot or 0)))
        if relay:
            parts.append(_bar(x, 18, step, 20, "power"))
        if arc or amps:
            high = min(28.0, 6 + (amps or 0) / 10)
            parts.append(_bar(x, 78 - high, step, high, "arc"))
        if rssi is not None:
            high = min(28.0, max(3.0, (rssi + 115) / 2.2))
            parts.append(_bar(x, 118 - high, step, high, "signal"))
    for hours in range(0, 25, 6):
        at = in_china(now - (24 - hours) * 3_600_000)
        x = _LEFT + (_W - _LEFT) * hours / 24
        anchor = "end" if hours == 24 else "middle"
        parts.append(_text(x, 124, f"{at:%H:%M}", "axis", anchor, _BELOW))
    return _svg(156, words["all"], parts)


def lines(days: Sequence[str], rows: Sequence[tuple[str, str, Sequence[float]]], said: str) -> str:
    """Values per day as lines on one scale from 0. `rows` = (class, name, values)."""
    highest = max((value for _kind, _name, values in rows for value in values), default=0)
    most = max(2, -(-highest // 2) * 2)  # its half is a whole number too
    wide, high, top = _W - _LEFT, 150, 20
    parts = [
        f'<line x1="{_LEFT}" x2="{_W}" y1="{y}" y2="{y}" class="rule"/>'
        + _text(_LEFT - 8, y, f"{most * (high + top - y) / high:.0f}", "axis", "end", _AT)
        for y in (top, top + high / 2, top + high)
    ]
    for kind, _name, values in rows:
        at = [
            f"{_LEFT + wide * n / max(1, len(days) - 1):.1f},{top + high * (1 - value / most):.1f}"
            for n, value in enumerate(values)
        ]
        parts.append(f'<polyline points="{" ".join(at)}" class="line {kind}"/>')
    year = len(days) > _QUARTER  # then the month says more than the day
    for n in range(0, len(days), max(1, len(days) // 5)):
        x = _LEFT + wide * n / max(1, len(days) - 1)
        told = days[n][:7] if year else days[n][5:]
        parts.append(_text(x, top + high + 12, told, "axis", "middle", _BELOW))
    return _svg(top + high + 46, said, parts)


def _svg(high: float, said: str, parts: Sequence[str]) -> str:
    label = escape(said)
    return Markup(  # everything in it is ours or escaped
        f'<svg class="drawn" viewBox="0 0 {_W} {high:g}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )


def _bar(x: float, y: float, wide: float, high: float, kind: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" class="{kind}"/>'


def _text(
    x: float, y: float, words: str, kind: str, anchor: str = "start", down: str = "0"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" dy="{down}" text-anchor="{anchor}"'
    return f'<text {place} class="{kind}">{escape(words)}</text>'
