"""In key zones: pictures that were passed, and the code given in by the venue's watch (WY)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule

_STEPS = ("watch", "on")


@rule(
    "review",
    _STEPS,
    "现场照片还没有审核通过。",
    "The pictures of the site were not passed yet.",
    "请等消防站或平台审核；没通过的，清理现场后重新拍照。",
    "Wait for the fire station or the office; if they refuse, clear the site and take new ones.",
    wanted=lambda profile: profile.review,
)
def review(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.review is not None and facts.review.passed else {}


@rule(
    "venue-code",
    _STEPS,
    "监护人还没有核验场所码，或者场所码不对、已失效。",
    "The fire watch has not given in the venue's code, or it is wrong or too old.",
    "请焊工出示场所码，由监护人在十分钟内输入。",
    "Let the welder show the code, and the fire watch give it in within ten minutes.",
    wanted=lambda profile: profile.review,
)
def venue_code(facts: Facts, profile: Profile) -> Values | None:
    if facts.fire_watch is None:
        return None
    given = facts.review is not None and facts.review.scanned_by == facts.fire_watch.id
    return None if given else {}


@rule(
    "fire-watch-venue",
    _STEPS,
    "重点区域要由用焊单位自己的监护人监护。",
    "In a key zone a fire watch of the venue itself watches.",
    "请用焊单位派出自己的监护人核验。",
    "Let a fire watch who belongs to the venue confirm.",
    wanted=lambda profile: profile.review,
)
def fire_watch_venue(facts: Facts, profile: Profile) -> Values | None:
    watch = facts.fire_watch
    if watch is None or facts.venue_id is None:
        return None
    return {} if watch.enterprise_id != facts.venue_id else None
