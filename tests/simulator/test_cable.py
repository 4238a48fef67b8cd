"""The virtual board under the real tools of the trade."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.cable import made_up
from simulator.cable.flashchip import FlashChip, Kind
from tests.simulator.on_the_bench import Bench, on_the_bench, tool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A board with MicroPython on it."""
    with on_the_bench(tmp_path_factory.mktemp("bench") / "board", flashed=True) as bench:
        yield bench


def test_each_folder_holds_a_chip_of_its_own_and_keeps_it(tmp_path: Path) -> None:
    first, second = (FlashChip(tmp_path / name).kind.mac for name in ("one", "two"))
    assert first != second and FlashChip(tmp_path / "one").kind.mac == first


def mpremote(bench: Bench, *words: str, resume: bool = False) -> str:
    how = ["resume"] if resume else []
    done = tool("mpremote", "connect", str(bench.board.link), *how, *words)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_mpremote_runs_a_program_and_gets_what_it_prints(bench: Bench) -> None:
    assert mpremote(bench, "exec", "print(6 * 7, '焊')").split() == ["42", "焊"]


def test_mpremote_gets_the_trace_of_a_program_that_fails(bench: Bench) -> None:
    done = tool("mpremote", "connect", str(bench.board.link), "exec", "1 / 0")
    assert done.returncode == 1 and "ZeroDivisionError" in done.stdout


def test_mpremote_copies_lists_hashes_and_removes(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "some.bin").write_bytes(bytes(range(256)) * 20)
    said = mpremote(
        bench,
        *("fs", "mkdir", ":folder", "+", "fs", "cp", str(tmp_path / "some.bin"), ":folder/"),
        *("+", "fs", "ls", ":folder", "+", "fs", "sha256sum", ":folder/some.bin"),
    )
    kept = bench.board.flash.files / "folder" / "some.bin"
    assert kept.read_bytes() == (tmp_path / "some.bin").read_bytes()
    assert " some.bin" in said
    assert hashlib.sha256(kept.read_bytes()).hexdigest() in said
    mpremote(bench, "fs", "rm", ":folder/some.bin", "+", "fs", "rmdir", ":folder", resume=True)
    assert not kept.parent.exists()


def test_a_soft_reset_forgets_and_leaves_main_out(bench: Bench) -> None:
    main = bench.board.flash.files / "main.py"
    main.write_text("import time\nwhile True:\n    time.sleep(1)\n")
    try:
        mpremote(bench, "exec", "kept = 1")
        assert "kept" in mpremote(bench, "exec", "print(dir())", resume=True)
        assert "kept" not in mpremote(bench, "exec", "print(dir())")
    finally:
        main.unlink()


def test_a_program_that_runs_is_broken_off(bench: Bench, tmp_path: Path) -> None:
    files = bench.board.flash.files
    (files / "main.py").write_text("import time\nwhile True:\n    time.sleep(1)\n")
    try:
        bench.wait(bench.board.chip.power_off())
        bench.wait(bench.board.chip.power_on())
        assert "5" in mpremote(bench, "exec", "print(5)")
    finally:
        (files / "main.py").unlink()


def test_the_stores_of_the_chip_are_reached(bench: Bench) -> None:
    program = "import esp32; n = esp32.NVS('hanma'); n.set_blob('x', b'y'); n.commit()"
    mpremote(bench, "exec", program)
    assert (bench.board.flash.nvs / "hanma.x").read_bytes() == b"y"


def test_esptool_finds_chip_flash_and_address(tmp_path: Path) -> None:
    with on_the_bench(tmp_path / "board", Kind(flash_mb=8, mac="a4cf12abcdef")) as bench:
        said = tool("esptool", "--chip", "esp32", "--port", bench.board.port, "flash-id").stdout
        assert "a4:cf:12:ab:cd:ef" in said and "Detected flash size: 8MB" in said


def test_esptool_sees_that_the_chip_is_another(tmp_path: Path) -> None:
    with on_the_bench(tmp_path / "board", Kind(chip="esp32s3")) as bench:
        done = tool("esptool", "--chip", "esp32", "--port", bench.board.port, "flash-id")
        assert done.returncode and "This chip is ESP32-S3, not ESP32" in done.stdout


def test_esptool_erases_writes_verifies_and_the_board_then_has_a_prompt(tmp_path: Path) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(made_up.image())
    with on_the_bench(tmp_path / "board") as bench:
        port = ("--chip", "esp32", "--port", bench.board.port)
        for words in (["erase-flash"], ["write-flash", "0x1000", str(image)]):
            done = tool("esptool", *port, *words)
            assert done.returncode == 0, done.stdout
        assert "Hash of data verified" in done.stdout
        image.write_bytes(made_up.image(seed=1))
        assert tool("esptool", *port, "verify-flash", "0x1000", str(image)).returncode
        assert "2" in mpremote(bench, "exec", "print(1 + 1)")


def test_a_board_without_micropython_gives_no_prompt(tmp_path: Path) -> None:
    with on_the_bench(tmp_path / "board") as bench:
        assert not bench.board.flash.bootable and not bench.board.chip.running


def test_a_pulled_cable_ends_the_tool_at_once(tmp_path: Path) -> None:
    (tmp_path / "some.bin").write_bytes(bytes(5000))
    with on_the_bench(tmp_path / "board", flashed=True, pull_after=2000) as bench:
        words = ("fs", "cp", str(tmp_path / "some.bin"), ":some.bin")
        done = tool("mpremote", "connect", str(bench.board.link), *words)
        assert done.returncode and bench.board.came == 2000 and not bench.board.port
        bench.do(bench.board.plug)
        assert "1" in mpremote(bench, "exec", "print(1)")
