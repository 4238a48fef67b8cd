"""Acting: each press is one form, one unit, one function of `cloud.work.jobs`.

The answer is JSON for the page's script, else a 303 back to the page, which shows the refusals
that the job keeps. A form is acted on once (`cloud.web.once`). A form that names a job acts on
that one or on none, so a page left open does not end somebody else's work.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from cloud.base.unit import Ground, Unit
from cloud.registry import accounts, pins
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.web import fields, visitor
from cloud.web.trouble import wants_json
from cloud.web.welder import screen
from cloud.web.welder.blueprint import blueprint
from cloud.web.welder.pages import drafts, person_of
from cloud.web.welder.scanned import machine_at, must_see
from cloud.work import jobs, papers, proving
from cloud.work.facts import ProofFacts
from cloud.work.job import profile_of
from cloud.work.jobs import Job
from cloud.work.profiles import Tick
from cloud.work.refusal import Refusals
from cloud.work.rules import refuse

_LINE = 60  # characters of a place or a piece of work, as somebody types on a phone
_REASON = 120
_ID = 32

Outcome = object  # what a room gave: Refusals, or anything else when it was done
Asking = Callable[[Ground, str], Outcome]  # of one person, by id


@blueprint.post("/m/<code>/apply")
def apply(code: str) -> ResponseReturnValue:
    """A welder wants to work here: site, work, time, and a voucher where one is asked for."""
    site = fields.text("site", _("作业地点"), limit=_LINE)
    work = fields.text("work", _("作业内容"), limit=_LINE)
    voucher = fields.text("voucher", _("作业票编号"), limit=_LINE, required=False)
    contract = fields.text("contract", _("合同"), limit=_ID, required=False)
    watch = fields.text("fire_watch", _("监护人"), limit=_ID, required=False)
    given = {"contract": contract, "fire_watch": watch, "planned": _planned()}
    return acted(
        code,
        lambda unit, machine, person: jobs.apply(
            unit, person, machine, site, work, voucher, **given
        ),
        before=papers.freshen,
    )


@blueprint.post("/m/<code>/speak")
def speak(code: str) -> ResponseReturnValue:
    """Let the machine speak a fresh code; what is ticked so far is kept for the page."""

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        profile = profile_of(job)
        ticks = _ticked(*profile.checklist, *profile.watch_checklist)
        kept = ticks | ({"ten"} if _ten_rules_read() else set())
        drafts().keep(visitor.session_token(), job.id, kept)
        return jobs.ask_code(unit, job, person)

    return acted_on_job(code, act)


@blueprint.post("/m/<code>/check")
def check(code: str) -> ResponseReturnValue:
    """The welder confirms the check-list and being there."""

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        profile = profile_of(job)
        ticks = _ticked(*profile.checklist)
        typed = _typed(unit, job, person)
        return jobs.check(unit, job, person, typed, ticks, _ten_rules_read())

    return acted_on_job(code, act)


@blueprint.post("/m/<code>/watch")
def watch(code: str) -> ResponseReturnValue:
    """The fire watch confirms the site and being there."""

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        profile = profile_of(job)
        ticks, typed = _ticked(*profile.watch_checklist), _typed(unit, job, person)
        return jobs.watch(unit, job, person, typed, ticks, proved(unit, person))

    return acted_on_job(code, act)


@blueprint.post("/m/<code>/on")
def on(code: str) -> ResponseReturnValue:
    """The welder's own ON."""

    def act(unit: Unit, job: Job, person: Person) -> Outcome:
        return jobs.switch_on(unit, job, person, proved(unit, person))

    return acted_on_job(code, act, before=papers.freshen)


@blueprint.post("/m/<code>/off")
def off(code: str) -> ResponseReturnValue:
    """OFF, by the welder, the fire watch, or an officer, who gives a reason."""
    on_site = visitor.signed_in().roles & {"welder", "fire_watch"}
    reason = fields.text("reason", _("原因"), limit=_REASON, required=not on_site)
    return acted_on_job(code, lambda unit, job, person: jobs.switch_off(unit, job, person, reason))


@blueprint.post("/m/<code>/check-in")
def check_in(code: str) -> ResponseReturnValue:
    """The fire watch is still there."""
    return acted_on_job(code, jobs.check_in)


@blueprint.post("/m/<code>/extend")
def extend(code: str) -> ResponseReturnValue:
    """The welder goes on under a later permit."""
    return acted_on_job(code, jobs.extend, before=papers.freshen)


