"""Power cuts while the journal appends, rotates, drops, takes in `stored`, and starts."""

from sweep import say, sweep
from terminal.journal import Journal

ROOM = 24576
BLOCKS = 24
boots = 0
seen = {"dropped": 0}  # what the longest run came to


def start(root):
    global boots
    boots += 1
    return Journal(root + "/journal", lambda n: bytes([boots & 255] * n), boots, ROOM)


def whole(journal):
    """Every entry that is left, by seq; all are of one log, in order, and sane."""
    journal.rewind(1)
    found = {}
    while True:
        first = journal.sent_to + 1
        entries, to = journal.batch(2000)
        if to < first:
            return found
        for entry in entries:
            assert entry["log"] == journal.log
            assert first <= entry["seq"] <= to and entry["seq"] not in found
            found[entry["seq"]] = entry
        journal.sent(to)


def check(root, acked):
    journal = start(root)
    assert journal.corrupt == 0, journal.corrupt
    found = whole(journal)
    gone = [entry for entry in found.values() if entry["kind"] == "gap"]
    stored = 0
    for what, log, seq, value in acked:
        assert log == journal.log, "another log"
        assert seq <= journal.last, "the number would be used twice"
        if what == "stored":
            stored = max(stored, seq)
        elif seq in found:
            assert found[seq].get("n") == value, (found[seq], value)
        else:
            told = [gap for gap in gone if gap["from"] <= seq <= gap["to"]]
            assert told or seq <= journal.stored_to, ("lost", seq)
            assert what == "other" or seq <= journal.stored_to, ("critical lost", seq)
    assert journal.stored_to >= stored
    if not journal.stored_to:
        missing = [seq for seq in range(1, journal.last + 1) if seq not in found]
        assert journal.dropped == len(missing), (journal.dropped, missing)
    seq = journal.add("on", 9, 0, n=-1)
    assert whole(start(root))[seq]["n"] == -1
    assert seq not in found


def few(root, ack):
    """A new log, critical and other entries, flush, a batch, stored."""
    journal = start(root)
    for n in range(6):
        seq = journal.add("clock", n, 0, critical=False, n=n)
        seq = journal.add("on", n, 0, n=n)
        ack(("critical", journal.log, seq, n))
    seq = journal.add("refuse", 1, 0, critical=False, n=77)
    assert journal.flush()
    ack(("other", journal.log, seq, 77))
    _, to = journal.batch(500)
    assert journal.stored(journal.log, to)
    ack(("stored", journal.log, to, 0))


def many(root, ack):
    """A journal that is full."""
    journal = start(root)
    n = 0
    while journal._used() < ROOM - 500:
        n += 1
        seq = journal.add("refuse", n, 0, critical=n % 9 == 0, n=n)
        ack(("other" if n % 9 else "critical", journal.log, seq, n))
    journal.flush()


def overflow(root, ack):
    """On from there: segments are dropped, first unstored ones, then stored ones."""
    journal = start(root)
    before = journal.dropped
    for n in range(1000, 1020):
        critical = n % 3 == 0
        seq = journal.add("refuse", n, 0, critical=critical, n=n, word="x" * 40)
        if critical:
            ack(("critical", journal.log, seq, n))
    assert journal.flush()
    for _ in range(2):
        _, to = journal.batch(9000)
        journal.sent(to)
        if journal.stored(journal.log, to):
            ack(("stored", journal.log, to, 0))
    seen["dropped"] = max(seen["dropped"], journal.dropped - before)


def crowd(root, ack):
    """The flash is smaller than the journal's room, and full."""
    global ROOM
    ROOM = 98304
    journal = start(root)
    while not journal.failed:
        journal.add("refuse", 1, 0, critical=journal.last % 3 == 0, n=0, word="x" * 40)


def crowded(root, ack):
    journal = start(root)
    for n in range(1000, 1030):
        seq = journal.add("refuse", n, 0, critical=n % 3 == 0, n=n, word="x" * 40)
        if n % 3 == 0 and not any([journal._held[row] for row in "cn"]):
            ack((seq, n))


def goes_on(root, acked):
    """Old entries may have gone; none is wrong, and the newest can be written."""
    journal = start(root)
    found = whole(journal)
    for seq, n in acked:
        assert seq <= journal.last
        assert seq not in found or found[seq]["n"] == n
    assert not acked or acked[-1][0] in found
    seq = journal.add("on", 9, 0, n=-1)
    assert seq not in found
    assert whole(start(root))[seq]["n"] == -1


say("journal", sweep(few, check, blocks=BLOCKS, again=2))
say("journal full", sweep(overflow, check, many, blocks=BLOCKS), dropped=seen["dropped"])
say("journal on a full flash", sweep(crowded, goes_on, crowd, blocks=10))
