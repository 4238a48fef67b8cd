"""The machine is sound and can be commanded (CQ art. 4, 10; annex 1.6)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule

_ALL = ("apply", "check", "watch", "on")
STATUSES = {"unsafe": "存在安全隐患", "locked": "已被锁定", "scrapped": "已报废"}


@rule(
    "machine-unusable",
    _ALL,
    "这台焊机不能使用：{status}。",
    "This machine may not be used: {status_en}.",
    "请停止使用并报修，恢复正常后方可使用。",
    "Stop using it and have it repaired first.",
)
def machine_unusable(facts: Facts, profile: Profile) -> Values | None:
    status = facts.machine.status
    return None if status == "usable" else unusable(status)


def unusable(status: str) -> Values:
    """The status for the words of this refusal."""
    return {"status": STATUSES.get(status, status), "status_en": status}


@rule(
    "terminal-missing",
    _ALL,
    "这台焊机还没有安装智能终端。",
    "No terminal is fitted to this machine.",
    "请联系安装人员安装后再使用。",
    "Have a terminal fitted first.",
)
def terminal_missing(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.machine.terminal == "missing" else None


@rule(
    "terminal-dark",
    ("on",),
    "焊机终端现在不在线。",
    "The machine's terminal is not on-line now.",
    "请确认焊机电源已接通，稍等片刻再试。",
    "Make sure that the machine has mains power, wait a moment and try again.",
)
def terminal_dark(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.machine.terminal == "dark" else None
