"""The head of a package against the shared vectors, in any pieces, on both interpreters."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from terminal.package import Head, Refused

from tests.release import made

from . import asked

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


def test_the_vectors_are_what_plain_python_makes() -> None:
    assert made.VECTORS.read_text("utf-8") == made.written()


@pytest.mark.parametrize("most", [1, 7, 8, 9, 100, 10_000])
def test_a_good_head_is_read_from_pieces_of_any_size(most: int) -> None:
    package = base64.b64decode(VECTORS["good"]["package"])
    head = feed(package, most)
    assert isinstance(head, Head)
    assert head.manifest() == VECTORS["good"]["manifest"]
    rest = package[len(head.raw) :]
    assert package.startswith(bytes(head.raw))
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
    assert len(head.raw) == 8


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
                assert answer == [len(here.raw), here.digest().hex(), here.manifest()], name
            else:
                assert isinstance(answer, str), name  # its JSON reader forgives more
