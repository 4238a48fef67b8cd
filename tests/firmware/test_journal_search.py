"""The journal searched: any order of writing, cutting and telling; any damage to its files."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from terminal.journal import Journal

pytestmark = pytest.mark.slow  # takes seconds

ROOM = 24_576


def left(journal: Journal, first: int = 1) -> list[dict[str, Any]]:
    """All entries from `first` on; the cursor stays where it was."""
    kept, at = journal.sent_to, first
    found: list[dict[str, Any]] = []
    while True:
        entries, to = journal.batch(3000, at)
        if to < at:
            journal.sent_to = kept
            return found
        numbers = [entry["seq"] for entry in entries]
        assert numbers == sorted(set(numbers))
        assert all(at <= seq <= to for seq in numbers)
        found += entries
        at = to + 1


class Writing(RuleBasedStateMachine):
    """`safe`: what was acknowledged as being in flash, by seq; `waiting`: what was not yet."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.boots = 0
        self.safe: dict[int, tuple[str, int]] = {}
        self.waiting: dict[int, tuple[str, int]] = {}
        self.given = self.stored = 0
        self.count = 0
        self.start()

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        self.boots += 1
        path = f"{self.folder}/journal"
        self.journal = Journal(path, lambda n: bytes([self.boots % 250]) * n, self.boots, ROOM)
        self.log = getattr(self, "log", self.journal.log)

    def settle(self) -> None:
        self.safe |= self.waiting
        self.waiting = {}

    def add(self, critical: bool, words: str) -> None:
        self.count += 1
        kind = "on" if critical else "refuse"
        seq = self.journal.add(kind, self.count, 0, critical, n=self.count, words=words)
        assert seq > max([*self.safe, *self.waiting, 0])
        self.waiting[seq] = (kind, self.count)
        if critical:
            self.settle()

    @rule(critical=st.booleans(), words=st.text(max_size=30))
    def one(self, critical: bool, words: str) -> None:
        self.add(critical, words)

    @rule(many=st.integers(20, 120), share=st.integers(1, 12))
    def many(self, many: int, share: int) -> None:
        for n in range(many):
            self.add(n % share == 0, "x" * 60)

    @rule()
    def flush(self) -> None:
        assert self.journal.flush()
        self.settle()

    @rule()
    def power_cut(self) -> None:
        self.start()
        for seq, what in self.waiting.items():
            if any(entry["seq"] == seq and entry["n"] == what[1] for entry in left(self.journal)):
                self.safe[seq] = what
        self.waiting = {}

    @rule(most=st.integers(1, 4000))
    def send(self, most: int) -> None:
        entries, to = self.journal.batch(most)
        self.settle()
        assert to >= self.journal.sent_to
        assert len(entries) <= 1 or sum(len(str(entry)) for entry in entries[:-1]) < most * 2
        self.given = max(self.given, to)
        self.journal.sent(to)

    @rule(back=st.integers(0, 40))
    def cloud_has(self, back: int) -> None:
        to = self.given - back
        taken = self.journal.stored(self.log, to)
        assert taken == (to > self.stored)
        if taken:
            self.stored = to
            self.settle()

    @rule(seq=st.integers(0, 3000))
    def again(self, seq: int) -> None:
        self.journal.rewind(seq)

    @rule(to=st.integers(1, 10_000))
    def somebody_elses_stored(self, to: int) -> None:
        assert not self.journal.stored("ff" * 8, to)
        assert not self.journal.stored(self.log, self.journal.last + to)

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "journal"):
            return
        journal = self.journal
        assert (journal.log, journal.corrupt, journal.failed) == (self.log, 0, 0)
        assert journal.stored_to == self.stored
        found = {entry["seq"]: entry for entry in left(journal)}
        self.settle()  # a batch puts in flash what waits
        gaps = [entry for entry in found.values() if entry["kind"] == "gap"]
        for seq, (kind, n) in self.safe.items():
            if seq in found:
                assert (found[seq]["kind"], found[seq]["n"]) == (kind, n)
            elif seq > self.stored:
                assert journal.full
                older = [
                    other
                    for other, what in self.safe.items()
                    if other in found and what[0] == "refuse" and other < seq
                ]
                assert kind == "refuse" or not older, "a critical one went before a common one"
                told = any(gap["from"] <= seq <= gap["to"] for gap in gaps)
                assert told or kind == "on" or journal.dropped > sum(gap["count"] for gap in gaps)
        assert set(found) <= set(self.safe) | {gap["seq"] for gap in gaps}
        self.given = max(self.given, journal.last)


