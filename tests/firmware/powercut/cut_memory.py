"""Power cuts while small values are put: after each, the old value is there or the new one."""

from sweep import nvs, say, sweep
from terminal import starts
from terminal.board.store import Store
from terminal.memory import Memory

PUTS = []
for turn in range(4):
    PUTS += [
        ("locked", b"%d" % (turn % 2)),
        ("unlocked", b"%d" % (turn + 1 << 40)),
        ("policy", b'{"lease_max_s":%d,"more":"%s"}' % (turn, b"x" * 300 * turn)),
        ("tickets", bytes([turn]) * 48),
    ]


def puts(root, ack):
    nvs(root)
    store = Store()
    for place, (name, value) in enumerate(PUTS):
        store.put(name, value)
        ack(place)


def old_or_new(root, acked):
    nvs(root)
    store = Store()
    done = max(acked) + 1 if acked else 0
    for name in ("locked", "unlocked", "policy", "tickets"):
        old = [value for what, value in PUTS[:done] if what == name][-1:] or [None]
        coming = [PUTS[done][1]] if done < len(PUTS) and PUTS[done][0] == name else []
        assert store.get(name, 1024) in old + coming, name
    store.put("locked", b"7")
    assert Store().get("locked") == b"7"


def works(root, ack):
    """The ended jobs as the application keeps them, the lock between them."""
    nvs(root)
    store = Store()
    memory = Memory(store)
    for turn in range(12):
        memory.ended = (memory.ended + ["j%d" % turn])[-16:]
        ack(("ended", turn))
        store.put("locked", b"%d" % (turn % 2))
        ack(("locked", turn % 2))


def stands(root, acked):
    nvs(root)
    store = Store()
    ended = Memory(store).ended
    assert ended == ["j%d" % n for n in range(len(ended))]
    told = {}
    for name, value in acked:
        told[name] = value
    if "ended" in told:
        assert len(ended) - 1 - told["ended"] in (0, 1)
    if "locked" in told and len(ended) == told["ended"] + 1:
        assert store.get("locked") in (b"%d" % told["locked"], b"%d" % (told["ended"] % 2))


def runs(root, ack):
    """Starts, crashes and restarts by its own will, one after the other."""
    nvs(root)
    for turn in range(8):
        store = Store()
        number, _ = starts.begin(store, "power")
        ack(number)
        starts.told(store)
        if turn % 2:
            starts.leaving(store, "upgrade")
        else:
            store.put("crash", b'{"type":"OSError"}')


def next_start(root, acked):
    nvs(root)
    number, fields = starts.begin(Store(), "power")
    assert not acked or number - acked[-1] in (1, 2), (number, acked)
    assert fields["reason"] in ("power", "upgrade", "crash")
    assert (fields["reason"] == "crash") <= (fields.get("crash") == {"type": "OSError"})


say("values", sweep(puts, old_or_new, blocks=16))
say("memory", sweep(works, stands, blocks=16))
say("starts", sweep(runs, next_start, blocks=16))
