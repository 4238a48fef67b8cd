"""The head of a package against the shared vectors, in any pieces, on both interpreters."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal.package import Head, Refused

from tests.release import made

from . import asked

pytestmark = pytest.mark.slow  # takes seconds

VECTORS = json.loads(made.VECTORS.read_text("utf-8"))
SCRIPT = Path(__file__).with_name("on_micropython_upgrade.py")
FILES_ARE_BAD = {"a flipped bit in a file", "a byte too much"}
SIGNATURE_IS_BAD = {
    "a flipped bit in the signature",
    "a flipped bit in the manifest",
    "no signature",
    "another key",
    "signature of another manifest",
}
FORM_IS_BAD = sorted(set(VECTORS["bad"]) - FILES_ARE_BAD - SIGNATURE_IS_BAD)


def feed(package: bytes, most: int) -> Head | str:
    head = Head()
    try:
        for at in range(0, len(package), most):
            if head.take(package[at : at + most]):
                head.manifest()
                return head
    except Refused as error:
        assert error.code == 7
        return str(error)
    return "too short"


def whole(head: Head) -> dict[str, Any]:
    manifest = head.manifest() | {"files": list(head.files())}
    assert head.count == len(manifest["files"])
    assert head.size == sum(file["size"] for file in manifest["files"])
    return manifest


def test_the_vectors_are_what_plain_python_makes() -> None:
    assert made.VECTORS.read_text("utf-8") == made.written()


@pytest.mark.parametrize("most", [1, 7, 8, 9, 100, 10_000])
def test_a_good_head_is_read_from_pieces_of_any_size(most: int) -> None:
    package = base64.b64decode(VECTORS["good"]["package"])
    head = feed(package, most)
    assert isinstance(head, Head)
    assert whole(head) == VECTORS["good"]["manifest"]
    rest = package[head.got :]
    assert package.startswith(b"".join(head.blocks))
    assert rest == "".join(VECTORS["good"]["files"].values()).encode()


@pytest.mark.parametrize("name", FORM_IS_BAD)
@pytest.mark.parametrize("most", [1, 512])
def test_a_head_of_bad_form_is_refused(name: str, most: int) -> None:
    assert isinstance(feed(base64.b64decode(VECTORS["bad"][name]), most), str)


@pytest.mark.parametrize("length", [0, 3, 4, 8, 50, 500])
def test_half_a_head_is_no_head(length: int) -> None:
    package = base64.b64decode(VECTORS["good"]["package"])
    assert feed(package[:length], 64) == "too short"


def test_a_manifest_may_have_fields_that_nobody_knows_yet() -> None:
    assert isinstance(feed(made.package(more={"a": 1}), 100), Head)


def test_a_head_is_never_longer_than_its_manifest_may_be() -> None:
    head = Head()
    with pytest.raises(Refused):
        head.take(b"HMU1" + (8193).to_bytes(4, "big") + bytes(9000))
    assert head.got == 8 and b"".join(head.blocks) == b"HMU1" + (8193).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"files":[', b'"files": ['),
        (b'"files":[', b'"fi1es":['),
        (b"},{", b"} {"),
        (b"},{", b"},,{"),
        (b"}]", b"},]"),
        (b"}]", b"}}]"),
        (b'"files":[', b'"a":[],"files":[['),
        (b'"files":[', b'"files":[],"files":['),
        (b'"files":[', b'"files":["a]",'),
        (b'"hw"', b'"h":""files":[]","hw"'),
    ],
)
def test_a_list_of_files_in_any_other_spelling_is_refused_or_read_as_it_is(
    old: bytes, new: bytes
) -> None:
    text = json.dumps(made.manifest(), sort_keys=True, separators=(",", ":")).encode()
    assert old in text
    changed = text.replace(old, new, 1)
    head = feed(made.wrapped(changed, bytes(64), b""), 50)
    if isinstance(head, Head):
        assert whole(head)["files"] == json.loads(changed)["files"]


def test_micropython_reads_the_same(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    ask: Callable = asked.micropython(tmp_path_factory.mktemp("image"), SCRIPT)
    named = VECTORS["bad"] | {"good": VECTORS["good"]["package"]}
    for most in (1, 512):
        told = ask("read", [[text, most] for text in named.values()])
        for (name, text), answer in zip(named.items(), told, strict=True):
            here = feed(base64.b64decode(text), most)
            if isinstance(here, Head):
                assert answer == [here.got, here.digest().hex(), whole(here)], name
            else:
                assert isinstance(answer, str), name  # its JSON reader forgives more
