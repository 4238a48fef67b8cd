"""From the box to a tested terminal, on virtual boards with the real tools."""

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest
from werkzeug.serving import make_server

from cloud.link import stock, terminals
from flash import application, cli, identity, image, selftest, steps, tools, voice
from flash.bench import Ledger, Module, StepFailed, Wanted
from release import keys, tree
from simulator import clips
from simulator import image as image_of
from simulator.cable import made_up
from simulator.cable.cli import spoil
from simulator.cable.flashchip import Kind
from simulator.world import serials
from tests.flash.conftest import Shop
from tests.simulator.on_the_bench import Bench

pytestmark = pytest.mark.slow
NVS = Path("files/nvs")


def test_a_bare_module_becomes_a_terminal(shop: Shop, flashed: Path) -> None:
    secret = (flashed / NVS / "hanma.secret").read_bytes()
    assert shop.county.ask(terminals.secret, "HMA4CF120000F1") == secret
    assert (flashed / NVS / "hanma.device").read_bytes() == b"HMA4CF120000F1"
    assert (flashed / NVS / "hanma.slots").read_bytes() == b",,0,0,0,0,0"
    assert (flashed / "files" / "terminal" / "app.mpy").exists()
    assert (flashed / "files" / "ca.pem").read_bytes() == (shop.folder / "ca.pem").read_bytes()
    key = keys.load_public(shop.folder / "release.pub")
    assert (flashed / NVS / "hanma.release_key").read_bytes() == key
    with pypdfium2.PdfDocument(shop.folder / "labels" / "HMA4CF120000F1.pdf") as label:
        printed = label[0].get_textpage().get_text_bounded()
    assert "HMA4CF 1200 00F1" in printed and "000-7654321" in printed
    assert "接触器终端" in printed
    assert shop.county.ask(stock.get, "a4cf120000f1").state == "flashed"
    assert shop.county.ask(terminals.get, "HMA4CF120000F1").kind == "contactor"


def test_how_far_it_is_and_what_came_of_each_step_is_shown(shop: Shop, flashed: Path) -> None:
    titles = [f"▶ {number}/7 {step.title}" for number, step in enumerate(steps.STEPS, 1)]
    assert [line for line in shop.made if line.startswith("▶")] == titles
    assert sum(line.startswith("  ✓ ") for line in shop.made) == 7
    written = [line for line in shop.made if line.endswith(" %")]  # of the image's second part
    assert written[-1] == "    100 %"
    copied = [line.split("/") for line in shop.made if re.fullmatch(r" +\d+/\d+", line)]
    assert len(copied) > 2 and copied[-1][0].strip() == copied[-1][1]


def test_again_goes_on_where_it_stopped_and_changes_nothing_else(
    shop: Shop, flashed: Path
) -> None:
    with shop.board("again", like=flashed) as bench:
        secret = (bench.board.flash.nvs / "hanma.secret").read_bytes()
        record = shop.run(str(bench.board.link))
        assert record["ok"], "\n".join([*shop.said, *(t for _, t in bench.board.chip.console)])
        assert any("already there" in line for line in shop.said)
        assert any("changed 1," in line for line in shop.said)
        assert (bench.board.flash.nvs / "hanma.secret").read_bytes() == secret
        assert (bench.board.flash.files / "ca.pem").exists()  # though it was not named again
        own = (serials.imei("a4cf120000f1"), serials.iccid("a4cf120000f1"))
        assert (record["imei"], record["iccid"]) == own
        assert secret.hex() not in "".join(shop.said) + json.dumps(record)


def test_only_what_changed_is_copied_and_what_is_left_over_goes(shop: Shop, flashed: Path) -> None:
    with shop.board("changed", like=flashed) as bench:
        files = bench.board.flash.files
        (files / "terminal" / "clips.mpy").write_bytes(b"spoilt")
        (files / "terminal" / "old.mpy").write_bytes(b"left over")
        assert shop.run(str(bench.board.link))["ok"], shop.said
        assert any("changed 2," in line for line in shop.said)  # and main.py, which comes last
        assert not (files / "terminal" / "old.mpy").exists()


