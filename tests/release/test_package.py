"""What packs and what plain Python makes are the same packages; bad ones are not read."""

import base64
import json

import pytest

from release import package

from . import made

VECTORS = json.loads(made.VECTORS.read_text("utf-8"))
ABOUT = package.About(release=9, version="9.9.0", hw="a7670", min_release=1, expires=made.EXPIRES)
PUBLIC = made.KEY.public_key()


def test_a_package_is_byte_for_byte_the_protocols_but_for_its_signature() -> None:
    ours, plain = package.make(ABOUT, made.FILES, made.KEY), made.package()
    length = 8 + int.from_bytes(ours[4:8], "big")
    assert ours[:length] == plain[:length]
    assert ours[length + 64 :] == plain[length + 64 :]


def test_the_good_vector_is_read() -> None:
    good = VECTORS["good"]
    manifest, files = package.read(base64.b64decode(good["package"]), PUBLIC)
    assert manifest == good["manifest"]
    assert {path: data.decode() for path, data in files.items()} == good["files"]


@pytest.mark.parametrize(
    "name", sorted(set(made.bad_packages()) - set(made.bad_manifests()) - {"manifest no json"})
)
def test_a_bad_vector_is_not_read(name: str) -> None:
    with pytest.raises(package.BadPackage):
        package.read(base64.b64decode(VECTORS["bad"][name]), PUBLIC)


@pytest.mark.parametrize(
    "path",
    ["/a.py", "a/../b", "boot.py", "BOOT.MPY", ".head", "a//b", "a\tb", "焊.py", "a/b/c/d/e"],
)
def test_a_path_that_no_terminal_takes_is_not_packed(path: str) -> None:
    with pytest.raises(package.BadPackage):
        package.make(ABOUT, {path: b""}, made.KEY)


@pytest.mark.parametrize(
    "files",
    [{}, {f"f{n}": b"" for n in range(129)}, {"big": bytes((1 << 20) + 1)}],
    ids=["none", "too many", "too big"],
)
def test_too_little_and_too_much_are_not_packed(files: dict[str, bytes]) -> None:
    with pytest.raises(package.BadPackage):
        package.make(ABOUT, files, made.KEY)
