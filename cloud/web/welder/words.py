"""The words of the machine page: what to do next, where one is on the way, what a source is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from cloud.web.visitor import Viewer
from cloud.work.job import OPEN

_FRESH_END_MS = 10_000


@dataclass(frozen=True)
class Step:
    """What the page says at one step: heading, sign (hanma.css), template, place on the track."""

    title: Any
    sign: str
    part: str
    place: int


STEPS = {
    "apply": Step(_("申请作业"), "ready", "apply", 0),
    "check": Step(_("检查现场"), "ready", "check", 1),
    "wait-check": Step(_("等焊工检查现场"), "waiting", "wait", 1),
    "face": Step(_("核实是您本人"), "ready", "face", 1),
    "wait-face": Step(_("等焊工核实本人"), "waiting", "wait", 1),
    "vouch": Step(_("当面核对焊工"), "ready", "vouch", 1),
    "wait-watch": Step(_("等监护人到现场核验"), "waiting", "wait", 2),
    "watch": Step(_("核验现场"), "ready", "check", 2),
    "wait-on": Step(_("核验完成，等焊工开机"), "waiting", "wait", 3),
    "on": Step(_("可以开机"), "ready", "on", 3),
    "resume": Step(_("已暂停，焊机已断电"), "paused", "on", 3),
    "asked": Step(_("正在等焊机应答"), "waiting", "asked", 3),
    "off": Step(_("作业中"), "working", "off", 3),
    "stop": Step(_("作业中，请守在现场"), "working", "off", 3),
    "stop-paused": Step(_("已暂停，焊机已断电"), "paused", "off", 3),
    "clear": Step(_("收工确认"), "stopped", "clear", 4),
    "busy": Step(_("这台焊机有人在用"), "stopped", "wait", -1),
    "seen-on": Step(_("作业中"), "working", "seen", -1),
    "seen-paused": Step(_("已暂停，焊机已断电"), "paused", "seen", -1),
    "seen-preparing": Step(_("准备中"), "ready", "seen", -1),
    "look": Step(_("现在没有作业"), "ready", "seen", -1),
}
# A job in a list: word and sign.
JOB_STATES = {
    "applied": (_("准备中"), "ready"),
    "permitted": (_("准备中"), "ready"),
    "checked": (_("准备中"), "ready"),
    "watched": (_("准备中"), "ready"),
    "on": (_("作业中"), "working"),
    "paused": (_("已暂停"), "paused"),
    "ended": (_("已结束"), "stopped"),
    "cleared": (_("已收工"), "ready"),
    "refused": (_("被拒"), "stopped"),
    "cancelled": (_("已取消"), "stopped"),
    "expired": (_("已过期"), "offline"),
}
TRACK = (_("申请"), _("检查"), _("监护"), _("开机"), _("收工"))
MACHINE = {
    "unsafe": _("这台焊机有安全隐患，已停用待修。"),
    "locked": _("这台焊机已被锁定。"),
    "scrapped": _("这台焊机已报废。"),
}
ENDS = {
    "fire-watch": _("监护人停止了作业。"),
    "handover": _("焊工把作业交给另一位焊工。"),
    "officer": _("监管人员责令关机。"),
    "office": _("平台运维人员关了机。"),
    "zone": _("焊机进入或离开了重点区域，请重新申请。"),
    "lease": _("授权时间到了。"),
    "certificate": _("操作证不再有效。"),
    "permit": _("动火作业票不再有效。"),
    "account": _("焊工或监护人的账号已被停用。"),
    "contract": _("外包合同已终止、到期，或者不再适用。"),
    "enterprise": _("焊工或监护人换了单位或手机号码，不能再做这项作业。"),
    "exempt-over": _("这里不再是规定以外的场所，请重新申请。"),
    "machine": _("焊机换了单位或监管领域，作业不能继续。"),
    "role": _("焊工或监护人不再有这个角色。"),
    "not-resumed": _("暂停太久，没有继续。"),
    "taken-off": _("终端从焊机上撤下了。"),
    "terminal-revoked": _("终端被吊销了。"),
    "terminal-ended": _("焊机上已经结束了这项作业。"),
    "locked": _("焊机已被锁定。"),
    "unasked": _("焊机不是由您的开机键开的。"),
    "expired": _("上一次申请没有开始，已经过期。"),
}
# Why the fire watch looks instead of a face check.
FACE_WHY = {
    "declined": _("您选择了不刷脸。"),
    "down": _("刷脸服务没有应答。"),
    "no": _("刷脸没有通过。"),
    "late": _("刷脸没有在有效时间内完成。"),
    "many": _("刷脸的次数用完了。"),
}
SOURCES = {
    "law": _("法律法规"),
    "draft": _("征求意见稿，尚未生效"),
    "plan": _("实施方案"),
    "press": _("新闻报道"),
    "house": _("本系统的默认规则"),
}


def step(shown: dict[str, Any], viewer: Viewer) -> Step:
    """What to say at this step; who only looks on reads how the job stands."""
    if shown["step"] == "busy" and not viewer.roles & {"welder", "fire_watch"}:
        seen = f"seen-{shown['state']}"
        return STEPS.get(seen, STEPS["seen-preparing"])
    paused = shown["step"] == "stop" and shown["state"] == "paused"
    return STEPS["stop-paused" if paused else shown["step"]]


def reload_s(shown: dict[str, Any], sign: str, now: int) -> int:
    """After how many seconds a page without script loads itself again; 0 = a form is open.

    While OFF is to be confirmed it does so only for the first seconds: nobody has ticked by then.
    """
    ended_at = shown["times"].get("ended_at", 0)
    fresh_end = shown["state"] == "ended" and now - ended_at < _FRESH_END_MS
    if shown["step"] == "asked" or (fresh_end and not shown["off_confirmed"]):
        return 2
    return {"waiting": 5, "working": 20}.get(sign, 0)


def track(shown: dict[str, Any]) -> list[tuple[Any, str]]:
    """The way from application to close as (word, done | now | ahead); empty for onlookers."""
    place = STEPS[shown["step"]].place
    if place < 0:
        return []
    return [
        (word, "now" if at == place else "done" if at < place else "ahead")
        for at, word in enumerate(TRACK)
    ]


def ended_because(shown: dict[str, Any]) -> Any:
    """Why the last job ended, unless the welder ended it; an officer's own words as they are."""
    why = shown["end_reason"]
    if why in ("", "welder"):
        return ""
    return ENDS.get(why) or _("停止原因：%(reason)s", reason=why)


def may_order_off(viewer: Viewer, shown: dict[str, Any]) -> bool:
    """Whether to offer an officer the order to switch off; the room judges it when pressed."""
    on_job = shown["part"] != "other"
    return bool(viewer.roles & {"officer", "office"}) and shown["state"] in OPEN and not on_job
