"""Which fault when: drawn from the seed alone, so that a run can be asked for again."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

LINES = ("latency", "silence", "reset", "half-open", "slices", "narrow")
_LONGEST_S = {"mqtt-silence": 15.0, "mqtt-latency": 4.0}
_GAP_S = (0.5, 2.0)
_WEIGHTS = {"kill-cloud": 4, "mqtt-silence": 3, "kill-broker": 2, "kill-database": 3}


def kinds(servers: Iterable[str]) -> tuple[str, ...]:
    """Every fault there is where these programs serve."""
    return (
        *(f"{act}-{name}" for name in servers for act in ("kill", "stop")),
        *("kill-people", "stop-people", "stop-terminals"),
        *(f"{line}-{kind}" for line in ("mqtt", "web") for kind in LINES),
        *("disk-full", "clock-ahead", "clock-back", "register-down"),
    )


KINDS = kinds(("cloud", "broker"))


@dataclass(frozen=True)
class Fault:
    """`after_s` = pause before it, `for_s` = how long it stands."""

    kind: str
    after_s: float
    for_s: float


def drawn(seed: int, seconds: float, kinds: tuple[str, ...]) -> list[Fault]:
    """Faults one after the other that fill so many seconds."""
    rng = random.Random(f"plan {seed}")
    weights = [_WEIGHTS.get(kind, 1) for kind in kinds]
    found, spent = [], 0.0
    while kinds and spent < seconds:
        kind = rng.choices(kinds, weights)[0]
        longest = _LONGEST_S.get(kind, 5.0)
        least = 0.8 * longest if kind == "mqtt-silence" else 0.5
        fault = Fault(kind, rng.uniform(*_GAP_S), rng.uniform(least, longest))
        if kind.startswith("kill"):
            fault = Fault(kind, fault.after_s, 0.2)
        spent += fault.after_s + fault.for_s
        found.append(fault)
    return found
