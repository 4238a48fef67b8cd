"""The cloud of a trial: `hanma serve` or a part of it, on a clock that can be moved, perhaps
without a guard.

`python -m cloud.faults.child CLOCK GUARD WORD…`; CLOCK = a file with the clock's error in ms,
GUARD = "" for none, the words are those of the command `hanma`.
"""

import sys
from pathlib import Path

from cloud.base import clock, unit
from cloud.base.unit import Ground
from cloud.cli import main
from cloud.faults import guards
from cloud.oversight import kept


class Clock:
    """The machine's time and the error that stands in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> int:
        try:
            return clock.now_ms() + int(self._file.read_text() or 0)
        except (OSError, ValueError):
            return clock.now_ms()


def run(file: Path, guard: str, words: list[str]) -> None:
    real = Ground.__init__

    def begun(self: Ground, settings: object, engine: object, keys: object, _clock: object = None,
              send: object = unit._no_sender) -> None:  # fmt: skip
        real(self, settings, engine, keys, Clock(file), send)  # type: ignore[arg-type]

    setattr(Ground, "__init__", begun)  # noqa: B010
    kept.SHARE = 1.0  # a few machines: counted again each second, however busy the computer is
    if guard:
        guards.take_away(guard)
    main(words)


if __name__ == "__main__":
    run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
