"""The technician's bench: what was asked for, what is known of the module so far, what is said."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Say = Callable[[str], None]
BROKEN_OFF = "broken-off"  # why a run ended that the technician broke off


class StepFailed(Exception):
    """A step did not succeed. `word` is stable; the texts say what is wrong and what to do."""

    def __init__(self, word: str, wrong: str, remedy: str) -> None:
        super().__init__(word)
        self.word, self.wrong, self.remedy = word, wrong, remedy


@dataclass(frozen=True)
class Wanted:
    """What the technician asked for. code: of enrolment. machine: the machine's own code."""

    port: str = ""
    image: Path | None = None
    image_sha256: str = ""
    images: Path | None = None  # the office's table of known images
    cloud: str = ""
    code: str = ""
    machine: str = ""
    apn: str = ""
    modem: str = "a7670"
    hardware: str = "contactor"
    ca: Path | None = None
    release_key: Path | None = None
    aioble: Path | None = None
    clips: Path | None = None  # folder that `hanma clips` fills, for modules that cannot speak
    virtual: bool = False
    yes: bool = False
    erase: bool = False
    new_image: bool = False  # other than the one that this bench wrote before
    pinned: str = ""  # digest of the image that this bench wrote last
    labels: Path | None = None  # folder that labels are written into
    printer: str = ""  # that they are printed on; "" = none


@dataclass
class Module:
    """One module, as the steps have found it. `record` goes into the ledger."""

    wanted: Wanted
    say: Say
    ask: Callable[[str], bool]
    work: Path  # a folder of this run, readable by its owner alone
    port: str = ""
    chip: str = ""
    pages: str = ""  # what the codes on labels begin with, and whom to call: as the cloud tells
    hotline: str = ""
    survey: dict[str, Any] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)


NAMES = ("chip", "device", "machine")  # by which a run is found


class Ledger:
    """What was done on this bench: one JSON line a module and run. No secret is in it.

    It pins the image: the modules of a bench are alike, until the technician says otherwise.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def ready(self) -> None:
        """StepFailed where it cannot be kept: told before a module is done."""
        self._add("")

    def note(self, record: dict[str, Any]) -> None:
        """StepFailed where it cannot be written."""
        told = {"at": int(time.time() * 1000)} | record
        self._add(json.dumps(told, ensure_ascii=False) + "\n")

    def _add(self, line: str) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a+", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise StepFailed(
                "ledger",
                f"记录簿写不了：{self.path}（{error.strerror}）。 The ledger cannot be written.",
                "请检查磁盘空间和文件夹权限，或用 --ledger 指定别处。 "
                "Check free space and the folder's rights, or name another by --ledger.",
            ) from None

    def of(self, word: str) -> list[dict[str, Any]]:
        """The runs of one chip, terminal or machine, oldest first; "" = all."""
        wanted = word.strip().replace(":", "").upper()
        return [
            told
            for told in self._all()
            if not wanted or wanted in {str(told.get(name, "")).upper() for name in NAMES}
        ]

    def image(self, virtual: bool = False) -> str:
        """The digest of the image that was written last, or on a virtual board; "" = none was."""
        written = ""
        for one in self._all():
            if "image" in one.get("steps", ()) and one.get("virtual", False) == virtual:
                written = str(one["image"])
        return written

    def _all(self) -> Iterator[dict[str, Any]]:
        """Oldest first; a line that was cut off is passed over."""
        for line in self.path.read_text("utf-8").splitlines() if self.path.exists() else ():
            with contextlib.suppress(ValueError):
                if isinstance(told := json.loads(line), dict):
                    yield told
