"""Who the module is: the secret is made here, enrolled in the cloud, kept from all eyes.

What the module holds is never sent to a cloud that does not know it already: the cloud is asked by
its digest, and where that is strange to it, a fresh secret is made for it.
"""

import hashlib
import json
import re
import secrets
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from flash.bench import Module, StepFailed, Wanted
from flash.tools import on_board
from release import keys

_TIMEOUT_S = 30
FRESH = b",,0,0,0,0,0"  # firmware/slots.py: the factory's tree, nothing on trial
_HOST = re.compile(r"(?:^|,)\s*(?:\w+://)?(\[[^\]]*\]|[^:/,\s]+)")  # settings.py tells the form
_HERE = {"127.0.0.1", "[::1]", "localhost"}
_CODE = (
    "登记码不能用",
    "The enrolment code is not good",
    "请核对有没有抄错，或向平台运维要一个新的登记码。 "
    "Check it for a slip, or ask the office for a new one.",
)
_NEW_CODE = "请向平台运维要一个新的登记码。 Ask the office for a new one."
_LACKS = {  # as the register names them
    "category": "设备分类 category",
    "supply": "焊机用电类型 supply",
    "max_a": "焊机最大电流 largest current",
}
WIRED = {"contactor": "接触器 contactor", "thermal": "温控回路 thermal loop"}
_WHY = {
    "code-wrong": _CODE,
    "code-expired": ("登记码已过期", "The enrolment code is over", _NEW_CODE),
    "code-spent": ("登记码的数量用完了", "The enrolment code is used up", _NEW_CODE),
    "enrolled-elsewhere": (
        "这个模块已登记为另一个在用的终端",
        "This module is already a terminal in use",
        "请先在平台撤下（终端页，或 hanma terminal take-off 终端），再重来。 "
        "Take it off there first (its page, or hanma terminal take-off TERMINAL).",
    ),
    "scrapped": ("这个模块已报废", "This module is scrapped", "请换一个模块。 Take another one."),
    "job-open": (
        "这台焊机上有一项作业还没有结束，换密钥会让平台关不了它",
        "A job is open with this terminal: a fresh secret would leave nobody able to end it",
        "请让焊工或监护人先在手机上关机，再运行一次。 "
        "Have the welder or the fire watch switch off first, then run again.",
    ),
    "machine-unknown": (
        "没有这台焊机",
        "There is no such machine",
        "请核对编码。 Check the code.",
    ),
    "machine-taken": (
        "这台焊机已有别的终端",
        "This machine has another terminal",
        "请先拆下旧终端并在平台登记。 Take the old one off and note it first.",
    ),
    "machine-incomplete": (
        "焊机资料不全，缺",
        "The machine's record lacks",
        "请在平台补齐焊机资料后重来。 Complete the machine's record, then run again.",
    ),
    "throttled": ("试得太多", "Tried too often", "请一刻钟后重来。 Wait a quarter of an hour."),
}


def write(module: Module) -> str:
    """A fresh secret is on the module before the cloud hears of it: no pulled cable loses it."""
    wanted, held = module.wanted, module.survey
    secret, asked = held.get("secret", ""), _asked(module)
    digest = {"digest": hashlib.sha256(bytes.fromhex(secret)).hexdigest()} if secret else {}
    told = _answered(wanted, asked | digest)
    _only_ours(held, told)
    if not told["known"]:
        secret = secrets.token_hex(32)
        store(module, {"secret": secret})
    told = _answered(wanted, asked | {"secret": secret, "hardware": wanted.hardware})
    values = {
        "device": told["device"].encode().hex(),
        "server": told["server"].encode().hex(),
        "modem": wanted.modem.encode().hex(),
        "hardware": wanted.hardware.encode().hex(),
        "apn": wanted.apn.encode().hex(),
        "slots": FRESH.hex(),
    }
    if told["locked"]:
        values["locked"] = b"1".hex()  # until the cloud says otherwise, a release included
    if key := _release_key(module, told["release_key"]):
        values["release_key"] = key
    store(module, values)
    module.record |= {"device": told["device"], "server": told["server"]}
    module.record["hardware"] = wanted.hardware
    module.pages, module.hotline = told.get("base_url", wanted.cloud), told.get("hotline", "")
    if wanted.machine:
        module.record["machine"] = wanted.machine
    return f"终端 terminal {told['device']}，接线 wiring {WIRED[wanted.hardware]}"


