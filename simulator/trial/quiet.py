"""When all is to be quiet: seconds since the epoch in a file, which the trial may put off."""

import os
import time
from pathlib import Path


class Quiet:
    """`at` = from then on nothing new happens, and what is begun is finished."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def at(self) -> float:
        return float(self._file.read_text())

    def put(self, at: float) -> None:
        """Whoever reads meanwhile finds the old moment or the new one."""
        new = self._file.with_suffix(".new")
        new.write_text(str(at))
        os.replace(new, self._file)

    @property
    def come(self) -> bool:
        return time.time() >= self.at
