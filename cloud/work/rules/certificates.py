"""The certificate 操作证 fits the field and is valid today (CQ art. 21, 36-38, 45)."""

from cloud.base.clock import china_day
from cloud.work.facts import DAY_MS, FIELD_OF_ISSUER, CertificateFacts, Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule, saying

_STEPS = ("apply", "on")
HOUR_MS = 3_600_000
FIELDS = {"industry": "工矿商贸", "construction": "建筑施工", "special": "特种设备"}
FIELDS_EN = {
    "industry": "industry",
    "construction": "construction",
    "special": "special equipment",
}


def fitting(facts: Facts, profile: Profile) -> list[CertificateFacts]:
    """The welding certificates that count for this machine, the best one first."""
    good = [one for one in facts.certificates if one.welding]
    if profile.certificate_fits == "refuse":
        good = [one for one in good if fits(one, facts)]
    today = facts.today
    return sorted(
        good,
        key=lambda one: (
            *(one.good(today), _checked(one, facts, profile), fits(one, facts)),
            *(one.known, one.status == "normal", one.last_day),
        ),
        reverse=True,
    )


def fits(certificate: CertificateFacts, facts: Facts) -> bool:
    """Whether the issuer is the department of the machine's field."""
    return FIELD_OF_ISSUER.get(certificate.issuer) == facts.machine.industry


def field_words(facts: Facts) -> Values:
    industry = facts.machine.industry
    return {"field": FIELDS.get(industry, industry), "field_en": FIELDS_EN.get(industry, industry)}


@rule(
    "certificate-missing",
    _STEPS,
    "系统里没有您的焊接操作证。",
    "There is no welding certificate of yours in the system.",
    "请在“我的证件”里登记操作证；还没有证的，请先培训考试取证。",
    "Enter your certificate under “My certificates”; if you have none, train for it first.",
)
def certificate_missing(facts: Facts, profile: Profile) -> Values | None:
    return None if any(one.welding for one in facts.certificates) else {}


@rule(
    "certificate-category",
    _STEPS,
    "您的操作证不适用于这台焊机的领域（{field}）。",
    "Your certificate is not for this machine's field ({field_en}).",
    "请换一台与您的证件相符的焊机，或由持有相应证件的焊工操作。",
    "Use a machine that fits your certificate, or let a welder with the right one work here.",
)
def certificate_category(facts: Facts, profile: Profile) -> Values | None:
    held = any(one.welding for one in facts.certificates)
    return field_words(facts) if held and not fitting(facts, profile) else None


