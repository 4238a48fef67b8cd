"""The self-test: the board measures, the technician confirms what people see and hear."""

from typing import Any

from flash import application
from flash.bench import Module, StepFailed
from flash.tools import on_board

_AMPS_MAX = 3.0  # with nothing connected; the bypass alarm begins at 4
_PATIENCE_MS = 90_000
_BLE_MS, _BLE_VIRTUAL_MS = 20_000, 200


def run(module: Module) -> str:
    wanted = module.wanted
    told: dict[str, Any] = on_board(
        module,
        "check",
        {
            "modem": "air780e" if wanted.modem == "air780e" else "a7670",
            "apn": wanted.apn,
            "patience_ms": _PATIENCE_MS,
            "ble_ms": _BLE_VIRTUAL_MS if wanted.virtual else _BLE_MS,
            "name": module.record["device"][:26],
        },
        fresh=True,
        text=application.self_test(),
    )
    module.record["test"] = {k: v for k, v in told.items() if k not in ("iccid", "imei")}
    module.record |= {"imei": told["imei"], "iccid": told["iccid"]}
    for failed in _judged(told):
        raise failed
    _confirm(
        module, "ble", f"手机上能看到蓝牙 {module.record['device'][:26]} 吗 Seen by Bluetooth?"
    )
    if told["spoken"]:
        _confirm(module, "voice", "听到“安装测试”了吗 Heard it speak?")
    return f"继电器 relay ✓ 电流 current {told['amps']} A ✓ 模组 modem ✓ SIM ✓ 网络 network ✓"


def _judged(told: dict[str, Any]) -> list[StepFailed]:
    found = []
    if not told["open"] or not told["closed"]:
        way = "合上 close" if not told["closed"] else "断开 open"
        found.append(
            StepFailed(
                "relay",
                f"继电器没有动作（不能{way}）。 The relay does not move.",
                "请检查继电器、线圈电源和回读接线，再运行一次。 "
                "Check relay, coil supply and read-back wiring, run again.",
            )
        )
    if told["amps"] is None or told["amps"] > _AMPS_MAX:
        found.append(
            StepFailed(
                "current",
                f"电流零点不对：{told['amps']} A。 The current is not zero.",
                "请拔下互感器外的接线后重来。 Take off what hangs on the transformer, run again.",
            )
        )
    if not told["modem"]:
        found.append(
            StepFailed(
                "modem",
                "通信模组没有回应。 The modem does not answer.",
                "请检查模组供电与 --modem 型号。 Check its supply, and --modem.",
            )
        )
    elif not told["sim"]:
        found.append(
            StepFailed(
                "sim",
                "没有 SIM 卡，或卡不能用。 No SIM, or it cannot be used.",
                "请断电插好 SIM 卡后再运行一次。 Power off, put the SIM in, run again.",
            )
        )
    elif not told["network"]:
        found.append(
            StepFailed(
                "network",
                "注册不上网络。 It does not get onto the network.",
                "请接好天线、换个有信号的地方再试。 Fit the antenna, go where there is signal.",
            )
        )
    return found


def _confirm(module: Module, word: str, question: str) -> None:
    if not module.ask(question):
        raise StepFailed(
            word,
            "安装人员没有确认这一项。 The technician did not confirm it.",
            "请检查天线或喇叭，再运行一次。 Check antenna or speaker, run again.",
        )