@pytest.mark.parametrize(
    ("kind", "given", "step", "why", "wrong", "remedy"),
    [
        (
            Kind(chip="esp32s3"),
            {},
            "2/7 查芯片与闪存",
            "wrong-chip",
            "芯片是 ESP32-S3，不是 ESP32",
            "请换用 ESP32-WROVER-E 模块",
        ),
        (
            Kind(flash_mb=2),
            {},
            "2/7 查芯片与闪存",
            "small-flash",
            "闪存只有 2 MB，至少要 4 MB",
            "请换用闪存 4 MB 以上的模块",
        ),
        (
            Kind(),
            {"image_sha256": "00" * 32},
            "3/7 写入 MicroPython 镜像",
            "image-digest",
            "镜像与摘要不符",
            "不要使用这个文件",
        ),
    ],
)
def test_a_wrong_module_or_image_is_told_by_step_and_remedy_and_nothing_is_written(
    shop: Shop, kind: Kind, given: dict[str, Any], step: str, why: str, wrong: str, remedy: str
) -> None:
    with shop.board(why, kind=kind) as bench:
        record = shop.run(str(bench.board.link), **given)
        assert record["why"] == why, shop.said
        assert shop.said[-2].startswith(f"  ✗ {step}") and wrong in shop.said[-2]
        assert shop.said[-1].startswith("  → ") and remedy in shop.said[-1]
        assert record["remedy"] in shop.said[-1]
        assert not bench.board.flash.bootable


def test_an_image_of_another_digest_is_never_written(shop: Shop) -> None:
    with shop.board("digest") as bench:
        record = shop.run(str(bench.board.link), image_sha256="00" * 32)
        assert record["why"] == "image-digest" and not bench.board.flash.bootable
        assert shop.run(str(bench.board.link), image_sha256="")["why"] == "image-digest-missing"
        other = shop.folder / "other.bin"
        other.write_bytes(bytes(70_000))
        digest = hashlib.sha256(other.read_bytes()).hexdigest()
        record = shop.run(str(bench.board.link), image=other, image_sha256=digest)
        assert record["why"] == "image-form" and not bench.board.flash.bootable


def test_another_image_than_the_modules_before_got_is_not_written_until_it_is_meant(
    shop: Shop, tmp_path: Path
) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    def break_off(said: str) -> None:
        if said.startswith("▶ 4/7"):
            raise KeyboardInterrupt

    with shop.board("pinned") as bench:
        port = str(bench.board.link)
        ledger.note({"steps": ["port", "chip", "image"], "image": "ab" * 32})
        ledger.note({"steps": ["port", "chip"], "image": "cd" * 32})  # that one was not written
        record = shop.run(port, pinned=ledger.image())
        assert (record["failed"], record["why"]) == ("image", "image-other")
        assert "abababababababab…" in shop.said[-2] and "--new-image" in shop.said[-1]
        assert not bench.board.flash.bootable
        record = shop.run(port, hand=break_off, pinned=ledger.image(), new_image=True)
        assert record["steps"][-1] == "image" and bench.board.flash.bootable
        ledger.note(record)
        record = shop.run(port, hand=break_off, image_sha256="", pinned=ledger.image())
        assert record["steps"][-1] == "image"  # once given, the bench knows it
    assert ledger.image() == shop.wanted.image_sha256 and ledger.image(virtual=True) == ""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The official site, which gives the made-up image; what it was asked for."""
    asked: list[str] = []

    def give(environ: Any, start: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [made_up.image()]

    with make_server("127.0.0.1", 0, give, threaded=True) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setattr(image, "URL", f"http://127.0.0.1:{server.server_port}/image.bin")
        image._fetched.cache_clear()
        yield asked
        image._fetched.cache_clear()
        server.shutdown()
        thread.join()


def test_the_image_is_fetched_once_for_a_batch_and_again_where_it_was_not_the_right_one(
    site: list[str], tmp_path: Path
) -> None:
    digest = hashlib.sha256(made_up.image()).hexdigest()
    module = Module(Wanted(image_sha256=digest), print, lambda question: True, tmp_path)
    assert image.ready(module) == image.ready(module) == made_up.image()
    assert site == ["/image.bin"]
    with pytest.raises(StepFailed) as failed:
        image.ready(replace(module, wanted=Wanted(image_sha256="0" * 64)))
    assert failed.value.word == "image-digest"
    image.ready(module)
    assert len(site) == 2


def test_a_closed_network_is_told_with_what_to_bring_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(image, "URL", "http://127.0.0.1:9/image.bin")
    image._fetched.cache_clear()
    wanted = Wanted(image_sha256="0" * 64)
    with pytest.raises(StepFailed) as failed:
        image.ready(Module(wanted, print, lambda question: True, tmp_path))
    assert failed.value.word == "closed-network" and "--image" in failed.value.remedy


def aioble_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what this test takes for the published library: the stand-in's own text."""
    folder.mkdir(exist_ok=True)
    texts = {name: f"PART = {name!r}\n" for name in tree.AIOBLE}
    texts["__init__.py"] = (image_of.STAND_INS / "aioble.py").read_text()
    for name, text in texts.items():
        (folder / name).write_text(text)
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}
    monkeypatch.setattr(tree, "AIOBLE", digests)
    (folder / "central.py").write_text("of no use to a peripheral\n")
    return folder


