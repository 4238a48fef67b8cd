"""ON and the fire watch's confirmation need the PIN used within minutes (work page, sign-in)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule

_STEPS = ("watch", "on")


def _word(facts: Facts) -> str:
    """What is wrong with the PIN: `old` if it was not typed, or too long ago."""
    if facts.step == "on" and facts.resuming:
        return ""  # one press goes on with what was begun so
    if facts.step == "watch" and facts.fire_watch is None:
        return ""
    if facts.proof.word:
        return facts.proof.word
    return "" if facts.proof.fresh(facts.now, facts.pin_fresh_s) else "old"


@rule(
    "pin",
    _STEPS,
    "请输入作业密码。",
    "Your PIN is wanted.",
    "开机和监护核验前，五分钟内要输入过一次自己的作业密码。",
    "Type your own PIN; at ON and at the fire watch's confirmation it holds for five minutes.",
)
def pin(facts: Facts, profile: Profile) -> Values | None:
    return {} if _word(facts) == "old" else None


@rule(
    "pin-missing",
    _STEPS,
    "您还没有设置作业密码。",
    "You have no PIN yet.",
    "请在“作业密码”页面设置六位数字，再回来按一次。",
    "Set six digits on the page “PIN”, then come back and press again.",
)
def pin_missing(facts: Facts, profile: Profile) -> Values | None:
    return {} if _word(facts) == "missing" else None


@rule(
    "pin-wrong",
    _STEPS,
    "作业密码不对。",
    "The PIN is wrong.",
    "请再输入一次，还可以试 {left} 次；忘记了，请重新设置。",
    "Type it again; {left} tries are left. If you forgot it, set another one.",
)
def pin_wrong(facts: Facts, profile: Profile) -> Values | None:
    return {"left": str(facts.proof.left)} if _word(facts) == "wrong" else None


@rule(
    "pin-spent",
    _STEPS,
    "作业密码输错次数太多，已经作废。",
    "The PIN was wrong too often and is void.",
    "请重新登录，在“作业密码”页面设置新的。",
    "Sign in again and set another one on the page “PIN”.",
)
def pin_spent(facts: Facts, profile: Profile) -> Values | None:
    return {} if _word(facts) == "spent" else None
