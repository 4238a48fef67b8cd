"""The work is approved, prepared, and the welder is there (CQ art. 23-26)."""

from cloud.work.facts import Facts, PermitFacts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule


def permit_in_force(facts: Facts) -> PermitFacts | None:
    return facts.permit if facts.permit and facts.permit.covers(facts.now) else None


def _asks_permit(profile: Profile) -> bool:
    return profile.permit != "no"


@rule(
    "permit",
    ("apply", "on"),
    "没有在有效时间内的动火作业审批。",
    "There is no hot-work permit that is valid now.",
    "请先由作业单位审批动火作业票，并在票面时间内作业。",
    "Have the enterprise approve a hot-work permit, and work inside its window.",
    wanted=_asks_permit,
)
def permit(facts: Facts, profile: Profile) -> Values | None:
    if permit_in_force(facts):
        return None
    # Another voucher stands in for a permit only where there is no permit, not for a spent one.
    vouched = profile.permit == "voucher" and facts.permit is None and facts.voucher.strip()
    return None if vouched else {}


@rule(
    "permit-own",
    ("apply", "on"),
    "动火作业票是您自己批准的。",
    "You approved the hot-work permit yourself.",
    "请由本单位其他负责人审批。",
    "Have somebody else in the enterprise approve it.",
    wanted=_asks_permit,
)
def permit_own(facts: Facts, profile: Profile) -> Values | None:
    permit = facts.permit
    own = permit and facts.welder.is_same(permit.approved_by, permit.approvers_phone)
    return {} if own else None  # a colleague may approve it


@rule(
    "planned-time",
    ("apply",),
    "计划的作业时间不对。",
    "The time that you plan is not possible.",
    "最早现在、最晚 {hours} 小时后开始；结束要在开始之后，在作业票的时间之内，"
    "没有票的在 {longest} 小时之内。",
    "Begin now or within {hours} h; end after the begin, inside the permit's window, or within "
    "{longest} h where there is none.",
)
def planned_time(facts: Facts, profile: Profile) -> Values | None:
    if facts.planned is None:
        return None
    begins, until = facts.planned
    held = permit_in_force(facts) if profile.permit != "no" else None
    start, longest_s = max(begins, facts.now), profile.longest_s(facts.longest_s)
    ends = held.window_to if held else start + longest_s * 1000
    good = begins <= facts.now + facts.ahead_s * 1000 and begins < ends
    good &= until is None or start < until <= ends
    hours = {"hours": facts.ahead_s // 3600, "longest": longest_s // 3600}
    return None if good else {name: str(value) for name, value in hours.items()}


@rule(
    "checklist",
    ("check", "on"),
    "作业前风险检查还没有全部确认。",
    "The risk check-list is not complete.",
    "请逐项检查现场，全部落实后再确认。",
    "Check the site point by point and confirm every line.",
    wanted=lambda profile: bool(profile.checklist),
)
def checklist(facts: Facts, profile: Profile) -> Values | None:
    return None if {tick.id for tick in profile.checklist} <= facts.ticks else {}


@rule(
    "ten-rules",
    ("check", "on"),
    "还没有阅读电气焊作业“十不准”。",
    "The ten “do nots” of welding were not read.",
    "请阅读后确认。",
    "Read and confirm them.",
    wanted=lambda profile: bool(profile.ten_rules),
)
def ten_rules(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.ten_rules_read else {}


@rule(
    "presence",
    ("on",),
    "还没有证明您在焊机旁。",
    "You did not prove that you are beside the machine.",
    "请在焊机旁听取终端播报的验证码并输入，或用手机蓝牙证明。",
    "Listen to the code that the terminal speaks and type it, or prove it by Bluetooth.",
    wanted=lambda profile: profile.presence,
)
def presence(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.welder_present else {}