def test_the_pinned_aioble_is_copied_to_the_board_and_no_other(
    shop: Shop, flashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(said: str) -> None:
        if said.startswith("▶ 5/7"):
            raise KeyboardInterrupt

    folder = aioble_of(tmp_path, monkeypatch)
    with shop.board("aioble", like=flashed) as bench:
        port, there = str(bench.board.link), bench.board.flash.files / "lib" / "aioble"
        shutil.rmtree(there, ignore_errors=True)  # where this computer has the genuine one
        server = (folder / "server.py").read_text()
        (folder / "server.py").write_text(server + "# one letter more\n")
        record = shop.run(port, aioble=folder)
        assert (record["failed"], record["why"]) == ("application", "aioble-version")
        assert "server.py" in shop.said[-2] and "setup/aioble.sh" in shop.said[-1]
        assert not there.exists()
        (folder / "server.py").write_text(server)
        record = shop.run(port, aioble=folder, hand=break_off)
        assert record["steps"][-1] == "application", shop.said
        assert record["aioble"] == "0.6.2" and "aioble 0.6.2" in shop.said[-4]
        names = [name.replace(".py", ".mpy") for name in sorted(tree.AIOBLE)]
        assert sorted(path.name for path in there.iterdir()) == names


def test_without_aioble_a_real_module_is_not_made_and_a_virtual_ones_record_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "AIOBLE", tmp_path)
    monkeypatch.setattr(application, "_FETCH", ("true",))
    module = Module(Wanted(virtual=True), print, lambda question: True, tmp_path)
    assert application._aioble(module) == {}
    with pytest.raises(StepFailed) as failed:
        application._aioble(replace(module, wanted=Wanted()))
    assert failed.value.word == "aioble" and ".tools/aioble" in failed.value.remedy
    ready = aioble_of(tmp_path / "there", monkeypatch)
    monkeypatch.setattr(application, "_FETCH", ("cp", "-r", f"{ready}/.", str(tmp_path)))
    assert len(application._aioble(replace(module, wanted=Wanted()))) == len(tree.AIOBLE)


@pytest.mark.parametrize("digest", ["1234", "sha256:" + "0" * 64, "0" * 63 + "g", "0" * 63 + "\n"])
def test_a_digest_that_was_not_copied_whole_is_told_before_the_image_is_read(
    tmp_path: Path, digest: str
) -> None:
    wanted = Wanted(image=tmp_path / "none.bin", image_sha256=digest)
    with pytest.raises(StepFailed) as failed:
        image.ready(Module(wanted, print, lambda question: True, tmp_path))
    assert failed.value.word == "image-digest-form"


@pytest.mark.parametrize(
    ("names", "wrong", "remedy"),
    [
        ([], "没有找到模块的端口", "请插好数据线"),
        (["/dev/ttyUSB0", "/dev/ttyUSB1"], "/dev/ttyUSB0, /dev/ttyUSB1", "--port /dev/ttyUSB0"),
    ],
)
def test_no_port_and_more_than_one_are_told_apart(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    names: list[str],
    wrong: str,
    remedy: str,
) -> None:
    adapters = [SimpleNamespace(device=name, vid=0x1A86, pid=0x7523) for name in names]
    monkeypatch.setattr(steps.list_ports, "comports", lambda: adapters)
    with pytest.raises(StepFailed) as failed:
        steps.find_port(Module(Wanted(), print, lambda question: True, tmp_path))
    assert wrong in failed.value.wrong and remedy in failed.value.remedy


