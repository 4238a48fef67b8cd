"""Canonical JSON, keys and macs (protocol page, first section). Pure."""

import hashlib
from binascii import hexlify

_BLOCK = 64
_DEPTH = 8


def hmac_sha256(key, text):
    """32 bytes; `key` is at most 64 bytes long."""
    padded = key + bytes(_BLOCK - len(key))
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in padded))
    inner.update(text)
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in padded))
    outer.update(inner.digest())
    return outer.digest()


def derive(secret, label):
    """A key in use (`mqtt`, `command`, `ticket`, `receipt`) from the terminal's secret."""
    return hmac_sha256(secret, label.encode())


def tag(key, text):
    """The mac of a text as it goes over the wire: the first 16 bytes, in hex."""
    return hexlify(hmac_sha256(key, text.encode())[:16]).decode()


def same(one, other):
    """Compares two texts without telling by its time where they differ."""
    if not isinstance(one, str) or not isinstance(other, str) or len(one) != len(other):
        return False
    difference = 0
    for a, b in zip(one, other):
        difference |= ord(a) ^ ord(b)
    return difference == 0


def canonical(value, depth=_DEPTH):
    """The one spelling of a JSON value that a mac covers; ValueError for what has none."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value)
    if depth == 0:
        raise ValueError("too deep")
    if isinstance(value, list):
        return "[" + ",".join([canonical(item, depth - 1) for item in value]) + "]"
    if isinstance(value, dict) and all([isinstance(k, str) for k in value]):
        parts = [_string(k) + ":" + canonical(value[k], depth - 1) for k in sorted(value)]
        return "{" + ",".join(parts) + "}"
    raise ValueError("no canonical form")


def _string(text):
    for letter in text:
        code = ord(letter)
        if code < 0x20 or code == 0x7F or code > 0xFFFF or 0xD800 <= code < 0xE000:
            raise ValueError("letter")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
