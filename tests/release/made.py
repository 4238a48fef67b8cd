"""Packages in plain Python, good and bad, apart from the code that packs and the code that reads.

`python -m tests.release.made` writes tests/vectors/package.json anew: the signatures are
deterministic (RFC 6979), so the file stays the same. The key is made up.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

VECTORS = Path(__file__).parents[1] / "vectors" / "package.json"
KEY = ec.derive_private_key(0x484D0001776564C6800000805F9B34FB, ec.SECP256R1())
OTHER_KEY = ec.derive_private_key(0x484D0002776564C6800000805F9B34FB, ec.SECP256R1())
EXPIRES = 1_900_000_000_000
NEXT_FILES = {
    "terminal/__init__.py": b'VERSION = "9.10.0"\nRELEASE = 10\n',
    "terminal/app.py": b"def run(board):\n    print('hanma release 10')\n",
}
FILES = {
    "terminal/__init__.py": b'VERSION = "9.9.0"\nRELEASE = 9\n',
    "terminal/app.py": b"def run(board):\n    print('hanma release 9')\n",
    "terminal/board/__init__.py": b"",
}


def public(key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def signed(text: bytes, key: ec.EllipticCurvePrivateKey = KEY) -> bytes:
    way = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    r, s = utils.decode_dss_signature(key.sign(text, way))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def manifest(files: dict[str, bytes] | None = None, **changed: Any) -> dict[str, Any]:
    listed = [
        {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for path, data in (FILES if files is None else files).items()
    ]
    whole = {"release": 9, "version": "9.9.0", "hw": "a7670", "min_release": 1}
    return whole | {"expires": EXPIRES, "files": listed} | changed


def package(
    files: dict[str, bytes] | None = None,
    key: ec.EllipticCurvePrivateKey = KEY,
    told: Any = None,
    **changed: Any,
) -> bytes:
    """Every byte of a package. `told` in place of the manifest, or single fields `changed`."""
    whole = manifest(files, **changed) if told is None else told
    text = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    return wrapped(text, signed(text, key), b"".join((FILES if files is None else files).values()))


def wrapped(text: bytes, signature: bytes, rest: bytes) -> bytes:
    return b"HMU1" + len(text).to_bytes(4, "big") + text + signature + rest


def bad_manifests() -> dict[str, Any]:
    """Manifests that no terminal takes, however well they are signed."""

    def path(*paths: Any) -> dict[str, Any]:
        one = {"size": 0, "sha256": hashlib.sha256(b"").hexdigest()}
        return manifest(files=[one | {"path": p} for p in paths])

    def manifest(**changed: Any) -> dict[str, Any]:
        return globals()["manifest"](**{"files": None}) | changed

    def file(**changed: Any) -> dict[str, Any]:
        return manifest(files=[globals()["manifest"]()["files"][0] | changed])

    return {
        "not an object": [1],
        "path up": path("terminal/../boot.py"),
        "path absolute": path("/terminal/app.py"),
        "path empty part": path("terminal//app.py"),
        "path dot": path("./app.py"),
        "path hidden": path(".head"),
        "path empty": path(""),
        "path no text": path(7),
        "path with a space": path("a b.py"),
        "path backslash": path("terminal\\app.py"),
        "path not latin": path("焊.py"),
        "path too deep": path("a/b/c/d/e.py"),
        "path too long": path("a" * 30 + "/" + "b" * 30 + "/" + "c" * 30),
        "boot.py": path("boot.py"),
        "boot.mpy": path("boot.mpy"),
        "boot.py spelled large": path("BOOT.py"),
        "the same path twice": path("a.py", "b.py", "a.py"),
        "no files": manifest(files=[]),
        "files no list": manifest(files={}),
        "too many files": path(*[f"f{n}" for n in range(129)]),
        "size negative": file(size=-1),
        "size true": file(size=True),
        "size huge": file(size=1 << 21),
        "sha256 short": file(sha256="ab"),
        "sha256 missing": file(sha256=None),
        "release text": manifest(release="9"),
        "release true": manifest(release=True),
        "release negative": manifest(release=-1),
        "version missing": manifest(version=None),
        "hw a list": manifest(hw=["a7670"]),
        "min_release missing": manifest(min_release=None),
        "expires missing": manifest(expires=None),
    }


def bad_packages() -> dict[str, bytes]:
    """Packages that are refused before a file is written, and such as fail in their files."""
    good = package()
    text = json.dumps(manifest(), sort_keys=True, separators=(",", ":")).encode()
    rest = b"".join(FILES.values())
    head = 8 + len(text) + 64
    flipped = {
        "a flipped bit in the manifest": 8 + 20,
        "a flipped bit in the signature": head - 10,
        "a flipped bit in a file": len(good) - 5,
    }
    found = {
        name: bytes(byte ^ (at == place) for place, byte in enumerate(good))
        for name, at in flipped.items()
    }
    return (
        found
        | {
            "another magic": b"HMU2" + good[4:],
            "no signature": wrapped(text, bytes(64), rest),
            "another key": package(key=OTHER_KEY),
            "signature of another manifest": wrapped(text, signed(text + b" "), rest),
            "manifest of no length": b"HMU1" + bytes(4) + good[8:],
            "manifest of 4 GB": b"HMU1" + b"\xff" * 4 + good[8:],
            "manifest no json": wrapped(b"{", signed(b"{"), b""),
            "a byte too much": good + b"x",
        }
        | {name: package(told=told) for name, told in bad_manifests().items()}
    )


def vectors() -> dict[str, Any]:
    good = package()
    return {
        "about": "Upgrade packages HMU1 (protocol page, section 4), base64; the key is made up.",
        "key": public().hex(),
        "good": {
            "package": _text(good),
            "sha256": hashlib.sha256(good).hexdigest(),
            "manifest": manifest(),
            "files": {path: data.decode() for path, data in FILES.items()},
        },
        "next": _text(package(NEXT_FILES, release=10, version="9.10.0", min_release=9)),
        "bad": {name: _text(data) for name, data in bad_packages().items()},
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def written() -> str:
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    VECTORS.write_text(written(), "utf-8")
