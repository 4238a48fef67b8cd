"""The power-safe event log (docs/journal.md has its files, its macs and what a batch says).

Two rows of small segment files in one folder: `c…` for critical entries, each flushed before `add`
returns, `n…` for the others, flushed by `flush`. A line is `crc32 seq canonical-JSON`; seq 0 marks
a line about the log itself. Dropping the oldest non-critical entries is one unlink. Nothing here
raises for a broken or a full flash: see `failed`, `corrupt`, `dropped`, `full`.
"""

import hashlib
import json
import os
from binascii import crc32, hexlify

from terminal import mac

_SEGMENT = 8192
_HELD = 1024  # bytes of non-critical lines that wait in RAM at most
_LONGEST = 1024  # bytes of one entry; what is longer has its texts cut
_TEXT = 100
_READ = 1100  # asked for in one piece of heap, so not more than a line can have
_SKIP = 1000  # numbers left out where flash lost its newest lines: none is ever used twice
_ENOSPC = 28


def batch_mac(key, device, log, first, last, entries):
    """The mac (key `receipt`) under a batch: `entries` is all that is left of first..last."""
    digest = hexlify(hashlib.sha256(mac.canonical(entries).encode()).digest()).decode()
    return mac.tag(key, "%s|entries|%s|%d|%d|%s" % (device, log, first, last, digest))