TestWriting = Writing.TestCase
TestWriting.settings = settings(max_examples=40, stateful_step_count=30)


class Written:
    """A journal of several segments, and what is in it."""

    def __init__(self, folder: Path, entries: dict[int, dict[str, Any]]) -> None:
        self.folder, self.entries = folder, entries


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    folder = tmp_path_factory.mktemp("written")
    journal = Journal(str(folder / "journal"), lambda n: b"\xaa" * n, 1)
    for n in range(300):
        journal.add("on", n, 0, n % 4 == 0, n=n, words="焊" * (n % 20))
    journal.flush()
    journal.stored(journal.log, journal.batch(9000)[1])
    return Written(folder, {entry["seq"]: entry for entry in left(journal)})


DAMAGE = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "garbage", "noise", "empty", "remove", "repeat")),
        st.integers(0, 20),
        st.integers(0, 1 << 30),
    ),
    min_size=1,
    max_size=6,
)


def damage(file: Path, how: str, place: int) -> None:
    data = bytearray(file.read_bytes())
    place %= len(data) + 1
    if how == "flip" and place < len(data):
        data[place] ^= 1 << (place % 8)
    elif how == "cut":
        del data[place:]
    elif how == "garbage":
        data[place : place + 50] = bytes((place * n) & 255 for n in range(50))
    elif how == "noise":
        data = bytearray((place * n * n) & 255 for n in range(len(data)))
    elif how == "empty":
        data = bytearray()
    elif how == "repeat":
        data += bytes(data)
    file.write_bytes(data)


@given(done=DAMAGE)
@settings(max_examples=150)
def test_whatever_happens_to_the_files_the_terminal_goes_on(
    written: Written, done: list[tuple[str, int, int]]
) -> None:
    before = written.entries
    with tempfile.TemporaryDirectory() as place:
        path = shutil.copytree(written.folder / "journal", Path(place) / "journal")
        for how, which, at in done:
            files = sorted(path.iterdir())
            if files and how == "remove":
                files[which % len(files)].unlink()
            elif files:
                damage(files[which % len(files)], how, at)
        journal = Journal(str(path), lambda n: b"\xbb" * n, 2)
        same = journal.log == "aa" * 8
        assert same or journal.log == "bb" * 8
        for entry in left(journal):
            assert entry["kind"] == "gap" or entry == before[entry["seq"]]
        journal.add("clock", 1, 0, critical=False, n=-1)
        seq = journal.add("boot", 1, 0, n=-2)
        if same and journal.corrupt and not any(how in ("cut", "empty") for how, *_ in done):
            assert "remove" in [how for how, *_ in done] or seq not in before
        again = Journal(str(path), lambda n: b"\xcc" * n, 3)
        assert again.log == journal.log
        kept = {entry["seq"]: entry for entry in left(again)}
        assert (kept[seq - 1]["n"], kept[seq]["n"]) == (-1, -2)


@given(
    content=st.dictionaries(st.text("cn0189", min_size=1, max_size=12), st.binary(max_size=200))
)
@settings(max_examples=100)
def test_a_folder_full_of_nonsense_becomes_a_new_log(content: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "journal"
        path.mkdir()
        for name, data in content.items():
            (path / name).write_bytes(data)
        journal = Journal(str(path), lambda n: b"\xbb" * n, 2)
        assert journal.log == "bb" * 8
        assert journal.add("boot", 1, 0) == 1
        assert [entry["kind"] for entry in left(journal)] == ["boot"]