@blueprint.post("/m/<code>/hand-over")
def hand_over(code: str) -> ResponseReturnValue:
    """The welder cannot finish: off at once, for another welder to go on."""
    return acted_on_job(code, jobs.hand_over)


@blueprint.post("/m/<code>/take-over")
def take_over(code: str) -> ResponseReturnValue:
    """Another welder goes on with the job that was handed over."""
    before = fields.text("before", "before", limit=_ID)
    return acted(
        code,
        lambda unit, machine, person: jobs.take_over(unit, person, machine, before),
        before=papers.freshen,
    )


@blueprint.post("/m/<code>/clear")
def clear(code: str) -> ResponseReturnValue:
    """Power is cut and the site is clear."""
    return acted_on_job(
        code,
        lambda unit, job, person: jobs.clear(
            unit, job, person, _ticked(*profile_of(job).clear_checklist)
        ),
    )


@blueprint.post("/m/<code>/cancel")
def cancel(code: str) -> ResponseReturnValue:
    """Give a job up before it began."""
    return acted_on_job(code, jobs.cancel)


def _ticked(*known: Tick) -> set[str]:
    return fields.ticks("ticks", _("检查项"), {tick.id for tick in known})


def _ten_rules_read() -> bool:
    return fields.flag("ten", _("十不准"))


def proved(unit: Unit, person: Person) -> ProofFacts:
    """The PIN of this form, or as it stands in this session."""
    given = fields.text("pin", _("作业密码"), limit=4 * pins.DIGITS, required=False)
    typed = fields.digits("pin", _("作业密码"), count=pins.DIGITS) if given else ""
    return proving.proof(unit, person, accounts.session_id(visitor.session_token()), typed)


def _planned() -> tuple[int, int | None] | None:
    """The time that the application names; left out, the work begins now."""
    begins = fields.moment("from", _("计划开始"), required=False)
    until = fields.moment("until", _("计划结束"), required=False)
    if begins is None and until is None:
        return None
    return begins or 0, until  # the past counts as now


def _typed(unit: Unit, job: Job, person: Person) -> str:
    """The code that was heard, where the profile wants one and the terminal has not told the
    person's phone in its place."""
    if not profile_of(job).presence or "here_until" in jobs.presence_until(unit, job, person):
        return ""
    return fields.digits("code", _("验证码"), count=4)


def acted_on_job(
    code: str,
    act: Callable[[Unit, Job, Person], Outcome],
    before: Asking | None = None,
    after: Asking | None = None,
) -> ResponseReturnValue:
    """`acted`, on the job that the viewer's page is about."""
    meant = fields.text("job", "job", limit=_ID, required=False)

    def on_job(unit: Unit, machine: Machine, person: Person) -> Outcome:
        job = jobs.job_for(unit, machine, person)
        if job is None or (meant and meant != job.id):
            profile = jobs.view(unit, machine, person).profile
            return Refusals([refuse("job-closed" if meant else "wrong-step", profile)])
        return act(unit, job, person)

    return acted(code, on_job, before, after)


def acted(
    code: str,
    act: Callable[[Unit, Machine, Person], Outcome],
    before: Asking | None = None,
    after: Asking | None = None,
) -> ResponseReturnValue:
    """Do `act` once for this form, and answer with how the machine stands after it.

    `before` and `after` ask somebody outside about the viewer, which may take seconds: never
    inside the unit. What `after` gives counts as what `act` gave; it is left out after refusals.
    """
    viewer = visitor.signed_in()
    seen: list[Machine | Person] = []

    def act_now() -> Refusals:
        if before is not None:
            before(visitor.ground(), viewer.id)
        with visitor.ground().write() as unit:
            machine = machine_at(unit, code)
            must_see(unit, viewer, machine)
            person = person_of(unit, viewer)
            outcome = act(unit, machine, person)
        seen[:] = machine, person
        if after is not None and not isinstance(outcome, Refusals):
            outcome = after(visitor.ground(), viewer.id)
        return outcome if isinstance(outcome, Refusals) else Refusals()

    refusals = fields.once(act_now)
    if not wants_json():
        return redirect(url_for("welder.machine", code=code), 303)
    # Not inside the unit above: whoever writes keeps all others waiting.
    with visitor.ground().read() as unit:
        unit.db.add_all(seen)  # as they were a moment ago: not asked for again
        state = screen.seen_by(unit, machine_at(unit, code), person_of(unit, viewer))
    answer = {"ok": not refusals, "state": state, "refusals": screen.told(refusals)}
    return jsonify(answer), 409 if refusals else 200