def may_be_cleared(module: Module) -> None:
    """StepFailed where the cloud would not take it anew: what the module holds is needed."""
    _answered(module.wanted, _asked(module))


def _asked(module: Module) -> dict[str, str]:
    wanted = module.wanted
    if not wanted.cloud or not wanted.code:
        raise StepFailed(
            "cloud-missing",
            "没有给出平台地址或登记码。 The cloud's address or the enrolment code is missing.",
            "请用 --cloud 网址 --code 登记码 给出。 Give --cloud URL and --code.",
        )
    return {"chip": module.chip, "machine": wanted.machine}


def _only_ours(held: dict[str, Any], told: dict[str, Any]) -> None:
    """StepFailed where the module is another terminal, or another cloud's, by what it holds."""
    if held.get("device") not in ("", told["device"]):
        raise StepFailed(
            "enrolled-elsewhere",
            f"模块里是另一个终端 {held['device']}。 The module is {held['device']} already.",
            "请先在原平台退库，再加 --erase 重来。 Return it there first, then run with --erase.",
        )
    if elsewhere(str(held.get("server", "")), told["server"]):
        raise StepFailed(
            "enrolled-elsewhere",
            f"模块属于另一个平台 {held['server']}。 The module belongs to another cloud.",
            "请先在原平台撤下，再加 --erase 重来。 Take it off there, then run with --erase.",
        )


def elsewhere(held: str, told: str) -> bool:
    """Whether a module that holds the servers `held` belongs to another cloud than that of `told`.

    The clouds of rehearsals are all on this computer, and none outlives its run.
    """
    ours, theirs = ({host.lower() for host in _HOST.findall(one)} for one in (told, held))
    return bool(theirs) and not theirs & ours and not theirs | ours <= _HERE


def store(module: Module, values: dict[str, str]) -> None:
    """Writes values (hex) into the chip's store and reads them back; StepFailed."""
    good = on_board(module, "store", values)
    if set(good) != set(values):
        raise StepFailed(
            "store",
            "设置写入后读不回来。 The settings cannot be read back.",
            "请再运行一次；仍不行请换模块。 Run again; if it stays, take another module.",
        )


def _release_key(module: Module, told: str) -> str:
    path = module.wanted.release_key
    if path is None:
        return told
    try:
        own = keys.load_public(path).hex()
    except (keys.BadKey, OSError) as error:
        raise StepFailed(
            "release-key", f"升级公钥不能用：{error}", "请检查文件。 Check it."
        ) from None
    if told and told != own:
        raise StepFailed(
            "release-key",
            "平台的升级公钥与文件不同。 The cloud's release key is not that of the file.",
            "请停下并核实哪一个是对的。 Stop, and find out which one is right.",
        )
    return own


def _answered(wanted: Wanted, body: dict[str, str]) -> dict[str, Any]:
    """What the cloud says to it; StepFailed."""
    request = urllib.request.Request(
        f"{wanted.cloud.rstrip('/')}/t/enrol",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {wanted.code}", "Content-Type": "application/json"},
    )
    _only_safely(wanted.cloud)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.HTTPError as error:
        with error:
            raise _refused(error) from None
    except (OSError, ValueError):
        raise StepFailed(
            "cloud-away",
            f"连不上平台 {wanted.cloud}。 The cloud cannot be reached.",
            "请检查网络和 --cloud，再运行一次。 Check network and --cloud, run again.",
        ) from None


def _only_safely(address: str) -> None:
    """The secret travels this once: by TLS, or within this computer."""
    where = urlsplit(address)
    if where.scheme != "https" and where.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise StepFailed(
            "cloud-insecure",
            "平台地址不是 https，密钥不会这样发送。 Not https: the secret is not sent that way.",
            "请用 https:// 的地址。 Give an https:// address.",
        )


def _refused(error: urllib.error.HTTPError) -> StepFailed:
    try:
        told = json.load(error)
        word, which = str(told["code"]), str(told["told"])
    except (ValueError, KeyError, TypeError):
        word, which = "cloud-fault", ""
    zh, en, remedy = _WHY.get(
        word, ("平台没有接受", "The cloud refused", "请联系平台运维。 Ask the office.")
    )
    which = ", ".join(_LACKS.get(one, one) for one in which.split(", "))
    zh, en = (f"{text} {which}".rstrip() for text in (zh, en))
    return StepFailed(word, f"{zh}。 {en}.", remedy)
