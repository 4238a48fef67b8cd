"""Contracted and temporary welders: contract, briefing, the client's own fire watch (CQ 18-20)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule


def _asks(profile: Profile) -> bool:
    return profile.contract


def outside(facts: Facts) -> bool:
    """Whether the welder works for another enterprise than their own."""
    return facts.welder.enterprise_id != facts.machine.enterprise_id


@rule(
    "contract-missing",
    ("apply", "on"),
    "您不是这台焊机所属单位的人员，也没有与它签订的外包或临时用工合同。",
    "You do not belong to the machine's enterprise, and there is no contract with it.",
    "请由作业单位在平台登记合同和安全生产专项协议后再扫码。",
    "Have the client enter the contract and its safety agreement first.",
    wanted=_asks,
)
def contract_missing(facts: Facts, profile: Profile) -> Values | None:
    wanted = outside(facts) or facts.contract_named
    return {} if wanted and facts.contract is None else None


@rule(
    "contract-window",
    ("apply", "on"),
    "合同不在有效期内（到 {day} 为止），或者已经终止。",
    "The contract is not in force (its last day is {day}), or was ended.",
    "请由作业单位续签或重新登记合同。",
    "Have the client renew the contract.",
    wanted=_asks,
)
def contract_window(facts: Facts, profile: Profile) -> Values | None:
    one = facts.contract
    if one is None or (not one.ended and one.starts_on <= facts.today <= one.ends_on):
        return None
    return {"day": one.ends_on.isoformat()}


@rule(
    "briefing",
    ("check", "on"),
    "发包单位还没有向您安全交底，或者您还没有确认。",
    "The client has not briefed you on the risks, or you did not confirm it.",
    "请发包单位在平台交底，您在“我的合同”里确认。",
    "Have the client brief you; then confirm it under “My contracts”.",
    wanted=_asks,
)
def briefing(facts: Facts, profile: Profile) -> Values | None:
    return {} if facts.contract is not None and not facts.contract.briefed else None


@rule(
    "fire-watch-client",
    ("watch", "on"),
    "外包和临时作业要由发包单位自己的监护人监护。",
    "Contracted work is watched by a fire watch of the client itself.",
    "请发包单位派出登记在本单位的监护人核验。",
    "Let a fire watch who belongs to the client confirm.",
    wanted=_asks,
)
def fire_watch_client(facts: Facts, profile: Profile) -> Values | None:
    watch, contract = facts.fire_watch, facts.contract
    if watch is None or contract is None or (profile.review and facts.venue_id):
        return None
    return {} if watch.enterprise_id != contract.client_id else None
