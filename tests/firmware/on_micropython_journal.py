"""Runs inside MicroPython on the compiled image: the journal and the crash record, as asked."""

import json
import os
import sys

from terminal.journal import Journal, batch_mac


def walk(case):
    """What the journal in `folder` answers to a list of [method, arguments…]."""
    told, journal = [], None
    for number, step in enumerate(case["steps"]):
        what, arguments = step[0], step[1:]
        if what == "start":
            journal = Journal(case["folder"], lambda n: b"\xaa" * n, number, arguments[0])
            told.append([journal.log, journal.last, journal.dropped, journal.corrupt])
        elif what == "add":
            many, critical, fields = arguments
            for up in range(many):
                last = journal.add("on", up, 0, critical, **fields)
            told.append(last)
        elif what == "parcel":
            parcel = journal.parcel(arguments[0], bytes(32), arguments[1]) or {}
            told.append([parcel.get(name) for name in ("from", "to", "mac")])
        else:
            methods = {"flush": journal.flush, "sent": journal.sent, "rewind": journal.rewind}
            told.append(methods[what](*arguments))
    return told


def batch(case):
    return batch_mac(*case)


def crash(case):
    """The record that the loader keeps of an error two calls deep."""
    import crash

    def deepest():
        raise ValueError(case["text"])

    def deeper():
        deepest()

    os.putenv("HANMA_NVS", case["folder"])
    try:
        deeper()
    except ValueError as error:
        crash.keep(error)
    with open(case["folder"] + "/hanma.crash") as file:
        return json.load(file)


KINDS = {"walk": walk, "batch": batch, "crash": crash}

if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        for line in file:
            kind, case = json.loads(line)
            try:
                if isinstance(case, list):
                    case[0] = bytes.fromhex(case[0])
                result = KINDS[kind](case)
            except Exception as error:
                result = {"raised": type(error).__name__}
            print("=" + json.dumps(result))