def test_the_only_port_with_a_usual_adapter_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modem = SimpleNamespace(device="/dev/ttyACM0", vid=0x1E0E, pid=0x9011)
    board = SimpleNamespace(device="/dev/ttyUSB3", vid=0x1A86, pid=0x55D4)
    monkeypatch.setattr(steps.list_ports, "comports", lambda: [modem, board])
    module = Module(Wanted(), print, lambda question: True, tmp_path)
    assert steps.find_port(module) == module.port == module.record["port"] == "/dev/ttyUSB3"


def test_a_port_that_the_account_may_not_use_is_told_with_the_remedy(tmp_path: Path) -> None:
    module = Module(Wanted(), print, lambda question: True, tmp_path, port="/dev/null")
    said = "A fatal error occurred: Could not open /dev/null: [Errno 13] Permission denied\n"
    told = tools.cable(module, said)
    assert told.word == "port-rights" and "dialout" in told.remedy
    assert tools.cable(module, "No serial data received.").word == "cable"


def test_a_cable_that_is_pulled_at_any_step_is_told_and_the_next_run_goes_on(shop: Shop) -> None:
    """One module, one code that is good for one: pulled in the middle of every step in turn."""
    code, labels, mac = shop.code(), shop.folder / "labels-pulled", "a4cf12c0ffee"
    with shop.board("pulled", kind=Kind(mac=mac)) as bench:
        board, secrets = bench.board, set()
        for step, into in (
            ("port", 0),
            ("chip", 40),
            ("image", 4_000),
            ("application", 40_000),
            ("identity", 300),  # its secret is on the way there
            ("identity", 900),  # the cloud knows it, and it does not know its name yet
            ("test", 1500),
            ("record", 400),
        ):
            at = f"{[one.name for one in steps.STEPS].index(step) + 1}/7"

            def pull(said: str, at: str = at, into: int = into) -> None:
                if said.startswith(f"▶ {at} "):
                    bench.do(setattr, board, "pull_after", board.came + into) if into else None
                    bench.do(board.pull) if not into else None

            record = shop.run(str(board.link), hand=pull, code=code, labels=labels)
            assert record["failed"] == step, "\n".join(shop.said)
            assert record["why"] == ("cable" if into else "port")
            assert shop.said[-2].startswith(f"  ✗ {at} ")
            assert ("会从断开处继续" if into else "请插好数据线") in shop.said[-1]
            assert not labels.exists()
            if into == 900:
                assert shop.county.ask(terminals.get, "HMA4CF12C0FFEE") is not None
                assert not (board.flash.nvs / "hanma.device").exists()
            if step in ("identity", "test", "record") and into != 300:
                secrets.add((board.flash.nvs / "hanma.secret").read_bytes())
            bench.do(board.plug)
        record = shop.run(str(board.link), code=code, labels=labels)
        assert record["ok"], "\n".join(shop.said)
        assert any("already there" in line for line in shop.said)
        assert any("changed 0," in line for line in shop.said)
        secrets.add((board.flash.nvs / "hanma.secret").read_bytes())
    assert secrets == {shop.county.ask(terminals.secret, "HMA4CF12C0FFEE")}
    assert (labels / "HMA4CF12C0FFEE.pdf").exists()


def _expired(shop: Shop, bench: Bench) -> dict[str, Any]:
    dead = shop.code(hours=1)
    shop.county.clock.forward(3601)
    return {"code": dead}


def _mistyped(shop: Shop, bench: Bench) -> dict[str, Any]:
    return {"code": shop.code()[::-1]}


def _expired_and_to_be_cleared(shop: Shop, bench: Bench) -> dict[str, Any]:
    return _expired(shop, bench) | {"erase": True}


def _somebody_elses(shop: Shop, bench: Bench) -> dict[str, Any]:
    (bench.board.flash.nvs / "hanma.secret").write_bytes(os.urandom(32))
    return {}


def _for_a_bare_machine(shop: Shop, bench: Bench) -> dict[str, Any]:
    return {"machine": shop.county.machine().code}


