"""The one decision: every refusal at once, or leave, with what is still to do. Pure."""

from dataclasses import dataclass

from cloud.work.facts import Facts, end_of_china_day
from cloud.work.profiles import Profile
from cloud.work.refusal import Refusal, Refusals
from cloud.work.rules import RULES, certificates, refuse, site, training

STEPS = ("apply", "check", "watch", "on")


class NoSuchStep(ValueError):
    """Facts were gathered for a step that nobody decides on."""


@dataclass(frozen=True)
class Decision:
    """Duties have the shape of refusals and refuse nothing: warnings, and what comes next."""

    allowed: bool
    refusals: Refusals
    duties: tuple[Refusal, ...]


def decide(facts: Facts, profile: Profile) -> Decision:
    """Judge one attempt at one step: `apply`, `check`, `watch` or `on`."""
    if facts.step not in STEPS:
        raise NoSuchStep(facts.step)
    answers = [rule(facts, profile) for rule in RULES]
    refusals = Refusals(answer for answer in answers if answer is not None)
    duties = [refuse(code, profile, values) for code, values in _duties(facts, profile)]
    return Decision(not refusals, refusals, tuple(duties))


def authority_ends(facts: Facts, profile: Profile) -> int:
    """Until when an ON given now may hold, epoch ms: the end of permit, certificate or contract,
    or the longest."""
    ends = [facts.now + profile.longest_s(facts.longest_s) * 1000]
    if not profile.controlled:
        return min(ends)
    permit = site.permit_in_force(facts)
    if permit is not None and profile.permit != "no":
        ends.append(permit.window_to)
    if facts.contract is not None and profile.contract:
        ends.append(end_of_china_day(facts.contract.ends_on))
    ends += [end_of_china_day(one.last_day) for one in certificates.fitting(facts, profile)[:1]]
    return min(ends)


def _training(facts: Facts, profile: Profile) -> list[tuple[str, dict[str, str]]]:
    due = profile.training == "gate" and training.lacking(facts)
    return [("training-due", {})] if due else []


def _duties(facts: Facts, profile: Profile) -> list[tuple[str, dict[str, str]]]:
    to_watch: list[tuple[str, dict[str, str]]] = [
        *([("do-face", {})] if profile.face else []),
        *([("do-watch", {})] if profile.asks_watch else []),
    ]
    if facts.step == "apply":
        return [
            *(certificates.warnings(facts, profile) if profile.controlled else []),
            *_training(facts, profile),
            *([("do-check", {})] if profile.asks_check else []),
            *to_watch,
        ]
    if facts.step == "check":
        return to_watch
    return [("do-clear", {})] if facts.step == "on" else []
