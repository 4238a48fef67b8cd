"""Spoils what is good: bytes, texts and JSON values. Runs on MicroPython and on CPython."""

import json
import random

NOISE = (
    b"\x00", b"\xff", b"\r", b"\n", b"\r\n", b",", b":", b'"', b">", b" ", b"-1", b"OK\r\n",
    b"ERROR\r\n", b"+CIPRXGET: 2,0,9999999,0\r\n", b"+CME ERROR: 10\r\n", b"99999999999999999999",
    b"\xe7\x84\x8a", b"[[[[[[[[", b"{", b"}", b"\\u", b"\\ud800", b"null", b"1e999", b"%s%n", b"=",
)  # fmt: skip
VALUES = (
    None, True, False, 0, 1, -1, 65, 1 << 31, -(1 << 31), 1 << 53, 1 << 63, 1 << 200, 1.5, -0.0,
    "", "0", "x", "x" * 65, "焊" * 130, "\x00", "a|b", "\\", '"', "j1", "on", [], [1], [[[]]],
    {}, {"a": {}}, {"content": {}}, [None] * 30,
)  # fmt: skip


def below(limit):
    return random.getrandbits(24) % limit


def pick(things):
    return things[below(len(things))]


def noise(most):
    return bytes([random.getrandbits(8) for _ in range(below(most))])


def bytes_of(data):
    """Other bytes, made of `data` by one to three small accidents."""
    for _ in range(1 + below(3)):
        data = pick(_ACCIDENTS)(data, below(len(data) + 1))
    return data


def _flip(data, at):
    if at >= len(data):
        return data + b"\x01"
    return data[:at] + bytes([data[at] ^ 1 << below(8)]) + data[at + 1 :]


def _cut(data, at):
    return data[:at]


def _lose(data, at):
    return data[:at] + data[at + 1 + below(8) :]


def _put(data, at):
    return data[:at] + pick(NOISE) + data[at:]


def _repeat(data, at):
    return data[:at] + data[at : at + 1 + below(12)] * (2 + below(4)) + data[at:]


def _number(data, at):
    """Another number in the place of the next one."""
    end = at
    while at < len(data) and not 0x30 <= data[at] <= 0x39:
        at += 1
    end = at
    while end < len(data) and 0x30 <= data[end] <= 0x39:
        end += 1
    return data[:at] + pick((b"", b"-1", b"0", b"4294967296", b"1.5", b"65536", b"x")) + data[end:]


def _random(data, at):
    return data[:at] + noise(40)


_ACCIDENTS = (_flip, _flip, _cut, _lose, _put, _put, _repeat, _number, _number, _random)


def value_of(whole):
    """The same object with one value replaced, left out, or put in too much; the old one stays."""
    made = json.loads(json.dumps(whole))
    place = made
    while True:
        if not isinstance(place, dict) or not place:
            return made
        name = pick(sorted(place))
        inner = place[name]
        if isinstance(inner, dict) and inner and below(4):
            place = inner
            continue
        how = below(5)
        if how == 0:
            del place[name]
        elif how == 1:
            place[pick(("x", "", "job", "content", "mac"))] = pick(VALUES)
        else:
            place[name] = pick(VALUES)
        return made