def _no_sim(shop: Shop, bench: Bench) -> dict[str, Any]:
    bench.do(spoil, bench.board, "no-sim")
    return {}


def _stuck(shop: Shop, bench: Bench) -> dict[str, Any]:
    bench.do(spoil, bench.board, "relay-stuck")
    return {}


@pytest.mark.parametrize(
    ("spoilt", "step", "why", "wrong", "remedy"),
    [
        (_expired, "5/7 登记身份与密钥", "code-expired", "登记码已过期", "要一个新的登记码"),
        (_mistyped, "5/7 登记身份与密钥", "code-wrong", "登记码不能用", "核对有没有抄错"),
        (  # what it holds is needed still
            _expired_and_to_be_cleared,
            "3/7 写入 MicroPython 镜像",
            "code-expired",
            "登记码已过期",
            "要一个新的登记码",
        ),
        (
            _somebody_elses,
            "5/7 登记身份与密钥",
            "enrolled-elsewhere",
            "已登记为另一个在用的终端 HMA4CF120000F1",
            "先在平台撤下",
        ),
        (
            _for_a_bare_machine,
            "5/7 登记身份与密钥",
            "machine-incomplete",
            "焊机资料不全，缺 设备分类 category, 焊机用电类型 supply",
            "在平台补齐焊机资料",
        ),
        (_no_sim, "6/7 自检", "sim", "没有 SIM 卡", "断电插好 SIM 卡"),
        (_stuck, "6/7 自检", "relay-stuck", "继电器合不上，没有动作", "检查线圈电源"),
    ],
)
def test_bad_input_is_told_by_step_and_remedy(
    shop: Shop,
    flashed: Path,
    spoilt: Callable[[Shop, Bench], dict[str, Any]],
    step: str,
    why: str,
    wrong: str,
    remedy: str,
) -> None:
    with shop.board(spoilt.__name__, like=flashed) as bench:
        record = shop.run(str(bench.board.link), **spoilt(shop, bench))
        assert record["why"] == why, "\n".join(shop.said)
        assert shop.said[-2].startswith(f"  ✗ {step}") and wrong in shop.said[-2]
        assert shop.said[-1].startswith("  → ") and remedy in shop.said[-1]
        assert bench.board.world.relay == 0
        assert (bench.board.flash.nvs / "hanma.secret").exists()


def test_a_copy_that_differs_is_told_by_name(shop: Shop, flashed: Path) -> None:
    with shop.board("differs", like=flashed) as bench:
        files = bench.board.flash.files

        def spoil_it(said: str) -> None:
            if said == "    1/1":  # main.py is copied, and looked at next
                (files / "terminal" / "app.mpy").write_bytes(b"a bad block")

        record = shop.run(str(bench.board.link), hand=spoil_it)
        assert (record["failed"], record["why"]) == ("application", "copy"), shop.said
        assert "复制后不一致：terminal/app.mpy" in shop.said[-2]
        assert "请再运行一次" in shop.said[-1] and "换模块" in shop.said[-1]


def test_settings_that_cannot_be_read_back_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "on_board", lambda module, name, values: ["device"])
    module = Module(Wanted(), print, lambda question: True, tmp_path)
    with pytest.raises(StepFailed) as failed:
        identity.store(module, {"device": "00", "server": "01"})
    assert failed.value.word == "store" and "换模块" in failed.value.remedy
    identity.store(module, {"device": "00"})


