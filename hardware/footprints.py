"""The parts' footprints and pads against KiCad's own library, where it is installed."""

import re
from collections.abc import Iterable
from pathlib import Path

from hardware.parts import ELSEWHERE, Part

LIBRARY = Path("/usr/share/kicad/footprints")  # Debian: kicad-footprints
OURS = "HanMa"  # still to be drawn from the maker's drawing
OTHERS = ("Espressif",)  # libraries of makers, which KiCad does not bring along
_PAD = re.compile(r'\(pad "?([^"\s)]*)"? ')


def pads(library: Path, footprint: str) -> set[str]:
    """The pads of a footprint that have a name; FileNotFoundError where there is none such."""
    folder, _, name = footprint.partition(":")
    drawn = (library / f"{folder}.pretty" / f"{name}.kicad_mod").read_text("utf-8")
    return set(_PAD.findall(drawn)) - {""}


def _told(part: Part) -> set[str]:
    return {pad for pin in part.pins for pad in pin.pads} | set(part.left_open)


def in_library(parts: Iterable[Part]) -> list[Part]:
    """Those whose footprint is KiCad's own."""
    others = (OURS, *OTHERS, ELSEWHERE)
    return [part for part in parts if part.footprint.partition(":")[0] not in others]


def to_draw(parts: Iterable[Part]) -> list[str]:
    """The parts whose footprint is in no library."""
    return [part.name for part in parts if part.footprint.startswith(f"{OURS}:")]


def faults(parts: Iterable[Part], library: Path = LIBRARY) -> list[str]:
    """A footprint that is not there, a pad that it has not, a pad that nobody told of."""
    found = []
    for part in in_library(parts):
        try:
            there = pads(library, part.footprint)
        except FileNotFoundError:
            found.append(f"{part.name}: no footprint {part.footprint}")
            continue
        for words, odd in (("no pad", _told(part) - there), ("untold pad", there - _told(part))):
            if odd:
                found.append(f"{part.name}: {words} {', '.join(sorted(odd))} in {part.footprint}")
    return found
