"""ECDSA on P-256 over SHA-256: checking only (FIPS 186-5, section 6.4.2). Nothing here is secret.

Plain long integers: some thousand products of 256 bits, about ten milliseconds on the unix port,
one to two seconds on the ESP32. The loop gets its turn after every bit, at most 10 ms there.
"""

import asyncio

_P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (  # Jacobian, as all points that are worked with
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)
_NOWHERE = (1, 1, 0)  # the point at infinity


async def verify(key, digest, signature):
    """Whether `signature` (r‖s, 64 bytes) over `digest` (32 bytes) was made with the private half
    of `key` (x‖y, 64 bytes). Whatever has another form is False."""
    if len(key) != 64 or len(digest) != 32 or len(signature) != 64:
        return False
    x, y, r, s = _two(key) + _two(signature)
    if not (0 < r < _N and 0 < s < _N and _on_curve(x, y)):
        return False
    w = await _inverse(s, _N)
    u, v = int.from_bytes(digest, "big") * w % _N, r * w % _N
    sum_ = _add(_G, x, y)
    if sum_[2]:
        z = await _inverse(sum_[2], _P)
        sum_ = (sum_[0] * z * z % _P, sum_[1] * z * z * z % _P, 1)
    at, bit = _NOWHERE, 1 << 255
    while bit:
        at = _double(at)
        if u & bit and v & bit:
            at = _add(at, sum_[0], sum_[1]) if sum_[2] else at
        elif u & bit:
            at = _add(at, _G[0], _G[1])
        elif v & bit:
            at = _add(at, x, y)
        bit >>= 1
        await asyncio.sleep_ms(0)
    zz = at[2] * at[2] % _P
    return zz != 0 and (_is_x(r, at, zz) or (r + _N < _P and _is_x(r + _N, at, zz)))


def _is_x(r, at, zz):
    """Whether the point's x is r, without a division."""
    return (r * zz - at[0]) % _P == 0


def _two(text):
    return int.from_bytes(text[:32], "big"), int.from_bytes(text[32:], "big")


def _on_curve(x, y):
    return x < _P and y < _P and (y * y - x * x * x + 3 * x - _B) % _P == 0


async def _inverse(value, modulus):
    """1 / value, by Euclid: 150 short steps, where a power takes 380 long products."""
    a, b, x, y = value % modulus, modulus, 1, 0
    while a > 1:
        q = b // a
        a, b, x, y = b - q * a, a, y - q * x, x
        await asyncio.sleep_ms(0)
    return x % modulus


def _double(at):
    x, y, z = at
    zz, yy = z * z % _P, y * y % _P
    b = 4 * x * yy % _P
    a = 3 * (x - zz) * (x + zz) % _P
    x = (a * a - 2 * b) % _P
    return x, (a * (b - x) - 8 * yy * yy) % _P, 2 * y * z % _P if at[2] else 0


def _add(at, x, y):
    """The point `at` (Jacobian) and the point x, y."""
    x1, y1, z1 = at
    if not z1:
        return x, y, 1
    zz = z1 * z1 % _P
    h = (x * zz - x1) % _P
    r = (y * z1 * zz - y1) % _P
    if not h:
        return _NOWHERE if r else _double(at)
    hh = h * h % _P
    hhh, v = h * hh % _P, x1 * hh % _P
    x3 = (r * r - hhh - 2 * v) % _P
    return x3, (r * (v - x3) - y1 * hhh) % _P, z1 * h % _P