@pytest.mark.parametrize(
    ("said", "why", "remedy", "calls"),
    [
        ("mpremote: could not enter raw repl", "no-prompt", "--erase", 3),
        ("Traceback (most recent call last):\nOSError: 28", "board", "--erase", 1),
        ("mpremote: failed to access /dev/null", "cable", "检查数据线", 1),
    ],
)
def test_what_the_module_does_not_do_is_told_apart_from_a_cable(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    why: str,
    remedy: str,
    calls: int,
) -> None:
    """In place of mpremote a program that says what it says then."""
    program, called = tmp_path / "mpremote", tmp_path / "called"
    program.write_text(f"#!/bin/sh\necho >> {called}\ncat << END\n{said}\nEND\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(tools, "_BIN", tmp_path)
    module = Module(Wanted(), print, lambda question: True, tmp_path, port="/dev/null")
    with pytest.raises(StepFailed) as failed:
        tools.mpremote(module, "exec", "1")
    assert failed.value.word == why and remedy in failed.value.remedy
    assert len(called.read_text()) == calls  # what just restarts is called again


def test_a_release_key_that_is_not_the_clouds_stops_it(tmp_path: Path) -> None:
    public = [keys.create(tmp_path / name) for name in ("one", "two")]
    own, other = (keys.load_public(path).hex() for path in public)
    wanted = Wanted(release_key=public[0])
    module = Module(wanted, print, lambda question: True, tmp_path)
    assert identity._release_key(module, "") == identity._release_key(module, own) == own
    for told, path in ((other, public[0]), ("", tmp_path / "none.pub")):
        module.wanted = replace(wanted, release_key=path)
        with pytest.raises(StepFailed) as failed:
            identity._release_key(module, told)
        assert failed.value.word == "release-key"


def test_a_module_without_a_voice_gets_the_clips_that_miss_or_differ_and_plays_one(
    shop: Shop, flashed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {"bench": "安装测试", "on": "焊机已开机"}
    for number, name in enumerate(words):
        sound = clips.wav([(number + 1) * 7 * at % 20_000 - 10_000 for at in range(1200)])
        (tmp_path / f"{name}.wav").write_bytes(sound)
    (tmp_path / "index").write_text("".join(f"{name} {text}\n" for name, text in words.items()))
    monkeypatch.setattr(voice, "_made", lambda folder: None)  # tests/simulator/test_clips.py
    with shop.board("mute", like=flashed) as bench:
        bench.do(spoil, bench.board, "no-tts")
        port, there = str(bench.board.link), bench.board.flash.files / "clips"
        assert shop.tested(port, clips=tmp_path) == "", "\n".join(shop.said)
        assert any("复制 2 段语音" in line for line in shop.said)
        heard = bench.board.world.speaker.utterances
        assert [(one.text, one.whole) for one in heard] == [("安装测试", True)]
        (there / "on.wav").write_bytes(b"spoilt")
        (there / "old.wav").write_bytes(b"of an earlier catalogue")
        untouched = (there / "bench.wav").stat().st_mtime_ns
        assert shop.tested(port, clips=tmp_path) == "", shop.said
        assert {path.name: path.read_bytes() for path in there.iterdir()} == {
            path.name: path.read_bytes() for path in tmp_path.iterdir()
        }
        assert (there / "bench.wav").stat().st_mtime_ns == untouched


def test_clips_that_cannot_be_made_are_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clips").write_text("a file where the folder should be")
    module = Module(Wanted(clips=tmp_path / "clips"), print, bool, tmp_path)
    with pytest.raises(StepFailed) as failed:
        voice.give(module)
    assert failed.value.word == "clips" and "--clips" in failed.value.remedy


def test_a_module_of_another_cloud_is_left_as_it_is_until_it_is_erased(
    shop: Shop, flashed: Path
) -> None:
    """And for a machine that is locked it begins locked, before the cloud has met it."""
    with shop.board("abroad", like=flashed, kind=Kind(mac="a4cf12ab70ad")) as bench:
        nvs, code = bench.board.flash.nvs, shop.code(times=2)
        (nvs / "hanma.device").unlink()
        server, secret = nvs / "hanma.server", (nvs / "hanma.secret").read_bytes()
        server.write_bytes(b"mqtts://iot.elsewhere.example:8883")
        record = shop.run(str(bench.board.link), code=code)
        assert (record["failed"], record["why"]) == ("identity", "enrolled-elsewhere")
        assert "iot.elsewhere.example" in shop.said[-2] and "--erase" in shop.said[-1]
        assert shop.county.ask(terminals.get, "HMA4CF12AB70AD") is None  # its secret stayed there
        assert server.read_bytes() == b"mqtts://iot.elsewhere.example:8883"
        assert (nvs / "hanma.secret").read_bytes() == secret
        (bench.board.flash.files / "theirs.py").touch()
        whole = {"category": "手工电弧焊", "supply": "380", "max_a": 400, "status": "locked"}
        given = {"machine": shop.county.machine(**whole).code, "erase": True}
        assert shop.run(str(bench.board.link), code=code, **given)["ok"], shop.said
        assert (nvs / "hanma.locked").read_bytes() == b"1"
        assert (nvs / "hanma.device").read_bytes() == b"HMA4CF12AB70AD"
        assert (nvs / "hanma.secret").read_bytes() != secret
        assert server.read_bytes() != b"mqtts://iot.elsewhere.example:8883"
        assert not (bench.board.flash.files / "theirs.py").exists()


@pytest.mark.parametrize(
    ("held", "told", "elsewhere"),
    [
        ("", "mqtts://a.example:8883", False),
        ("mqtts://b.example:8883,mqtts://a.example:8883", "mqtts://A.example:443", False),
        ("a.example:1883", "mqtts://a.example:8883,mqtts://c.example:8883", False),
        ("mqtts://b.example:8883", "mqtts://a.example:8883", True),
        ("127.0.0.1:1883", "localhost:2883", False),
        ("[::1]:1883", "127.0.0.1:2883", False),
        ("127.0.0.1:1883", "mqtts://a.example:8883", True),
        ("mqtts://a.example:8883", "127.0.0.1:1883", True),
    ],
)
def test_a_cloud_is_known_again_by_any_of_its_servers(
    held: str, told: str, elsewhere: bool
) -> None:
    assert identity.elsewhere(held, told) == elsewhere


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"code": ""}, "cloud-missing"),
        ({"cloud": "http://127.0.0.1:9"}, "cloud-away"),
        ({"cloud": "http://192.0.2.1"}, "cloud-insecure"),
    ],
)
def test_a_secret_goes_only_to_a_cloud_that_is_there_and_safe(
    tmp_path: Path, given: dict, why: str
) -> None:
    wanted = Wanted(**({"cloud": "https://localhost", "code": "x"} | given))
    module = Module(wanted, print, lambda question: True, tmp_path)
    module.survey = {"secret": "ab" * 32, "device": ""}
    with pytest.raises(StepFailed) as failed:
        identity.write(module)
    assert failed.value.word == why


