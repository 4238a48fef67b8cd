"""The audit trail judged as a whole: every chain, and every checkpoint against its chain.

Names the row that was changed, removed, moved or added. Where a row was changed together with its
own hash, the row after it no longer fits; that one is named, and the words say so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select, union

from cloud.base.signing import Signer
from cloud.base.unit import Unit
from cloud.book import checkpoints
from cloud.book.audit import GENESIS, AuditHead, AuditRow, body_digest, link, link_of, told
from cloud.book.checkpoints import BadCheckpoint, Checkpoint

_GUESSES = 100  # odd rows of one chain among which former places are looked for: cubed, 2 s
_LISTED = 1000


@dataclass(frozen=True)
class Finding:
    """`row` = "{district}:{seq}" or the checkpoint's file name; `what` = changed, removed, moved,
    added, rewritten, rolled-back, foreign-key; `note` = what more is known, in English."""

    row: str
    what: str
    note: str = ""


@dataclass
class Report:
    """`outside` = how many checkpoints that had left were held against what is here."""

    rows: int = 0
    districts: int = 0
    checkpoints: int = 0
    outside: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass
class _Chain:
    """One district's chain as it was walked: what is odd, and its hashes where they are asked."""

    district: str
    count: int = 0
    seq: int = 0
    last: str = GENESIS
    odd: list[tuple[AuditRow, str]] = field(default_factory=list)  # with the hash before it
    missing: list[int] = field(default_factory=list)
    lost: int = 0
    hashes: dict[int, str] = field(default_factory=dict)


def inspect(unit: Unit, more: Iterable[Path] = ()) -> Report:
    """Walk everything; a sound trail has no findings. `more` = checkpoints that were kept outside,
    beside those in HANMA_CHECKPOINTS_OUT."""
    report = Report()
    points = list(_points(unit, report))
    points += _outside(unit, report, points, more)
    points.sort(key=lambda one: one.number)
    wanted: dict[str, set[int]] = {}
    for point in points:
        for district, (seq, _hash) in point.heads.items():
            wanted.setdefault(district, set()).add(seq)
    for district in sorted({*_districts(unit), *wanted}):
        chain = _walked(unit, district, wanted.get(district, set()))
        report.rows += chain.count
        report.districts += 1
        found = [*_judged(chain), *_tail(unit, chain)]
        report.findings += found or _against(chain, points)
    return report


def _districts(unit: Unit) -> Iterator[str]:
    yield from unit.db.scalars(union(select(AuditRow.district), select(AuditHead.district)))


def _walked(unit: Unit, district: str, wanted: set[int]) -> _Chain:
    chain = _Chain(district)
    rows = select(AuditRow).where(AuditRow.district == district).order_by(AuditRow.seq)
    for row in unit.db.scalars(rows.execution_options(yield_per=1000)):
        after_gap = row.seq > chain.seq + 1
        if after_gap:
            chain.lost += row.seq - chain.seq - 1
            chain.missing += range(chain.seq + 1, min(row.seq, chain.seq + 1 + _LISTED))
        fits = after_gap or row.hash == link(chain.last, told(row))
        if not fits or row.seq < 1 or row.id != f"{district}:{row.seq}":
            chain.odd.append((row, chain.last))
        if row.seq in wanted:
            chain.hashes[row.seq] = row.hash
        chain.count += 1
        chain.seq, chain.last = row.seq, row.hash
    return chain


def _judged(chain: _Chain) -> Iterator[Finding]:
    """What is wrong inside a chain: holes, and odd rows by whether their hash fits elsewhere."""
    found = list(_named(chain))
    if chain.odd and not found:  # each would fit behind another: no chain all the same
        found = [_changed(chain, *chain.odd[0])]
    yield from found


def _named(chain: _Chain) -> Iterator[Finding]:
    filled = set()
    for row, before in chain.odd[:_GUESSES]:
        place = f"{chain.district}:{row.seq}"
        former = _former(chain, row)
        if former == row.seq and row.id == place:
            continue  # as it ever was: the row before it is the one
        if former is None:
            yield _changed(chain, row, before)
        elif former != row.seq:
            filled.add(former)
            yield Finding(place, "moved", f"it stood at {chain.district}:{former}")
        else:
            yield Finding(place, "changed", f"it is called {row.id}")
    for seq in chain.missing:
        if seq not in filled:
            yield Finding(f"{chain.district}:{seq}", "removed")


def _changed(chain: _Chain, row: AuditRow, before: str) -> Finding:
    place = f"{chain.district}:{row.seq}"
    alone = row.seq <= 1 or before == GENESIS
    note = "" if alone else "or the row before it, together with its hash"
    return Finding(place, "changed", note)


