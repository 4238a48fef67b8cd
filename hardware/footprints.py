"""The parts' footprints and pads against KiCad's own library, where it is installed, and ours."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from hardware.parts import ELSEWHERE, HERE, Part

LIBRARY = Path("/usr/share/kicad/footprints")  # Debian: kicad-footprints
OURS = "HanMa"
DRAWN = HERE / "library"  # ours: what is not in it is still to be drawn from the maker's drawing
OTHERS = ("Espressif",)  # libraries of makers, which KiCad does not bring along
_PAD = re.compile(r'\(pad "?([^"\s)]*)"? ')


def pads(library: Path, footprint: str) -> set[str]:
    """The pads of a footprint that have a name; FileNotFoundError where there is none such."""
    return set(_PAD.findall(_file(library, footprint).read_text("utf-8"))) - {""}


def _told(part: Part) -> set[str]:
    return {pad for pin in part.pins for pad in pin.pads} | set(part.left_open)


def in_library(parts: Iterable[Part]) -> list[Part]:
    """Those whose footprint is KiCad's own."""
    others = (OURS, *OTHERS, ELSEWHERE)
    return [part for part in parts if part.footprint.partition(":")[0] not in others]


def to_draw(parts: Iterable[Part]) -> list[str]:
    """The parts whose footprint is in no library."""
    return [part.name for part in _ours(parts) if not _file(DRAWN, part.footprint).exists()]


def _ours(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.footprint.startswith(f"{OURS}:")]


def _file(library: Path, footprint: str) -> Path:
    folder, _, name = footprint.partition(":")
    return library / f"{folder}.pretty" / f"{name}.kicad_mod"


def faults(parts: Collection[Part], library: Path = LIBRARY) -> list[str]:
    """A footprint that is not there, a pad that it has not, a pad that nobody told of."""
    return _compared(in_library(parts), library)


def faults_of_ours(parts: Collection[Part]) -> list[str]:
    """The same of those that we have drawn."""
    waiting = to_draw(parts)
    return _compared([part for part in _ours(parts) if part.name not in waiting], DRAWN)


def _compared(parts: Iterable[Part], library: Path) -> list[str]:
    found = []
    for part in parts:
        try:
            there = pads(library, part.footprint)
        except FileNotFoundError:
            found.append(f"{part.name}: no footprint {part.footprint}")
            continue
        for words, odd in (("no pad", _told(part) - there), ("untold pad", there - _told(part))):
            if odd:
                found.append(f"{part.name}: {words} {', '.join(sorted(odd))} in {part.footprint}")
    return found
