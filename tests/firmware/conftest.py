"""CPython runs the firmware here: the names that it lacks are lent for the length of each test."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for folder in ("firmware", ".tools/umqtt", "simulator/board"):
    if str(ROOT / folder) not in sys.path:
        sys.path.append(str(ROOT / folder))

from .virtual_time import LENT  # noqa: E402  (needs the folders above)


@pytest.fixture(autouse=True)
def micropython_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """`asyncio.sleep_ms`, `time.ticks_ms` and the like, taken back when the test is over."""
    for (module, name), value in LENT.items():
        monkeypatch.setattr(module, name, value, raising=False)
