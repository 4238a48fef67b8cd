"""Upgrade packages are looked at before they are offered (cloud/link/packages.py)."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cloud.book.audit import AuditRow
from cloud.link import packages

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "package.json").read_text("utf-8"))
GOOD = base64.b64decode(VECTORS["good"]["package"])


def test_a_good_package_is_kept_under_its_digest(county: Any) -> None:
    row = county.do(packages.add, GOOD)
    again = county.do(packages.add, GOOD)
    assert row.digest == again.digest == hashlib.sha256(GOOD).hexdigest()
    assert packages.path(county.ground.settings, row.digest).read_bytes() == GOOD
    manifest = packages.read(GOOD).manifest
    assert (row.version, row.hw, row.release, row.size) == (
        manifest["version"],
        manifest["hw"],
        manifest["release"],
        len(GOOD),
    )
    assert [one.digest for one in county.ask(packages.every)] == [row.digest]
    told = county.ask(lambda unit: list(unit.db.scalars(select(AuditRow))))
    assert [(one.what, one.subject) for one in told] == [("package-added", row.digest)]


def test_with_the_release_key_only_what_it_signed_is_kept(county: Any) -> None:
    county.ground.settings = replace(county.ground.settings, release_key=VECTORS["key"])
    county.do(packages.add, GOOD)
    forged = bytearray(GOOD)
    forged[8 + int.from_bytes(GOOD[4:8], "big")] ^= 1
    with pytest.raises(packages.BadPackage, match="not signed"):
        county.do(packages.add, bytes(forged))
    county.ground.settings = replace(county.ground.settings, release_key="77")
    with pytest.raises(packages.BadPackage, match="HANMA_RELEASE_KEY"):
        county.do(packages.add, GOOD)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "begin with HMU1"),
        (b"PK" + GOOD, "begin with HMU1"),
        (b"HMU1" + bytes(4) + GOOD[8:], "length of the manifest"),
        (b"HMU1\xff\xff\xff\xff" + GOOD[8:], "length of the manifest"),
        (b"HMU1\0\0\0\x02[]" + bytes(64), "not readable"),
        (b"HMU1\0\0\0\x02{}" + bytes(64), "lacks release"),
        (GOOD[:-1], "damaged"),
        (GOOD + b"x", "behind the last file"),
        (GOOD[:-1] + bytes([GOOD[-1] ^ 1]), "damaged"),
        (bytes(packages.PACKAGE_MAX + 1), "larger"),
    ],
)
def test_what_is_no_package_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(packages.BadPackage, match=why):
        packages.read(raw)


def test_every_flipped_byte_of_the_manifest_or_the_files_is_found(county: Any) -> None:
    county.ground.settings = replace(county.ground.settings, release_key=VECTORS["key"])
    for place in range(0, len(GOOD), 37):
        raw = bytearray(GOOD)
        raw[place] ^= 0x20
        with pytest.raises(packages.BadPackage):
            county.do(packages.add, bytes(raw))