GOOD = {"open": True, "closed": True, "amps": 0.1, "modem": True, "sim": True, "network": True}
GOOD |= {"tts": True, "spoken": True, "ble": True}


@pytest.mark.parametrize(
    ("told", "whys"),
    [
        ({}, []),
        ({"closed": False}, ["relay-stuck"]),
        ({"open": False}, ["relay-welded"]),
        ({"open": False, "closed": False}, ["relay-readback"]),
        ({"amps": None}, ["current"]),
        ({"amps": 3.1}, ["current"]),
        ({"modem": False, "sim": False, "network": False}, ["modem"]),
        ({"sim": False, "network": False}, ["sim"]),
        ({"network": False}, ["network"]),
        ({"spoken": False}, ["voice"]),
        ({"sim": False, "spoken": False}, ["sim"]),
        ({"ble": False}, ["ble"]),
        ({"open": False, "amps": 9.0, "sim": False}, ["relay-welded", "current", "sim"]),
    ],
)
def test_all_that_the_board_measured_wrong_is_told_at_once(
    told: dict[str, Any], whys: list[str]
) -> None:
    found = selftest.judged(GOOD | told)
    assert [one.word for one in found] == whys
    assert all(one.wrong and one.remedy for one in found)


def test_what_to_listen_and_look_for_is_told_before_the_board_speaks_and_is_asked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []

    def board(*given: Any, **more: Any) -> dict[str, Any]:
        happened.append("the board")
        return GOOD | {"imei": "", "iccid": ""}

    def ask(question: str) -> bool:
        happened.append(question)
        return True

    monkeypatch.setattr(selftest, "on_board", board)
    module = Module(Wanted(), happened.append, ask, tmp_path)
    module.record["device"] = "HMA4CF120000F1"
    selftest.run(module)
    told, measured, seen, heard = happened
    assert "Listen" in told and "HMA4CF120000F1" in told and measured == "the board"
    assert "HMA4CF120000F1" in seen and "安装测试" in heard
    assert "安装测试" in clips.catalogue().values()  # for a module that has no voice


