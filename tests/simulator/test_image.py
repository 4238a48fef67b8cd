"""The image: what is on a module, compiled by the real compiler."""

from pathlib import Path

import pytest

from simulator import image

pytestmark = pytest.mark.slow  # takes seconds


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANMA_IMAGES")


def test_the_image_holds_the_firmware_umqtt_and_the_stand_ins(tmp_path: Path) -> None:
    made = image.make("micropython", tmp_path)
    for name in ("boot.mpy", "main.mpy", "terminal/app.mpy", "umqtt/simple.mpy", "machine.mpy"):
        assert (made / name).is_file(), name
    assert not list(made.rglob("*.py"))


def test_the_same_sources_give_the_same_image_without_compiling_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = image.make("micropython", tmp_path)
    written = (first / "boot.mpy").stat().st_mtime_ns
    assert image.make("micropython", tmp_path) == first
    assert (first / "boot.mpy").stat().st_mtime_ns == written
    monkeypatch.setenv("HANMA_IMAGES", str(tmp_path))
    assert image.make("micropython", tmp_path / "another") == first


def test_cpython_gets_the_sources_themselves(tmp_path: Path) -> None:
    made = image.make("cpython", tmp_path)
    assert (made / "cpython.py").is_file()
    assert (made / "terminal" / "app.py").read_text() == (
        image.FIRMWARE / "terminal" / "app.py"
    ).read_text()


def test_a_file_that_does_not_compile_is_named_with_the_compilers_words(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def (:\n")
    with pytest.raises(image.NoImage, match=r"bad\.py.*SyntaxError|SyntaxError.*"):
        image.compile_to(bad, tmp_path / "bad.mpy", "bad.py")
