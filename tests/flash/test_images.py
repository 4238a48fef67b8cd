"""The office's table of known images: who fills it, what it spares, what it refuses."""

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cloud.cli import main
from flash import image
from flash.bench import Module, StepFailed, Wanted
from simulator.cable import made_up

NAME = "ESP32_GENERIC-SPIRAM-20260406-v1.28.0.bin"
RAW = made_up.image()
DIGEST = hashlib.sha256(RAW).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / NAME).write_bytes(RAW)
    return tmp_path / NAME


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "office" / "images.csv"


def know(table: Path, file: Path, *digest: str) -> Result:
    words = ["flash", "--know-image", "--images", str(table), "--image", str(file)]
    words += ["--image-sha256", *digest] if digest else []
    return CliRunner().invoke(main, words)


def asked(file: Path, table: Path, **given: str | bool) -> str:
    """The digest that a bench without a word of its own goes by, or why it refuses."""
    wanted = Wanted(image=file, images=table, **given)  # type: ignore[arg-type]
    try:
        raw = image.ready(Module(wanted, print, bool, file.parent))
    except StepFailed as failed:
        return failed.word
    return hashlib.sha256(raw).hexdigest()


def test_an_image_in_the_table_needs_no_digest_typed_and_any_other_is_refused(
    file: Path, table: Path
) -> None:
    assert asked(file, table) == "image-digest-missing"
    done = know(table, file, DIGEST)
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["row"] == f"ESP32_GENERIC-SPIRAM 1.28.0 {NAME} {DIGEST}"
    assert know(table, file, DIGEST).exit_code == 0  # again is the same
    row = f"ESP32_GENERIC-SPIRAM,1.28.0,{NAME},{DIGEST}"
    assert table.read_text().splitlines() == ["board,version,file,sha256", row]
    assert asked(file, table) == DIGEST
    other = file.with_name(NAME.replace("1.28.0", "1.29.0"))
    other.write_bytes(RAW)
    assert asked(other, table) == "image-digest-missing"
    assert asked(other, table, image_sha256=DIGEST) == DIGEST  # given with its digest
    assert asked(file, table, pinned="ab" * 32) == "image-other"
    assert asked(file, table, pinned="ab" * 32, new_image=True) == DIGEST
    file.write_bytes(RAW + b"one byte more")
    assert asked(file, table) == "image-digest"


def test_what_does_not_fit_is_not_put_into_the_table(file: Path, table: Path) -> None:
    for digest, told in (((), "--image-sha256"), (("00" * 32,), "与摘要不符"), (("12",), "64 位")):
        refused = know(table, file, *digest)
        assert refused.exit_code and told in refused.output
    renamed = file.with_name("image.bin")
    renamed.write_bytes(RAW)
    refused = know(table, renamed, DIGEST)
    assert refused.exit_code and "不是发布时的文件名" in refused.output
    assert not table.exists()
    table.parent.mkdir()
    table.write_text(f"board,version,file,sha256\nx,1,{NAME},{'ab' * 32}\n")
    refused = know(table, file, DIGEST)
    assert refused.exit_code and "另一个摘要 abab" in refused.output


@pytest.mark.parametrize("text", ["", "file\n", f"file,sha256\n{NAME}\n"])
def test_a_table_that_cannot_be_read_is_told_with_its_form(
    file: Path, table: Path, text: str
) -> None:
    table.parent.mkdir()
    table.write_text(text)
    assert asked(file, table) == (
        "image-digest-missing" if text in ("", "file\n") else "image-table"
    )