def _former(chain: _Chain, row: AuditRow) -> int | None:
    """The place at which the row's hash is right, looked for where something else is odd too."""
    odd = chain.odd[:_GUESSES]
    places = [row.seq, *(one.seq for one, _ in odd), *chain.missing[:_GUESSES]]
    before = {*(one.hash for one, _ in odd), *(last for _, last in odd)} - {GENESIS}
    said = told(row)
    for seq in dict.fromkeys(places):
        digest = body_digest(said | {"seq": seq})
        behind = before if seq > 1 else {GENESIS}  # nothing but the first row begins a chain
        if any(link_of(previous, digest) == row.hash for previous in behind):
            return seq
    return None


def _tail(unit: Unit, chain: _Chain) -> Iterator[Finding]:
    """The end of a chain against its head."""
    head = unit.db.get(AuditHead, chain.district, populate_existing=True)
    district = chain.district
    if head is None:
        if chain.count:
            yield Finding(f"{district}:head", "removed", "the end of the chain is not written")
        return
    for seq in range(chain.seq + 1, min(head.seq, chain.seq + _LISTED) + 1):
        yield Finding(f"{district}:{seq}", "removed")
    if head.seq < chain.seq:
        yield Finding(f"{district}:{chain.seq}", "added", f"the chain ends at {head.seq}")
    elif head.seq == chain.seq and head.hash != chain.last and not chain.odd:
        yield Finding(f"{district}:{chain.seq}", "changed", "or the end of the chain")


def _against(chain: _Chain, points: list[Checkpoint]) -> list[Finding]:
    """A chain that is whole in itself against what was signed: was it written anew?"""
    heads = [(point, point.heads.get(chain.district, (0, ""))) for point in points]
    wrong = [(seq, point) for point, (seq, head) in heads if seq and chain.hashes.get(seq) != head]
    if not wrong:
        return []
    seq, point = min(wrong, key=lambda one: one[0])
    sound = max((before for _point, (before, _head) in heads if before < seq), default=0)
    if seq > chain.seq:
        note = f"checkpoint {point.number} has {seq} rows"
        return [Finding(f"{chain.district}:{chain.seq + 1}", "removed", note)]
    note = f"by checkpoint {point.number} the first changed row is in {sound + 1}..{seq}"
    return [Finding(f"{chain.district}:{sound + 1}", "rewritten", note)]


def _points(unit: Unit, report: Report) -> Iterator[Checkpoint]:
    """The checkpoints that hold, in order; what is wrong with the others goes into the report."""
    own = Signer.load(unit.settings.data_dir)
    expected: dict[str, Any] = {"number": 1, "previous": ""}
    for path in checkpoints.files(unit.settings.data_dir):
        report.checkpoints += 1
        one = _point(path, own, report)
        if int(path.stem) != expected["number"]:
            missing = f"{expected['number']:08}.json"
            report.findings.append(Finding(missing, "removed", f"found {path.name} instead"))
        elif one and expected["previous"] not in (None, one.previous):
            report.findings.append(Finding(path.name, "changed", "does not follow the one before"))
        expected = {"number": int(path.stem) + 1, "previous": one.digest if one else None}
        if one:
            yield one


def _outside(
    unit: Unit, report: Report, here: list[Checkpoint], more: Iterable[Path]
) -> Iterator[Checkpoint]:
    """Those that had left and that nothing here is the same as: history as it was once signed."""
    own = Signer.load(unit.settings.data_dir)
    newest = max((int(path.stem) for path in checkpoints.files(unit.settings.data_dir)), default=0)
    known = {one.digest for one in here}
    paths = [*more]
    if unit.settings.checkpoints_out:
        try:
            paths += checkpoints.outside(Path(unit.settings.checkpoints_out))
        except OSError as error:
            note = f"the folder cannot be read: {error.strerror}"
            report.findings.append(Finding(unit.settings.checkpoints_out, "removed", note))
    for path in paths:
        report.outside += 1
        one = _signed(path, own, report)
        if one is None or one.digest in known:
            continue
        known.add(one.digest)
        if one.number > newest:
            note = f"it is number {one.number}, the newest here is {newest}"
            report.findings.append(Finding(path.name, "rolled-back", note))
        else:
            note = f"number {one.number} here is another one, or gone"
            report.findings.append(Finding(path.name, "rewritten", note))
        yield one


def _point(path: Path, own: Signer, report: Report) -> Checkpoint | None:
    one = _signed(path, own, report)
    if one and one.number != int(path.stem):
        report.findings.append(Finding(path.name, "moved", f"it is number {one.number}"))
        return None
    return one


def _signed(path: Path, own: Signer, report: Report) -> Checkpoint | None:
    try:
        one = checkpoints.read(path.read_text("utf-8", errors="replace"))
    except BadCheckpoint as error:
        report.findings.append(Finding(path.name, "changed", str(error)))
        return None
    if not own.ours(one.public, one.at):
        report.findings.append(Finding(path.name, "foreign-key", "not signed by this platform"))
        return None
    return one