class Journal:
    """`folder` belongs to it alone; its parent exists. `random(8)` gives bytes.

    log        hex id made with an empty journal
    last       the newest seq; stored_to: up to which the cloud has all; sent_to: the RAM cursor
    dropped    unstored entries that the room had no place for, since this log began
    full       some were dropped since the cloud last had everything
    corrupt    bad lines met while reading; failed: writes that flash refused
    """

    def __init__(self, folder, random, boot_count, room_bytes=98304):
        self._folder, self._boot, self._room = folder, boot_count, room_bytes
        self.last = self.stored_to = self.dropped = self.corrupt = self.failed = 0
        self.full = False
        self._news = False  # whether flash lacks something that a line about the log says
        self.log = self._gone = ""  # the file whose dropping the gap entry already tells
        self._files = {"c": [], "n": []}  # [name, bytes], oldest first
        self._held = {"c": b"", "n": b""}
        self._now = (0, None)
        try:
            self._open()
        except (OSError, ValueError):
            pass
        if not self.log:
            self._begin(hexlify(random(8)).decode())
        self.sent_to = self.stored_to
        self._given = self.last  # may have been sent before this start

    # writing ---------------------------------------------------------------------

    def add(self, kind, up, at, critical=True, **fields):
        """The entry's seq. `at` (epoch ms) is 0 or None until the clock was set."""
        self._now = (up, at)
        seq = self._put("c" if critical else "n", kind, fields)
        if critical or len(self._held["n"]) > _HELD:
            self.flush()
        return seq

    def flush(self):
        """All that was added is in flash, or False."""
        while True:
            try:
                self._write("n")
                while self._used() > self._room and self._shed():
                    pass
                self._write("c")
                return True
            except OSError as error:
                self.failed += 1
                if error.errno != _ENOSPC or not self._shed():
                    return False

    def _put(self, row, kind, fields):
        self.last += 1
        fields["boot"], fields["kind"], fields["up"] = self._boot, kind, self._now[0]
        if self._now[1]:
            fields["at"] = self._now[1]
        try:
            text = mac.canonical(fields)
            if len(text.encode()) > _LONGEST:
                raise ValueError
        except ValueError:
            text = mac.canonical({name: _plain(fields[name]) for name in fields})
        if len(self._held[row]) < _SEGMENT:
            self._held[row] += _line(self.last, text)
        else:  # flash has refused for long
            self.dropped += 1
            self.full = True
        return self.last

    def _write(self, row):
        data, files = self._held[row], self._files[row]
        if not data and not (self._news and row == "c"):
            return
        if not files or files[-1][1] >= _SEGMENT:
            number = int(data.split(b" ", 2)[1]) if data else self.last + 1
            if files:
                number = max(number, _number(files[-1]) + 1)
            files.append([row + "%010d" % number, 0])
            self._news = self._news or row == "c"
        if self._news and row == "c":
            data += self._state()
        try:
            with open(self._path(files[-1]), "ab") as file:
                file.write(data)
        except OSError:
            if not files[-1][1]:
                self._remove(row, -1)
            elif os.stat(self._path(files[-1]))[6] != files[-1][1]:
                files[-1][1] = _SEGMENT  # who knows what is in it: nothing is written behind it
            raise
        files[-1][1] += len(data)
        self._held[row] = b""
        if row == "c":
            self._news = False

    def _state(self):
        kept = [self.log, self.stored_to, self.dropped, self.last, self.full, self._gone]
        return _line(0, json.dumps(kept))

    # room ------------------------------------------------------------------------

    def _used(self):
        return sum([file[1] for row in "cn" for file in self._files[row]])

    def _shed(self):
        """The oldest segment goes: first one that the cloud has, then a non-critical one, at last
        a critical one. False where none is left."""
        for row in "nc":
            files = self._files[row]
            if len(files) > 1 and _number(files[1]) <= self.stored_to + 1:
                self._remove(row)
                return True
        for row in "nc":
            if len(self._files[row]) > (row == "c"):
                self._drop(row)
                return True
        return False

    def _drop(self, row):
        """The gap is in flash before the file goes; a cut between is made good by `_open`."""
        first, last, count = 0, 0, 0
        for seq, _ in self._lines(self._files[row][0]):
            if seq > self.stored_to:
                first, last, count = first or seq, seq, count + 1
        if count:
            self.dropped += count
            self.full = True
            self._gone = self._files[row][0][0]
            self._put("c", "gap", {"from": first, "to": last, "count": count})
            self._news = True
            try:
                self._write("c")
            except OSError:
                self.failed += 1  # stays in RAM until there is room
        self._remove(row)

    def _remove(self, row, place=0):
        try:
            os.remove(self._path(self._files[row].pop(place)))
        except OSError:
            self.failed += 1

    # reading ---------------------------------------------------------------------

    def _open(self):
        try:
            os.mkdir(self._folder)
        except OSError:
            pass
        for name in sorted(os.listdir(self._folder)):
            if name[0] in "cn" and name[1:].isdigit():
                size = os.stat(self._folder + "/" + name)[6]
                self._files[name[0]].append([name, size])
        state = None
        for row in "nc":
            for file in reversed(self._files[row]):
                state = self._newest(file)
                if state or row == "n":
                    break
        if state:
            self.log, self.stored_to, self.dropped, last, self.full, gone = state
            self.last = max(self.last, last)
            for row in "cn":
                if self._files[row] and self._files[row][0][0] == gone:
                    self._remove(row)

    def _newest(self, file):
        """What the last line about the log says in this file, or None; raises `last`."""
        state, bad = None, self.corrupt
        self.last = max(self.last, _number(file) - 1)
        for seq, text in self._lines(file):
            self.last = max(self.last, seq)
            if not seq:
                state = json.loads(text)
        if self.corrupt > bad:
            self.last += _SKIP
            file[1] = max(file[1], _SEGMENT)  # nothing is written behind it
        return state

    def _begin(self, log):
        """A new log; what could not be read goes."""
        self.log, self.last = log, 0
        for row in "cn":
            while self._files[row]:
                self._remove(row)
        self._news = True
        self.flush()

    def _lines(self, file):
        """(seq, text) of each good line; to be read to its end, or closed."""
        try:
            with open(self._path(file), "rb") as lines:
                while True:
                    line = lines.readline(_READ)
                    if not line:
                        return
                    try:
                        sum, rest = line[:8], line[9:-1]
                        if line[-1] != 10 or int(sum, 16) != crc32(rest):
                            raise ValueError
                        seq, text = rest.split(b" ", 1)
                        seq = int(seq)
                    except ValueError:
                        self.corrupt += 1
                        continue
                    yield seq, text
        except OSError:
            self.corrupt += 1

    def _entries(self, row, first):
        files = self._files[row]
        for place, file in enumerate(files):
            if place + 1 < len(files) and _number(files[place + 1]) <= first:
                continue
            for seq, text in self._lines(file):
                if seq >= first:
                    yield seq, text

    def _path(self, file):
        return self._folder + "/" + file[0]

    # sending ---------------------------------------------------------------------

    def batch(self, max_bytes, first=None):
        """(entries, to): all that is left of `first`..to, about `max_bytes` of it, one at least.

        `first` is sent_to + 1 unless given. ([], first - 1) when there is nothing newer.
        """
        self.flush()
        first = first or self.sent_to + 1
        if first > self.last:  # asked every minute: not worth reading a segment for
            return [], first - 1
        rows = [self._entries(row, first) for row in "cn"]
        try:
            entries, to = self._merge(rows, max_bytes, first - 1)
        finally:
            for row in rows:
                row.close()
        self._given = max(self._given, to)
        return entries, to

    def _merge(self, rows, max_bytes, to):
        heads = [next(row, None) for row in rows]
        entries = []
        while heads[0] or heads[1]:
            place = 0 if heads[0] and not (heads[1] and heads[1] < heads[0]) else 1
            seq, text = heads[place]
            if seq > to:
                max_bytes -= len(text) + 40
                if entries and max_bytes < 0:
                    return entries, to
                entry = json.loads(text)
                entry["log"], entry["seq"] = self.log, seq
                entries.append(entry)
                to = seq
            heads[place] = next(rows[place], None)
        waiting = self._held["n"] or self._held["c"]  # flash has refused: not to be called gone
        return entries, to if waiting else max(to, self.last)

    def parcel(self, device, key, max_bytes, first=None):
        """The paras of event `journal`/`entries`, or None when there is nothing newer."""
        first = first or self.sent_to + 1
        entries, to = self.batch(max_bytes, first)
        if to < first:
            return None
        told = {"log": self.log, "from": first, "to": to, "entries": entries}
        told["mac"] = batch_mac(key, device, self.log, first, to, entries)
        return told

    def sent(self, seq):
        self.sent_to = seq

    def rewind(self, seq):
        """The next batch begins at `seq`, or at what is left behind it."""
        self.sent_to = min(max(seq - 1, 0), self.last)

    def stored(self, log, to):
        """The cloud has all up to `to` (the caller has checked the mac). False if ignored."""
        if log != self.log or not isinstance(to, int) or not self.stored_to < to <= self._given:
            return False
        self.stored_to = to
        self.sent_to = max(self.sent_to, to)
        if to >= self.last:
            self.full = False
        self._news = True
        return self.flush()


def _number(file):
    return int(file[0][1:])


def _line(seq, text):
    body = ("%d %s" % (seq, text)).encode()
    return b"%08x " % crc32(body) + body + b"\n"


def _plain(value):
    """A value as it is kept where the whole had no canonical form, or was too long."""
    if isinstance(value, int):
        return value
    return "".join([c if " " <= c < "\x7f" else "?" for c in str(value)[:_TEXT]])
