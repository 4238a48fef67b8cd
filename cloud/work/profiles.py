"""Profiles 管理办法: the switches, lists and sources of one jurisdiction, from profiles/*.toml."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cloud.work.refusal import STATUSES, Words

_FOLDER = Path(__file__).parent / "profiles"
# Behind a profile's name: the same rules with what its [key_zone] asks for besides.
KEY_ZONE = "@key-zone"
# The same for gas cylinders, which have no terminal to speak a code.
CYLINDER = "@cylinder"
# The same, where work is counted and not controlled (work/exempting.py).
EXEMPT = "@exempt"
_SUFFIXES = ("", KEY_ZONE, CYLINDER, EXEMPT)
_UNCONTROLLED: dict[str, Any] = {
    "certificate_fits": "warn",
    "permit": "no",
    "fire_watch": "no",
    "fire_watch_named": False,
    "presence": False,
    "site_pictures": 0,
    "joint_photo": False,
    "check_in_min": 0,
    "contract": False,
    "face": False,
    "training": "record",
    "ten_rules": False,
    "checklist": [],
    "watch_checklist": [],
    "clear_checklist": [],
    "controlled": False,
}
_CHOICES = {
    "status": STATUSES,
    "certificate_fits": ("refuse", "warn"),
    "permit": ("no", "voucher", "permit"),
    "fire_watch": ("no", "always"),
    "training": ("record", "gate"),
}


class NoSuchProfile(ValueError):
    """There is no such profile; the text names those that there are."""


class BadProfile(ValueError):
    """A profile file holds a value that no switch knows."""


@dataclass(frozen=True)
class Tick:
    """One line of a check-list."""

    id: str
    words: Words


@dataclass(frozen=True)
class Profile:
    """One jurisdiction. `sources` maps a refusal's code to the article that stands behind it.

    `policy` = what its terminals work by, where that differs from the house's defaults
    (link/policies.py); `key_zone_policy` = what differs further in key zones 重点区域.
    `recheck_h` = an issuer is asked again at a scan when its answer is older; while its register
    is down that answer still counts for `cached_days` (0 = no longer than `recheck_h`).
    `training` = record, or gate: warned, refused after the deadline set by the office.
    `contract` = outside welders need the client's contract, briefing and own fire watch.
    `cylinders` = they are scanned too (CQ art. 3): the file has a [cylinder] of its own lists.
    `fire_watch_named` = the application names the fire watch, and nobody else confirms.
    `face` = before ON an outside verifier finds that it is the welder, or the fire watch does.
    `review` = pictures are passed by a regulator, then the venue's code is given in.
    `controlled` = False: work is only counted (CQ art. 2).
    `site_pictures` = how many the welder takes before the check, 0 = none.
    `check_in_min` = how often the fire watch checks in while the machine works, 0 = never.
    `coded_within_days` = how soon a new machine is to be coded, 0 = not asked for.
    """

    id: str
    title: str
    short: str
    status: str
    certificate_fits: str
    permit: str
    fire_watch: str
    presence: bool
    fire_watch_named: bool
    face: bool
    contract: bool
    training: str
    site_pictures: int
    joint_photo: bool
    check_in_min: int
    near_end_days: int
    recheck_h: int
    cached_days: int
    coded_within_days: int
    checklist: tuple[Tick, ...]
    watch_checklist: tuple[Tick, ...]
    clear_checklist: tuple[Tick, ...]
    ten_rules: tuple[Words, ...]
    policy: dict[str, int]
    key_zone_policy: dict[str, int]
    sources: dict[str, str]
    controlled: bool = True
    review: bool = False
    cylinders: bool = False

    @property
    def asks_check(self) -> bool:
        """Whether anything is to be prepared and confirmed by the welder before the weld."""
        return bool(self.checklist or self.ten_rules or self.presence or self.site_pictures)

    @property
    def asks_watch(self) -> bool:
        return self.fire_watch == "always"

    def longest_s(self, house_s: int) -> int:
        """How long one authority may last: the house's bound, or that of the terminals' policy."""
        return min(house_s, self.policy.get("lease_max_s", house_s))

    def source_of(self, code: str) -> tuple[str, str] | None:
        """(source, status) behind a refusal, or None where the text is silent."""
        article = self.sources.get(code)
        return (f"{self.short} {article}", self.status) if article else None


def names() -> list[str]:
    """The profiles that there are."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml") if path.stem != "ten_rules")


def every() -> list[str]:
    """The profiles that there are, and those of key zones and cylinders where they differ."""
    own = {KEY_ZONE: "key_zone", CYLINDER: "cylinder"}.items()
    more = [f"{name}{suffix}" for name in names() for suffix, part in own if part in _raw(name)]
    return sorted([*names(), *more])


def at(name: str, key_zone: bool, exempt: bool = False, cylinder: bool = False) -> Profile:
    """What holds for a machine that stands in a key zone 重点区域, or does not; `exempt` = at a
    place that the office has taken out of the rules."""
    if exempt:
        return load(f"{name}{EXEMPT}")
    if cylinder and "cylinder" in _raw(name):
        return load(f"{name}{CYLINDER}")
    return load(f"{name}{KEY_ZONE}" if key_zone and "key_zone" in _raw(name) else name)


@cache
def load(name: str) -> Profile:
    """A profile by its name, perhaps with a suffix; NoSuchProfile, BadProfile."""
    base = name.partition("@")[0]
    suffix = name.removeprefix(base)
    own = {KEY_ZONE: "key_zone", CYLINDER: "cylinder"}.get(suffix)
    if base not in names() or (own and own not in _raw(base)) or suffix not in _SUFFIXES:
        raise NoSuchProfile(f"{name!r}: there are {', '.join(names())}")
    raw = dict(_raw(base))
    zone = raw.pop("key_zone", {})
    raw["cylinders"] = "cylinder" in raw
    cylinder = {"presence": False} | raw.pop("cylinder", {})
    raw |= {KEY_ZONE: zone, EXEMPT: _UNCONTROLLED, CYLINDER: cylinder}.get(suffix, {})
    for switch, known in _CHOICES.items():
        if raw[switch] not in known:
            raise BadProfile(f"{name}: {switch} = {raw[switch]!r}, known are {known}")
    lists = {key: _ticks(raw[key]) for key in ("checklist", "watch_checklist", "clear_checklist")}
    rules = _ten_rules() if raw.pop("ten_rules") else ()
    policies = {key: raw.get(key, {}) for key in ("policy", "key_zone_policy")}
    return Profile(**raw | lists | policies | {"id": name, "ten_rules": rules})


@cache
def _raw(name: str) -> dict[str, Any]:
    if name not in names():
        raise NoSuchProfile(f"{name!r}: there are {', '.join(names())}")
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text("utf-8"))


def _ticks(rows: list[dict[str, Any]]) -> tuple[Tick, ...]:
    return tuple(Tick(row["id"], Words(row["zh"], row["en"])) for row in rows)


def _ten_rules() -> tuple[Words, ...]:
    raw = tomllib.loads((_FOLDER / "ten_rules.toml").read_text("utf-8"))
    return tuple(Words(row["zh"], row["en"]) for row in raw["rule"])
