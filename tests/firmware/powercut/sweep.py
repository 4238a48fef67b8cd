"""Cuts the power at every flash operation of a piece of firmware, on genuine littlefs.

For MicroPython's unix port; see cut_memory.py for the shortest use.

    say("what", sweep(act, check, prepare))

`prepare(root, ack)` makes the flash's first content, once. `act(root, ack)` is the firmware at
work from its start on, under the mounted folder `root`; it calls `ack(thing)` as soon as
something counts as done (an entry was acknowledged, a ticket's number spent). `check(root,
acked)` runs after the power has come back: it starts the firmware anew and asserts that all of
`acked` is there and that what is there makes sense. Each flash operation of `act` (erase or
program) is cut twice: cleanly before it, and half done. With `again=k`, after each such cut `act`
runs once more from what is left and is cut a second time, at k places spread over its length,
before the check: power seldom fails once.

`root` also is where the NVS stand-in keeps its values (call `nvs(root)` first in act and check),
so that a put is cut at each of its steps as well. Nothing is kept between two runs but the flash:
make all objects anew, and let no module keep state (or reset it in `act`). `blocks` is the size
of the flash in 4 kB: the smaller, the quicker. What catches `BaseException` would hide the cut.
`say` prints the figures; tests/firmware/test_power_cut.py runs each script here named `cut_*.py`.
"""

import builtins
import gc
import json
import os
import sys

import vfs
from nor import Cut, Nor

ROOT = "/flash"
BLOCKS = 96


_open = builtins.open
_opened = []


def _remembered(*arguments):
    file = _open(*arguments)
    _opened.append(file)
    if len(_opened) > 50:
        _opened.pop(0)  # long closed
    return file


builtins.open = _remembered  # a cut leaves files open: the collector must not find them so


class Board:
    """Flash with a littlefs on it, mounted at ROOT."""

    def __init__(self, content=None, blocks=BLOCKS, cut_at=0, half=False):
        self.nor = Nor(blocks, content=content)
        if content is None:
            vfs.VfsLfs2.mkfs(self.nor)
        vfs.mount(vfs.VfsLfs2(self.nor), ROOT)
        self.nor.operations = 0
        self.nor.cut_at, self.nor.half = cut_at, half

    def off(self):
        """The flash's content, as the next start finds it."""
        self.nor.released = True
        while _opened:
            try:
                _opened.pop().close()
            except OSError:
                pass
        vfs.umount(ROOT)
        return self.nor.content


def nvs(root=ROOT):
    """The NVS stand-in keeps its values on this flash."""
    os.putenv("HANMA_NVS", root + "/nvs")
    try:
        os.mkdir(root + "/nvs")
    except OSError:
        pass


def sweep(act, check, prepare=None, blocks=BLOCKS, again=0, every=1):
    """How many cuts were made; AssertionError (with the place) for the first that did harm."""
    board = Board(blocks=blocks)
    before = []
    if prepare:
        prepare(ROOT, before.append)
    start = board.off()
    whole, acked, length = _run(act, start, before=before)
    assert length > 0, "nothing was written"
    _check(check, whole, acked, "no cut")
    cuts = 0
    for half in (False, True):
        for cut_at in range(1, length + 1, every):
            left, acked, _ = _run(act, start, cut_at, half, before)
            cuts += 1
            _check(check, bytearray(left), acked, (cut_at, half))
            for k in range(again):
                second = 1 + (cut_at * 7 + k * length // again) % length
                later, more, _ = _run(act, left, second, not half, acked)
                cuts += 1
                _check(check, later, more, (cut_at, half, second))
    return cuts


def _run(act, content, cut_at=0, half=False, before=()):
    """(content left, what was acknowledged, operations done); the content given stays as it is."""
    board = Board(bytearray(content), cut_at=cut_at, half=half)
    acked = list(before)
    try:
        act(ROOT, acked.append)
    except Cut:
        pass
    done = board.nor.operations
    return board.off(), acked, done


def _check(check, content, acked, place):
    board = Board(content)
    try:
        check(ROOT, acked)
    except Exception as error:
        print("power cut", place, "of", len(acked), "acknowledged")
        sys.print_exception(error)
        sys.exit(1)
    board.off()
    gc.collect()


def say(name, cuts, **figures):
    figures.update(name=name, cuts=cuts)
    print("=" + json.dumps(figures))