@rule(
    "certificate-early",
    _STEPS,
    "您的操作证从 {day} 起才有效。",
    "Your certificate is valid only from {day}.",
    "请等到生效日，或联系发证部门。",
    "Wait until that day, or ask the department that issued it.",
)
def certificate_early(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    early = best is not None and facts.today < best.valid_from
    return {"day": best.valid_from.isoformat()} if best and early else None


@rule(
    "certificate-expired",
    _STEPS,
    "您的操作证已于 {day} 到期。",
    "Your certificate expired on {day}.",
    "请尽快换证；换证后系统会自动核验。",
    "Renew it; the system checks again by itself.",
)
def certificate_expired(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    expired = best is not None and best.valid_to < facts.today
    return {"day": best.valid_to.isoformat()} if best and expired else None


@rule(
    "certificate-review",
    _STEPS,
    "您的操作证应在 {day} 前复审，已经过期未审。",
    "Your certificate was to be reviewed by {day} and was not.",
    "请到发证部门办理复审。",
    "Have it reviewed by the department that issued it.",
)
def certificate_review(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    if best is None or best.review_by is None or facts.today <= best.review_by:
        return None
    return {"day": best.review_by.isoformat()}


@rule(
    "certificate-unknown",
    _STEPS,
    "发证部门查不到您的这张操作证。",
    "The department that issues them knows no such certificate of yours.",
    "请核对证件编号和身份证号；确认无误的，请联系发证部门。",
    "Compare its number and your identity number; if both are right, ask that department.",
)
def certificate_unknown(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    return {} if best is not None and not best.known and best.answered_at else None


@rule(
    "certificate-waiting",
    _STEPS,
    "您登记的操作证还没有核验通过。",
    "The certificate that you entered was not confirmed yet.",
    "请等待发证部门或平台核验；急用请联系平台。",
    "Wait until its issuer or the office has confirmed it; if it is urgent, ask the office.",
)
def certificate_waiting(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    return {} if best is not None and not best.known and not best.answered_at else None


@rule(
    "certificate-unchecked",
    _STEPS,
    "现在连不上发证部门，您的操作证还不能核验（上次核验：{day}）。",
    "The issuer cannot be reached now to check your certificate (last checked: {day}).",
    "请过几分钟再试；长时间不行，请联系平台。",
    "Try again in a few minutes; if it lasts, ask the office.",
)
def certificate_unchecked(facts: Facts, profile: Profile) -> Values | None:
    best = next(iter(fitting(facts, profile)), None)
    if best is None or not best.good(facts.today) or _checked(best, facts, profile):
        return None
    return _asked_on(best)


@rule(
    "certificate-status",
    _STEPS,
    "您的操作证目前被{status}。",
    "Your certificate is {status_en} at present.",
    "请联系发证部门了解原因。",
    "Ask the department that issued it for the reason.",
)
def certificate_status(facts: Facts, profile: Profile) -> Values | None:
    best = _best_of_the_bad(facts, profile)
    if best is None or best.status == "normal":
        return None
    zh = {"suspended": "暂扣", "revoked": "撤销"}.get(best.status, best.status)
    return {"status": zh, "status_en": best.status}


saying(
    "certificate-near-end",
    "您的操作证将于 {day} 到期或应复审。",
    "Your certificate ends or is to be reviewed on {day}.",
    "请提前办理换证或复审，以免影响开机。",
    "Renew it in time, or you will not be able to switch on.",
)
saying(
    "certificate-other-field",
    "您的操作证不是这台焊机所属领域（{field}）的，请确认可以使用。",
    "Your certificate is not of this machine's field ({field_en}); make sure it may be used.",
    "如不确定，请询问监管部门。",
    "If in doubt, ask the supervising department.",
)


saying(
    "certificate-cached",
    "现在连不上发证部门，按 {day} 的核验结果放行。",
    "The issuer cannot be reached now; the check of {day} still counts.",
    "无需处理，系统会自动再次核验。",
    "Nothing to do; the system checks again by itself.",
)


def warnings(facts: Facts, profile: Profile) -> list[tuple[str, Values]]:
    """What does not refuse but ought to be said about the certificate that counts."""
    best = next(iter(fitting(facts, profile)), None)
    if best is None or not best.good(facts.today):
        return []
    said: list[tuple[str, Values]] = []
    if not fits(best, facts):
        said.append(("certificate-other-field", field_words(facts)))
    if (best.last_day - facts.today).days <= profile.near_end_days:
        said.append(("certificate-near-end", {"day": best.last_day.isoformat()}))
    if (best.age_ms(facts.now) or 0) > profile.recheck_h * HOUR_MS:
        said.append(("certificate-cached", _asked_on(best)))
    return said


def _checked(one: CertificateFacts, facts: Facts, profile: Profile) -> bool:
    """Whether the issuer's answer is young enough, or nobody is to be asked."""
    age = one.age_ms(facts.now)
    most = max(profile.recheck_h * HOUR_MS, profile.cached_days * DAY_MS)
    return age is not None and age <= most


def _asked_on(one: CertificateFacts) -> Values:
    at = one.answered_at
    return {"day": "–" if at is None else china_day(at).isoformat()}


def _best_of_the_bad(facts: Facts, profile: Profile) -> CertificateFacts | None:
    """The certificate that comes nearest, if none is good: its faults are those to mend."""
    best = next(iter(fitting(facts, profile)), None)
    return None if best is None or best.good(facts.today) else best
