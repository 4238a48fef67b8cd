"""A second person watches: another one, entitled, there, and fresh (CQ art. 23, 25)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule

_STEPS = ("watch", "on")


@rule(
    "fire-watch-unnamed",
    ("apply", "on"),
    "申请里没有写明监护人，或者写的人不能监护。",
    "The application names no fire watch, or one who cannot watch.",
    "请在申请里选一位登记的监护人，不能是自己。",
    "Choose a registered fire watch in the application, not yourself.",
    wanted=lambda profile: profile.fire_watch_named,
)
def fire_watch_unnamed(facts: Facts, profile: Profile) -> Values | None:
    one = facts.named
    if facts.resuming:
        return None
    if one is None or one.id == facts.welder.id or not one.active:
        return {}
    return None if "fire_watch" in one.roles else {}


@rule(
    "fire-watch-other",
    _STEPS,
    "您不是申请里写明的监护人。",
    "The application names another fire watch.",
    "请由申请里写明的监护人用自己的手机核验；要换人，请焊工取消后重新申请。",
    "Let the one who is named confirm with their own phone; to change, apply again.",
    wanted=lambda profile: profile.fire_watch_named,
)
def fire_watch_other(facts: Facts, profile: Profile) -> Values | None:
    watch, named = facts.fire_watch, facts.named
    return {} if watch is not None and named is not None and watch.id != named.id else None


@rule(
    "fire-watch-missing",
    ("on",),
    "监护人还没有到现场核验。",
    "No fire watch has confirmed on site yet.",
    "请监护人用自己的手机扫描这台焊机的二维码并确认。",
    "Let the fire watch scan this machine with their own phone and confirm.",
    wanted=lambda profile: profile.asks_watch,
)
def fire_watch_missing(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.fire_watch is None else None


@rule(
    "fire-watch-same-person",
    _STEPS,
    "监护人不能是焊工本人。",
    "The fire watch must be another person than the welder.",
    "请由另一位监护人用自己的手机和账号核验。",
    "Let another person confirm, with another phone and account.",
)
def fire_watch_same_person(facts: Facts, profile: Profile) -> Values | None:
    watch = facts.fire_watch
    return {} if watch and facts.welder.is_same(watch.id, watch.phone) else None


@rule(
    "fire-watch-role",
    _STEPS,
    "这个账号没有登记为监护人。",
    "This account is not registered as a fire watch.",
    "请由登记的监护人核验，或先办理登记。",
    "Let a registered fire watch confirm, or register first.",
)
def fire_watch_role(facts: Facts, profile: Profile) -> Values | None:
    watch = facts.fire_watch
    return {} if watch is not None and "fire_watch" not in watch.roles else None


@rule(
    "fire-watch-inactive",
    _STEPS,
    "监护人的账号还没有通过审核，或者已被停用。",
    "The fire watch's account is not approved yet, or was blocked.",
    "请由另一位监护人核验。",
    "Let another fire watch confirm.",
)
def fire_watch_inactive(facts: Facts, profile: Profile) -> Values | None:
    watch = facts.fire_watch
    return {} if watch is not None and not watch.active else None


@rule(
    "fire-watch-enterprise",
    _STEPS,
    "监护人不属于这台焊机的作业单位。",
    "The fire watch does not belong to the machine's enterprise.",
    "请由焊机所属作业单位的监护人核验。",
    "Let a fire watch of the enterprise that owns the machine confirm.",
)
def fire_watch_enterprise(facts: Facts, profile: Profile) -> Values | None:
    watch = facts.fire_watch
    # Of the client under a contract, of the venue in a key zone: rules of their own.
    elsewhere = facts.contract is not None or (profile.review and facts.venue_id is not None)
    if watch is None or elsewhere:
        return None
    return {} if watch.enterprise_id != facts.machine.enterprise_id else None


@rule(
    "fire-watch-busy",
    _STEPS,
    "监护人正在另一项作业中（监护或焊接）。",
    "The fire watch is busy with another open job.",
    "请由另一位监护人核验，或先结束那一项作业。",
    "Let another fire watch confirm, or end that job first.",
)
def fire_watch_busy(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.fire_watch is not None and facts.fire_watch.busy else None


@rule(
    "watch-checklist",
    _STEPS,
    "监护人还没有全部确认现场情况。",
    "The fire watch has not confirmed every line.",
    "请监护人逐项检查现场后确认。",
    "Let the fire watch check the site point by point.",
    wanted=lambda profile: bool(profile.watch_checklist),
)
def watch_checklist(facts: Facts, profile: Profile) -> Values | None:
    if facts.fire_watch is None:
        return None
    return None if {tick.id for tick in profile.watch_checklist} <= facts.watch_ticks else {}


@rule(
    "presence-watch",
    ("on",),
    "监护人还没有证明在焊机旁。",
    "The fire watch did not prove to be beside the machine.",
    "请监护人在焊机旁听取终端播报的验证码并输入，或用手机蓝牙证明。",
    "Let the fire watch type the code that the terminal speaks, or prove it by Bluetooth.",
    wanted=lambda profile: profile.presence,
)
def presence_watch(facts: Facts, profile: Profile) -> Values | None:
    there = facts.fire_watch is None or facts.fire_watch_present
    return None if there else {}


@rule(
    "watch-expired",
    ("on",),
    "监护人的确认已超过有效时间。",
    "The fire watch's confirmation is too old.",
    "请监护人重新到现场核验，十分钟内开机。",
    "Let the fire watch confirm again; switch on within ten minutes.",
    wanted=lambda profile: profile.asks_watch,
)
def watch_expired(facts: Facts, profile: Profile) -> Values | None:
    if facts.resuming or facts.watched_at is None:
        return None
    return {} if facts.now >= facts.watched_at + facts.watched_s * 1000 else None
