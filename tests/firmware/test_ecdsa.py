"""P-256 signatures: all that `cryptography` takes and nothing else, on both interpreters."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from terminal import ecdsa

from tests.release import made

from . import asked
from .virtual_time import run

pytestmark = pytest.mark.slow  # takes seconds

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SCRIPT = Path(__file__).with_name("on_micropython_upgrade.py")
BOARD_IS_SLOWER = 370  # reference page, 3.4: half a second to two on the ESP32, estimated


def big(value: int) -> bytes:
    return value.to_bytes(32, "big")


def case(secret: int, text: bytes) -> tuple[bytes, bytes, bytes]:
    key = ec.derive_private_key(secret, ec.SECP256R1())
    return made.public(key), hashlib.sha256(text).digest(), made.signed(text, key)


def good_cases() -> list[tuple[bytes, bytes, bytes]]:
    """Keys of all sizes, the edges of the group among them: Q = G, Q = -G, Q = 2G."""
    rng = random.Random(3)
    secrets = [1, 2, 3, N - 1, N - 2, (N + 1) // 2, (1 << 255) % N]
    secrets += [rng.randrange(1, N) for _ in range(25)]
    return [case(secret, b"text %d" % number) for number, secret in enumerate(secrets)]


def chosen(secret: int, r_factor: int, digest: int) -> tuple[bytes, bytes, bytes]:
    """A signature whose nonce is `r_factor`: with small ones the two halves of the sum meet."""
    key = ec.derive_private_key(secret, ec.SECP256R1())
    point = ec.derive_private_key(r_factor, ec.SECP256R1()).public_key().public_numbers()
    r = point.x % N
    s = pow(r_factor, -1, N) * (digest + r * secret) % N
    return made.public(key), big(digest), big(r) + big(s)


def odd_cases() -> list[tuple[bytes, bytes, bytes]]:
    """Nonces and keys of a few units: doublings and opposite points inside the sum; digest 0 and
    one above the group's order; the same signature with s and with n - s."""
    found = [
        chosen(secret, nonce, digest)
        for secret in (1, 2, 5, N - 1)
        for nonce in (1, 2, 3, N - 1)
        for digest in (0, 1, N - 1, N, N + 5, (1 << 256) - 1)
    ]
    return found + [
        (key, digest, sig[:32] + big(N - int.from_bytes(sig[32:], "big")))
        for key, digest, sig in found
        if int.from_bytes(sig[32:], "big")
    ]


def bad_cases() -> list[tuple[bytes, bytes, bytes]]:
    key, digest, signature = case(77, b"text")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    x, y = int.from_bytes(key[:32], "big"), int.from_bytes(key[32:], "big")
    rng = random.Random(4)
    values = [0, 1, 2, N - 1, N, N + 1, P - 1, P, P + 1, (1 << 256) - 1]
    found = [(key, digest, big(a) + big(b)) for a in values for b in values]
    found += [(key, digest, big(r) + big(v)) for v in values]
    found += [(key, digest, big(v) + big(s)) for v in values]
    found.append((key, digest, big(s) + big(r)))
    if r + N < 1 << 256:
        found.append((key, digest, big(r + N) + big(s)))
    found += [
        (big(0) + big(0), digest, signature),
        (big(P) + big(y), digest, signature),
        (big(x) + big(P - y), digest, signature),  # the opposite key
        (big(x) + big((y + 1) % P), digest, signature),  # no point of the curve
        (big(y) + big(x), digest, signature),
        (key[:63], digest, signature),
        (key + b"\0", digest, signature),
        (b"\4" + key, digest, signature),
        (key, digest[:31], signature),
        (key, digest + b"\0", signature),
        (key, digest, signature[:63]),
        (key, digest, signature + b"\0"),
        (b"", b"", b""),
    ]
    for which in range(3):
        for _ in range(12):
            parts = [bytearray(key), bytearray(digest), bytearray(signature)]
            at = rng.randrange(len(parts[which]) * 8)
            parts[which][at // 8] ^= 1 << at % 8
            found.append(tuple(bytes(part) for part in parts))  # type: ignore[arg-type]
    return found


def wanted(key: bytes, digest: bytes, signature: bytes) -> bool:
    """What `cryptography` says, of what has the right form at all."""
    if (len(key), len(digest), len(signature)) != (64, 32, 64):
        return False
    try:
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + key)
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        public.verify(
            utils.encode_dss_signature(r, s), digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))
        )
    except (ValueError, InvalidSignature):
        return False
    return True


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list], list]:
    return asked.micropython(tmp_path_factory.mktemp("image"), SCRIPT)


@pytest.mark.parametrize("cases", [good_cases, odd_cases, bad_cases])
def test_a_signature_is_judged_as_cryptography_judges_it(
    cases: Callable, ask: Callable[[str, list], list]
) -> None:
    asked_for = cases()
    told = [wanted(*one) for one in asked_for]
    assert cases is bad_cases or all(told[:30])
    assert cases is not bad_cases or not any(told)

    async def here() -> list[bool]:
        return [await ecdsa.verify(*one) for one in asked_for]

    assert run(here()) == told
    assert ask("verify", [[part.hex() for part in one] for one in asked_for]) == told


def test_a_check_gives_the_loop_its_turn_all_the_time(ask: Callable[[str, list], list]) -> None:
    one = [part.hex() for part in case(77, b"text")]
    told = ask("timed", [one] * 9)
    took_ms, held_up_us = min(t for t, _ in told), min(w for _, w in told)
    board_ms = held_up_us * BOARD_IS_SLOWER / 1000
    print(f"signature check {took_ms} ms, loop held up {held_up_us} µs on the unix port;")
    print(f"on the ESP32 about {took_ms * BOARD_IS_SLOWER} ms and {board_ms:.0f} ms (limit 20)")

    async def turns() -> int:
        count = 0

        async def watch() -> None:
            nonlocal count
            while True:
                count += 1
                await ecdsa.asyncio.sleep(0)

        other = ecdsa.asyncio.create_task(watch())
        await ecdsa.verify(*case(77, b"text"))
        other.cancel()
        return count

    assert run(turns()) > 400
