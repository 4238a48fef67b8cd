"""Who may weld, and one open job per welder and machine (CQ art. 22, 27)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule

_STEPS = ("apply", "on")


@rule(
    "registered",
    _STEPS,
    "您的账号还没有通过审核，或者已被停用。",
    "Your account is not approved yet, or was blocked.",
    "请等待审核，或联系平台。",
    "Wait for the approval, or ask the office.",
)
def registered(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.welder.active else {}


@rule(
    "not-welder",
    _STEPS,
    "您没有登记为焊工。",
    "You are not registered as a welder.",
    "请以焊工身份实名注册并登记操作证。",
    "Register as a welder with your real name and certificate.",
)
def not_welder(facts: Facts, profile: Profile) -> Values | None:
    return None if "welder" in facts.welder.roles else {}


@rule(
    "machine-busy",
    _STEPS,
    "这台焊机上已有一项未结束的作业。",
    "There is an open job on this machine.",
    "请等上一位焊工结束作业后再扫码；移交他人使用前必须先结束作业。",
    "Wait until the other welder ends the job; a job is ended before a machine is handed over.",
)
def machine_busy(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.machine.busy else None


@rule(
    "handover-off",
    _STEPS,
    "上一项作业结束后，焊机还没有确认断电。",
    "The machine has not confirmed that it is off since the job before.",
    "请等几秒再按一次；还不行，请拉下电源开关，再合上；终端没有信号的，用手机蓝牙关机。",
    "Wait some seconds and press again; if it lasts, switch its mains off and on; without a "
    "signal, switch it off by Bluetooth.",
)
def handover_off(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.before_off else {}


@rule(
    "welder-busy",
    _STEPS,
    "您还有另一项未结束的作业（作业或监护）。",
    "You have another open job, as welder or fire watch.",
    "请先结束那一项作业。",
    "End that job first.",
)
def welder_busy(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.welder.busy else None