def test_what_the_technician_does_not_confirm_fails(shop: Shop, flashed: Path) -> None:
    with shop.board("deaf", like=flashed) as bench:
        record = shop.run(str(bench.board.link), ask=lambda question: "speak" not in question)
        assert (record["failed"], record["why"]) == ("test", "voice")


def test_a_port_that_is_not_there_is_told(shop: Shop) -> None:
    assert shop.run("/dev/no-such-port")["why"] == "port"


def test_a_file_of_this_computer_that_cannot_be_written_is_named_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labels").write_text("a file where the folder should be")
    wanted = Wanted(labels=tmp_path / "labels")
    said: list[str] = []
    module = Module(wanted, said.append, bool, tmp_path)
    module.record["device"] = "HMA4CF120000F1"
    labels = steps.Step("record", "Record", lambda module: str(steps._labels(module)))
    monkeypatch.setattr(steps, "STEPS", (labels,))
    assert not steps.flash(module)
    assert (module.record["failed"], module.record["why"]) == ("record", "file")
    assert str(tmp_path / "labels") in said[-2] and "权限" in said[-1]


def test_a_label_without_a_telephone_is_told(tmp_path: Path) -> None:
    module = Module(Wanted(labels=tmp_path), print, bool, tmp_path)
    module.record["device"] = "HMA4CF120000F1"
    told = []
    for module.hotline in ("000-7654321", ""):
        told.append(["HANMA_HOTLINE" in words for words in steps._labels_told(module)])
    assert told == [[False], [False, True]]


@pytest.fixture
def print_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `lp` was given, a line a call; `broken` is a printer that nobody knows."""
    told = tmp_path / "lp.txt"
    program = tmp_path / "bin" / "lp"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$2" = broken ] && {{ echo no such printer >&2; exit 1; }}\n'
        f'echo "$@" >> {told}\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    return told


def labelled(folder: Path, printer: str) -> tuple[dict[str, Any], list[str]]:
    """The record and what was said, of the labels of a terminal and its machine."""
    said: list[str] = []
    wanted = Wanted(labels=folder, printer=printer, machine="5001060ABCDEF7", virtual=True)
    module = Module(wanted, said.append, bool, folder)
    module.record["device"] = "HMA4CF120000F1"
    steps._labels(module)
    return module.record, said


def test_both_labels_are_printed_as_large_as_they_are(print_system: Path, tmp_path: Path) -> None:
    record, said = labelled(tmp_path, "zebra")
    files = f"{tmp_path}/HMA4CF120000F1.pdf {tmp_path}/5001060ABCDEF7.pdf"
    told = print_system.read_text().strip()
    assert told == f"-d zebra -o media=Custom.60x60mm -o print-scaling=none -- {files}"
    assert record["printed"] and said == []
    assert "printed" not in labelled(tmp_path, "")[0] and print_system.read_text().count("\n") == 1


@pytest.mark.parametrize(("path", "why"), [("", "no such printer"), ("/nowhere", "cups-client")])
def test_a_label_that_was_not_printed_is_told_with_its_file(
    print_system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, why: str
) -> None:
    if path:
        monkeypatch.setenv("PATH", path)
    record, said = labelled(tmp_path, "broken")
    assert record["printed"] is False and why in said[0]
    assert f"{tmp_path}/5001060ABCDEF7.pdf" in said[1]


def test_the_label_of_a_rehearsal_says_that_it_is_not_to_be_stuck_on(tmp_path: Path) -> None:
    labelled(tmp_path, "")
    for name in ("HMA4CF120000F1", "5001060ABCDEF7"):
        with pypdfium2.PdfDocument(tmp_path / f"{name}.pdf") as label:
            assert "演练，不要贴" in label[0].get_textpage().get_text_bounded()


def test_a_ledger_that_cannot_be_written_is_told_before_and_after_a_module_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    ledger = Ledger(tmp_path / "file" / "ledger.jsonl")
    with pytest.raises(StepFailed) as failed:
        ledger.ready()
    assert str(ledger.path) in failed.value.wrong and "--ledger" in failed.value.remedy
    for record, why in (
        ({"ok": True}, "ledger"),
        ({"ok": False, "failed": "test", "why": "sim"}, "sim"),
    ):
        cli._noted(ledger, record)
        assert (record["ok"], record["why"]) == (False, why)
        assert str(ledger.path) in capsys.readouterr().err
