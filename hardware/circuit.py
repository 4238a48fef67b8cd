"""The schematic (`carrier.txt`) as a netlist: which pin of which part is on which net.

The file says what a drawing says, in a form that a program can check, simulate and draw. Its
sections: [nets] the volts and the isolation side of each net, [most] and [apart] what two nets can
differ by, [outside] the nets that leave the case, [loads] what is taken at a pin, [inside] the
connectors that no hand reaches in use and why, [sheet NAME WORDS] one line a part.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hardware.parts import HERE, LIST, Part, Pin, read

OPEN = "-"


class BadSchematic(ValueError):
    """A line that cannot be read: its number and why."""


@dataclass(frozen=True)
class Net:
    """low, high: volts in normal work; side: of the isolation; supply: may feed."""

    name: str
    low: float
    high: float
    side: str
    supply: bool


@dataclass(frozen=True)
class Placed:
    """A part on the board; nets: in the order of its pins."""

    ref: str
    part: Part
    sheet: str
    nets: tuple[str, ...]

    @property
    def by_pin(self) -> dict[str, str]:
        """Pin's name → net."""
        return dict(zip((one.name for one in self.part.pins), self.nets, strict=True))

    def net(self, pin: str) -> str:
        """The net at a pin; KeyError when the part has no such pin."""
        return self.by_pin[pin]


@dataclass
class Circuit:
    """sheets: name → words. nets, placed: by name, by reference. inside: connector → why.
    loads: (reference, net) → ampere taken there at most, for good and for a moment."""

    sheets: dict[str, str] = field(default_factory=dict)
    nets: dict[str, Net] = field(default_factory=dict)
    placed: dict[str, Placed] = field(default_factory=dict)
    most: dict[str, float] = field(default_factory=dict)
    apart: dict[frozenset[str], float] = field(default_factory=dict)
    outside: list[str] = field(default_factory=list)
    inside: dict[str, str] = field(default_factory=dict)
    loads: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def value(self, ref: str) -> float:
        """Ohm, farad, henry or volt of one part."""
        return self.placed[ref].part.value

    def on(self, net: str) -> Iterator[tuple[Placed, Pin]]:
        """Everything that is connected to a net."""
        for placed in self.placed.values():
            for pin, name in zip(placed.part.pins, placed.nets, strict=True):
                if name == net:
                    yield placed, pin

    def difference(self, one: str, other: str) -> float:
        """The most volts between two nets of one side in normal work."""
        if one == other:
            return 0.0
        known = self.apart.get(frozenset((one, other)))
        if known is not None:
            return known
        a, b = self.nets[one], self.nets[other]
        apart = max(a.high, b.high) - min(a.low, b.low)
        return min(apart, self.most.get(a.side, apart))


class _Reader:
    def __init__(self, parts: dict[str, Part]) -> None:
        self.parts = parts
        self.circuit = Circuit()
        self.sheet = ""

    def nets(self, words: list[str]) -> None:
        supply = words[-1] == "supply"
        *names, low, high, side = words[:-1] if supply else words
        for name in names:
            self._once(name, self.circuit.nets)
            self.circuit.nets[name] = Net(name, float(low), float(high), side, supply)

    def most(self, words: list[str]) -> None:
        self.circuit.most[words[0]] = float(words[1])

    def apart(self, words: list[str]) -> None:
        self.circuit.apart[frozenset(words[:2])] = float(words[2])

    def outside(self, words: list[str]) -> None:
        self.circuit.outside += words

    def loads(self, words: list[str]) -> None:
        ref, net, mean, peak = words
        self.circuit.loads[ref, net] = float(mean), float(peak)

    def inside(self, words: list[str]) -> None:
        self.circuit.inside[words[0]] = " ".join(words[1:])

    def part(self, words: list[str]) -> None:
        ref, kind, *nets = words
        self._once(ref, self.circuit.placed)
        if kind not in self.parts:
            raise ValueError(f"no part {kind} in parts.csv")
        if len(nets) != len(self.parts[kind].pins):
            raise ValueError(f"{ref} has {len(self.parts[kind].pins)} pins, not {len(nets)}")
        unknown = [net for net in nets if net != OPEN and net not in self.circuit.nets]
        if unknown:
            raise ValueError(f"unknown net {', '.join(unknown)}")
        self.circuit.placed[ref] = Placed(ref, self.parts[kind], self.sheet, tuple(nets))

    def section(self, words: list[str]) -> Callable[[list[str]], None]:
        if words[0] == "sheet":
            self.sheet = words[1]
            self.circuit.sheets[self.sheet] = " ".join(words[2:])
            return self.part
        known = {"nets": self.nets, "most": self.most, "apart": self.apart}
        known |= {"outside": self.outside, "inside": self.inside, "loads": self.loads}
        return known[words[0]]

    @staticmethod
    def _once(name: str, known: dict) -> None:
        if name in known:
            raise ValueError(f"{name} comes twice")


def load(text: str, parts: dict[str, Part]) -> Circuit:
    """The circuit that `text` describes; BadSchematic names the line."""
    reader = _Reader(parts)
    take: Callable[[list[str]], None] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        line = line.split("#")[0].strip()
        try:
            if line.startswith("["):
                take = reader.section(line.strip("[]").split())
            elif line and take:
                take(line.split())
            elif line:
                raise ValueError("stands before the first section")
        except (ValueError, IndexError, KeyError) as error:
            raise BadSchematic(f"line {number}: {error}") from None
    return reader.circuit


def carrier(parts: Path = LIST) -> Circuit:
    """The carrier board, built of the parts in a list."""
    return load((HERE / "carrier.txt").read_text(encoding="utf-8"), read(parts))
