"""Training in the last half-year, from the day that the office has set (CQ art. 15, DL 三)."""

from datetime import timedelta

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule, saying

_GOOD = timedelta(days=183)


def lacking(facts: Facts) -> bool:
    """Whether the last training or exam that was passed is missing or too old."""
    return facts.trained_on is None or facts.today - facts.trained_on > _GOOD


@rule(
    "training",
    ("apply",),
    "您半年内没有合格的安全培训或考试记录（截止日 {day} 已过）。",
    "No training or exam of yours in the last half-year was passed (the deadline was {day}).",
    "请参加本单位的培训考试，由平台登记结果。",
    "Take part in your enterprise's training; the office enters the result.",
    wanted=lambda profile: profile.training == "gate",
)
def training(facts: Facts, profile: Profile) -> Values | None:
    day = facts.training_by
    return {"day": day.isoformat()} if day and facts.today > day and lacking(facts) else None


saying(
    "training-due",
    "您半年内没有合格的安全培训或考试记录。",
    "No training or exam of yours in the last half-year was passed.",
    "请尽快参加培训考试，到了截止日会不能作业。",
    "Take part in a training soon; after the deadline you will not be able to work.",
)
