"""What a rule is, and how a refusal gets its words and its source. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.refusal import Refusal, Words

HOUSE = ("焊码 系统规则", "house")

# What holds even where work is only counted: who it is, and that the machine can be commanded.
EVERYWHERE = frozenset(
    {
        *("registered", "not-welder", "machine-unusable", "terminal-missing", "terminal-dark"),
        *("machine-busy", "welder-busy", "handover-off"),
        *("pin", "pin-missing", "pin-wrong", "pin-spent"),
    }
)

Values = dict[str, str]
Judge = Callable[[Facts, Profile], Values | None]

# Whether a jurisdiction asks for what a rule is about.
Wanted = Callable[[Profile], bool]

SAYINGS: dict[str, tuple[Words, Words]] = {}


@dataclass(frozen=True)
class Rule:
    """One small pure function: None if it holds, else the values for the words of the refusal."""

    code: str
    steps: tuple[str, ...]
    judge: Judge
    wanted: Wanted

    def __call__(self, facts: Facts, profile: Profile) -> Refusal | None:
        if facts.step not in self.steps or not self.wanted(profile):
            return None
        if not profile.controlled and self.code not in EVERYWHERE:
            return None
        values = self.judge(facts, profile)
        return None if values is None else refuse(self.code, profile, values)


def saying(code: str, zh: str, en: str, todo_zh: str, todo_en: str) -> None:
    """Give a refusal its words and what to do about it, in both languages."""
    SAYINGS[code] = (Words(zh, en), Words(todo_zh, todo_en))


def _always(profile: Profile) -> bool:
    return True


def rule(
    code: str,
    steps: Iterable[str],
    zh: str,
    en: str,
    todo_zh: str,
    todo_en: str,
    wanted: Wanted = _always,
) -> Callable[[Judge], Rule]:
    """Make a rule of a judging function, with the words for when it does not hold.

    `wanted` = which jurisdictions ask for it; in the others it never refuses.
    """
    saying(code, zh, en, todo_zh, todo_en)
    return lambda judge: Rule(code, tuple(steps), judge, wanted)


def refuse(code: str, profile: Profile, values: Values | None = None) -> Refusal:
    """The refusal of this code as this jurisdiction founds it."""
    words, todo = SAYINGS[code]
    source, status = profile.source_of(code) or HOUSE
    given = values or {}
    return Refusal(code, words.filled(given), todo.filled(given), source, status, given)
