"""From bare module to tested terminal, step by step; each may be repeated, none is done twice."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from serial.tools import list_ports

from flash import application, identity, image, printing, selftest
from flash.bench import BROKEN_OFF, Module, StepFailed, Wanted
from flash.tools import cable, esptool

if TYPE_CHECKING:
    from hardware.label import Label

_FLASH_MB = 4
_USB = {(0x1A86, 0x7523), (0x1A86, 0x55D4), (0x10C4, 0xEA60), (0x0403, 0x6001)}  # CH340, CH9102 …


@dataclass(frozen=True)
class Step:
    """`do` gives what came of it, for people; StepFailed."""

    name: str
    title: str
    do: Callable[[Module], str]


def find_port(module: Module) -> str:
    """The port that was named, else the only one with a usual adapter."""
    found = ports(module.wanted)
    if not found and module.wanted.port:
        raise _no_port(f"{module.wanted.port} 不存在。 There is no such port.")
    if not found:
        raise _no_port("没有找到模块的端口。 No port with a module was found.")
    if len(found) > 1:
        raise StepFailed(
            "port",
            f"有 {len(found)} 个可能的端口。 {len(found)} possible ports: {', '.join(found)}.",
            f"请用 --port 指定其中一个，如 --port {found[0]}。 Name one of them by --port.",
        )
    module.port = module.record["port"] = found[0]
    return module.port


def ports(wanted: Wanted) -> list[str]:
    """Where a module may be now."""
    if wanted.port:
        return [wanted.port] if Path(wanted.port).exists() else []
    return [one.device for one in list_ports.comports() if (one.vid, one.pid) in _USB]


def _no_port(wrong: str) -> StepFailed:
    return StepFailed(
        "port",
        wrong,
        "请插好数据线（只能充电的线不行），或用 --port 指定。 "
        "Plug in a cable that carries data, or give --port.",
    )


def look_at_chip(module: Module) -> str:
    """The right chip with enough flash; whose address it has."""
    good, said = esptool(module, "flash-id")
    other = re.search(r"This chip is (\S+), not", said)
    if other:
        raise StepFailed(
            "wrong-chip",
            f"芯片是 {other[1]}，不是 ESP32。 The chip is an {other[1]}, not an ESP32.",
            "请换用 ESP32-WROVER-E 模块。 Take a module with an ESP32-WROVER-E.",
        )
    mac = re.search(r"MAC:\s+([0-9a-f:]{17})", said)
    size = re.search(r"Detected flash size: (\d+)(MB|KB)", said)
    if not good or not mac or not size:
        raise cable(module, said)
    mega = int(size[1]) if size[2] == "MB" else 0
    if mega < _FLASH_MB:
        raise StepFailed(
            "small-flash",
            f"闪存只有 {size[1]} {size[2]}，至少要 {_FLASH_MB} MB。 "
            f"The flash has {size[1]} {size[2]}, {_FLASH_MB} MB are needed.",
            "请换用闪存 4 MB 以上的模块。 Take a module with 4 MB or more.",
        )
    module.chip = mac[1].replace(":", "")
    module.record |= {"chip": module.chip, "flash_mb": mega}
    return f"ESP32，闪存 flash {mega} MB，地址 address {module.chip}"


def write_image(module: Module) -> str:
    """The cloud is asked before anything is cleared: a job's record and OFF need the module."""
    if module.wanted.erase:
        identity.may_be_cleared(module)
    return image.write(module)


_TOLD = (  # of the record, in the technician's words
    ("device", "终端 terminal"),
    ("chip", "模块 module"),
    ("machine", "焊机 machine"),
    ("fw", "程序 firmware"),
    ("imei", "IMEI"),
    ("iccid", "SIM 卡 ICCID"),
)


def recorded(module: Module) -> str:
    """The record for the ledger, and the label of the machine that was named.

    The restarts of the bench counted as bad starts: the loader's count begins anew.
    """
    identity.store(module, {"slots": identity.FRESH.hex()})
    told = [f"{word} {module.record[name]}" for name, word in _TOLD if module.record.get(name)]
    return "，".join(told + _labels_told(module))


def _labels_told(module: Module) -> list[str]:
    """Where the label is, and that it names nobody to call, if so."""
    label = _labels(module)
    if label is None:
        return []
    from hardware.label import NO_PHONE

    return [f"标签 label {label}", *([] if module.hotline else [NO_PHONE])]


def _labels(module: Module) -> Path | None:
    """The terminal's own label, and that of the machine that it is for: PDFs; the latter's path,
    or the former's where no machine was named. None where none is wanted."""
    wanted, device = module.wanted, str(module.record["device"])
    if not wanted.labels:
        return None
    from hardware.label import Label, of_terminal

    labels = [of_terminal(device, module.hotline, wanted.hardware)]
    if wanted.machine:
        url = f"{module.pages}/m/{wanted.machine}"
        labels.append(Label(wanted.machine, url, module.hotline))
    written = [_written(wanted.labels, label, wanted.virtual) for label in labels]
    module.record["label"] = str(written[-1])
    printing.put(module, written)
    return written[-1]


def _written(folder: Path, label: "Label", virtual: bool) -> Path:
    """Its PDF; that of a board which is none says that it is not to be stuck on."""
    from hardware.label import single

    path = folder / f"{label.code}.pdf"
    if virtual:
        label = replace(label, title=f"演练，不要贴 · {label.title.partition(' · ')[0]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(single([label]))
    return path


STEPS = (
    Step("port", "找端口 Port", find_port),
    Step("chip", "查芯片与闪存 Chip and flash", look_at_chip),
    Step("image", "写入 MicroPython 镜像 Image", write_image),
    Step("application", "复制应用 Application", application.write),
    Step("identity", "登记身份与密钥 Identity", identity.write),
    Step("test", "自检 Self-test", selftest.run),
    Step("record", "记录 Record", recorded),
)


_BROKEN_OFF = (
    BROKEN_OFF,
    "已中断，这个模块还没有做完。 Broken off: this one is not finished.",
    "再运行一次，会从断开处继续。 Run again: it goes on.",
)


def flash(module: Module) -> bool:
    """All steps in order; what failed is said with its remedy, and stands in the record."""
    module.record["steps"] = done = []
    try:
        for number, step in enumerate(STEPS, 1):
            module.say(f"▶ {number}/{len(STEPS)} {step.title}")
            came = step.do(module)
            done.append(step.name)
            module.say(f"  ✓ {came}")
    except StepFailed as failed:
        why, wrong, remedy = failed.word, failed.wrong, failed.remedy
    except OSError as error:  # of this computer: a label, a copy on its way to the module
        why = "file"
        wrong = f"文件读写失败：{error.filename}（{error.strerror}）。 This file failed."
        remedy = (
            "请检查磁盘空间和文件夹权限，再运行一次。 Check free space and the folder's rights, "
            "run again."
        )
    except KeyboardInterrupt:
        why, wrong, remedy = _BROKEN_OFF
    else:
        module.record["ok"] = True
        module.say("✔ 合格，贴好标签就可以装机。 Good: put its label on, it can be fitted.")
        return True
    at = min(len(done), len(STEPS) - 1)
    told = {"failed": STEPS[at].name, "why": why, "wrong": wrong, "remedy": remedy}
    module.record |= {"ok": False} | told
    module.say(f"  ✗ {at + 1}/{len(STEPS)} {STEPS[at].title}: {wrong}")
    module.say(f"  → {remedy}")
    return False
