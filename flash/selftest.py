"""The self-test: the board measures, the technician confirms what people see and hear."""

from typing import Any

from flash import application, voice
from flash.bench import Module, StepFailed
from flash.tools import on_board

_AMPS_MAX = 3.0  # with nothing connected; the bypass alarm begins at 4
_PATIENCE_MS = 90_000
_BLE_MS, _BLE_VIRTUAL_MS = 20_000, 200
_WORDS = "安装测试"
_RELAY = {  # whether it was seen open, and closed
    (True, False): (
        "relay-stuck",
        "继电器合不上，没有动作。 The relay does not move: it stays open.",
        "请检查线圈电源、驱动和回读接线，再运行一次。 "
        "Check coil supply, drive and read-back wiring, run again.",
    ),
    (False, True): (
        "relay-welded",
        "继电器断不开：触点粘连，或回读短接。 The relay does not open: its contacts are welded, "
        "or the read-back is bridged.",
        "这块不能装机。请换继电器或接触器，检查回读接线，再运行一次。 "
        "Do not fit it. Change relay or contactor, check the read-back wiring, run again.",
    ),
    (False, False): (
        "relay-readback",
        "继电器的回读与动作相反。 The relay's read-back says the opposite of what it does.",
        "请检查回读用的是常开触点，再运行一次。 "
        "Check that the read-back is on the normally open contact, run again.",
    ),
}


def run(module: Module) -> str:
    wanted, name = module.wanted, module.record["device"][:26]
    module.say(
        f"  请听：会说“{_WORDS}”；请在手机的蓝牙列表里找 {name}（约 {_BLE_MS // 1000} 秒）。 "
        "Listen: it will speak. Look for that name among your phone's Bluetooth devices."
    )
    told = _measured(module, name)
    if told["sim"] and not told["tts"] and wanted.clips:
        told["clips"] = voice.give(module)
        if not told["spoken"] or told["clips"]:
            told["spoken"] = _measured(module, name, voice_only=True)["spoken"]
    told["asked"] = not wanted.yes  # whether a person was asked what was seen and heard
    module.record["test"] = {k: v for k, v in told.items() if k not in ("iccid", "imei")}
    module.record |= {"imei": told["imei"], "iccid": told["iccid"]}
    if found := judged(told):
        for other in found[1:]:
            module.say(f"  ✗ {other.wrong}")
            module.say(f"  → {other.remedy}")
        raise found[0]
    _confirm(module, "ble", f"手机上看到蓝牙 {name} 了吗 Seen by Bluetooth?")
    _confirm(module, "voice", f"听到“{_WORDS}”了吗 Heard it speak?")
    own = "自己说 its own" if told["tts"] else "语音片段 clips"
    return (
        f"继电器 relay ✓ 电流 current {told['amps']} A ✓ 模组 modem ✓ SIM ✓ 网络 network ✓ "
        f"蓝牙 Bluetooth ✓ 语音 voice ✓ ({own})"
    )


def _measured(module: Module, name: str, voice_only: bool = False) -> dict[str, Any]:
    wanted = module.wanted
    told: dict[str, Any] = on_board(
        module,
        "check",
        {
            "modem": wanted.modem,
            "apn": wanted.apn,
            "patience_ms": _PATIENCE_MS,
            "ble_ms": _BLE_VIRTUAL_MS if wanted.virtual else _BLE_MS,
            "name": name,
            "words": _WORDS,
            "voice_only": voice_only,
        },
        fresh=True,
        text=application.self_test(),
    )
    return told


def judged(told: dict[str, Any]) -> list[StepFailed]:
    """All that is wrong with what the board measured."""
    moved = (bool(told["open"]), bool(told["closed"]))
    found = [] if all(moved) else [StepFailed(*_RELAY[moved])]
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
    if told["sim"] and not told["spoken"]:  # it speaks once it is awake and has its SIM
        found.append(
            StepFailed(
                "voice",
                "没有说出话来。 It did not speak.",
                "请检查 --modem 型号和喇叭、功放的接线，再运行一次。 "
                "Check --modem, and the wiring of speaker and amplifier, run again.",
            )
        )
    if not told["ble"]:
        found.append(
            StepFailed(
                "ble",
                "蓝牙没有启动。 Bluetooth did not start.",
                "请再运行一次；仍不行请换模块。 Run again; if it stays, take another module.",
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
