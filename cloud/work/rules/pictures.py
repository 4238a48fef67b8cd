"""Pictures: the site before the work, and the two people together on it (CQ art. 23, 25)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule, saying


@rule(
    "site-pictures",
    ("check", "on"),
    "还没有现场照片（至少 {count} 张）。",
    "Pictures of the site are missing (at least {count}).",
    "请拍下作业点和周边，上传后再确认。",
    "Take pictures of the place of work and around it, upload them, then confirm.",
    wanted=lambda profile: profile.site_pictures > 0,
)
def site_pictures(facts: Facts, profile: Profile) -> Values | None:
    enough = facts.site_pictures >= profile.site_pictures
    return None if enough else {"count": str(profile.site_pictures)}


@rule(
    "joint-photo",
    ("watch", "on"),
    "还没有监护人与焊工在现场的合影。",
    "The joint photo of fire watch and welder on site is missing.",
    "请监护人用自己的手机，在焊机旁与焊工合影后上传。",
    "Let the fire watch take it beside the machine with their own phone, and upload it.",
    wanted=lambda profile: profile.joint_photo,
)
def joint_photo(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.fire_watch is None or facts.joint_photo else {}


saying(
    "picture-known",
    "这张照片已经用过了。",
    "This picture was used before.",
    "请在现场重新拍一张。",
    "Take a new one here and now.",
)
saying(
    "picture-many",
    "照片已经够多了。",
    "There are enough pictures.",
    "请继续下一步。",
    "Go on with the next step.",
)
