"""A gas cylinder is asked for by this jurisdiction, and was tested in time (CQ art. 3, 10, 12)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule


@rule(
    "cylinder-not-asked",
    ("apply",),
    "本地办法没有把气瓶纳入扫码作业。",
    "Here cylinders are not scanned before the work.",
    "请扫电焊机的二维码；气瓶按本单位规程使用。",
    "Scan the welding machine; use cylinders by the rules of your enterprise.",
    wanted=lambda profile: not profile.cylinders,
)
def cylinder_not_asked(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.machine.cylinder else None


@rule(
    "cylinder-test",
    ("apply", "on"),
    "这只气瓶应在 {day} 前检验，已经超期。",
    "This cylinder was to be tested by {day} and was not.",
    "请停止使用，退回充装单位检验。",
    "Do not use it; give it back to be tested.",
    wanted=lambda profile: profile.cylinders,
)
def cylinder_test(facts: Facts, profile: Profile) -> Values | None:
    day = facts.machine.test_by
    return {"day": day.isoformat()} if day is not None and day < facts.today else None
