"""The history of a trial: one JSON object a line, from many processes, each in its own file.

Every note has `t` (epoch ms of this machine, which no fault moves) and `what`.
"""

import json
import threading
import time
from pathlib import Path
from typing import Any


class Notes:
    """Appends; every line is in the file when the call comes back, so a kill −9 loses none."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lock = threading.Lock()

    def __call__(self, what: str, **more: Any) -> None:
        line = {"t": time.time_ns() // 1_000_000, "what": what, **more}
        with self._lock:
            self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def read(folder: Path) -> list[dict[str, Any]]:
    """All that was noted by anybody, in order of time; a line cut off by a kill is left out."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return sorted(found, key=lambda one: one["t"])
