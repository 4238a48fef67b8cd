"""Signed checkpoints: where every district's chain stood at a time, kept outside the database.

One file each in {data_dir}/checkpoints, numbered, each with the digest of the one before. Whoever
rewrites a whole chain in the database cannot rewrite these without the platform's key; whoever has
that as well meets the copies that left: each one for HANMA_CHECKPOINTS_OUT (`carry`), the first
one of a day as a notice (event `checkpoint-written`).
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cloud.base import signing
from cloud.base.clock import china_day
from cloud.base.database import canonical
from cloud.base.files import put_once
from cloud.base.signing import Signer
from cloud.base.unit import Unit
from cloud.book import outbox
from cloud.book.audit import AuditHead

PURPOSE = "checkpoint"
WRITTEN = "checkpoint-written"
_FIELDS = {"at", "heads", "number", "previous", "public"}


class BadCheckpoint(ValueError):
    """A checkpoint's text is not one, or its signature is not good."""


@dataclass(frozen=True)
class Checkpoint:
    """`heads` = {district: (seq, hash)}; `digest` = SHA-256 of the text; `previous` = that of the
    one before, "" for the first; `public` = the key that signed it, hex."""

    number: int
    at: int
    heads: dict[str, tuple[int, str]]
    previous: str
    public: str
    digest: str


def folder(data_dir: Path) -> Path:
    return Path(data_dir) / "checkpoints"


def files(data_dir: Path) -> list[Path]:
    """All of them, the oldest first."""
    return sorted(folder(data_dir).glob("[0-9]*.json"))


def text(data_dir: Path, number: int) -> str:
    """One of them as it lies there; OSError."""
    return _place(data_dir, number).read_text("utf-8")


def carry(data_dir: Path, out: Path) -> int:
    """Copy those that are not there yet into a folder outside, never over another; how many.
    OSError if the folder is not there (a disk that is away is not made up for) or is full.

    The name tells the digest too: after a restore two of the same number may be outside.
    """
    there = {path.name for path in out.iterdir()}
    count = 0
    for path in files(data_dir):
        raw = path.read_text("utf-8", errors="replace")
        name = f"{path.stem}-{_digest(raw)[:16]}.json"
        if name not in there:
            put_once(out / name, raw.encode())
            count += 1
    return count


def outside(out: Path) -> list[Path]:
    """What was carried there; OSError if the folder cannot be read."""
    return sorted(path for path in out.iterdir() if path.suffix == ".json")


def read(text: str) -> Checkpoint:
    """A checkpoint whose signature is good, by whatever key it names; BadCheckpoint."""
    try:
        body = json.loads(text)
        signature = body.pop("signature")
        if set(body) != _FIELDS or not isinstance(signature, str):
            raise BadCheckpoint("fields")
        heads = {str(name): (int(seq), str(link)) for name, (seq, link) in body["heads"].items()}
        made = Checkpoint(
            number=int(body["number"]),
            at=int(body["at"]),
            heads=heads,
            previous=str(body["previous"]),
            public=str(body["public"]),
            digest=_digest(text),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCheckpoint("not a checkpoint") from error
    if not signing.good(made.public, PURPOSE, canonical(body), signature):
        raise BadCheckpoint("signature")
    return made


def write(unit: Unit) -> Path | None:
    """Write where the chains stand now; None if they stand as in the last one."""
    heads = {row.district: [row.seq, row.hash] for row in unit.db.scalars(select(AuditHead))}
    last = _last(unit)
    if not heads or (last and last.get("heads") == heads):
        return None
    signer = Signer.load(unit.settings.data_dir)
    body: dict[str, Any] = {
        "at": unit.now,
        "heads": heads,
        "number": last["number"] + 1 if last else 1,
        "previous": last["digest"] if last else "",
        "public": signer.public,
    }
    body["signature"] = signer.sign(PURPOSE, canonical(body))
    path = _place(unit.settings.data_dir, body["number"])
    put_once(path, f"{canonical(body)}\n".encode())
    return path


def sweep(unit: Unit) -> int:
    """Write one when it is time, and tell of the first one of a day; how many were written."""
    last = _last(unit)
    if last and unit.now < last["at"] + unit.settings.checkpoint_s * 1000:
        return 0
    path = write(unit)
    if path and (not last or china_day(last["at"]) != china_day(unit.now)):
        outbox.tell(unit, WRITTEN, path.stem, {"number": int(path.stem)})
    return int(path is not None)


def _place(data_dir: Path, number: int) -> Path:
    return folder(data_dir) / f"{number:08}.json"


def _last(unit: Unit) -> dict[str, Any] | None:
    """The newest one as it stands, with its digest. A damaged one is for `audit verify` to name;
    the next then begins a run of its own behind it."""
    every = files(unit.settings.data_dir)
    if not every:
        return None
    text = every[-1].read_text("utf-8", errors="replace")
    found: dict[str, Any] = {"number": int(every[-1].stem), "at": 0, "digest": _digest(text)}
    try:
        one = read(text)
    except BadCheckpoint:
        return found
    heads = {district: list(head) for district, head in one.heads.items()}
    return found | {"at": one.at, "heads": heads}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
