"""The face check and its alternative (cloud/work/verifying.py): dalad asks for it."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from cloud.base.breaker import SourceDown
from cloud.base.settings import Settings
from cloud.book.audit import AuditRow
from cloud.book.media import Media
from cloud.registry import people
from cloud.registry.verifier import FaceQuestion, FaceReply
from cloud.work import jobs, permits, verifying
from cloud.work.facts import ProofFacts
from tests.cloud.work.rules.test_rules import ALL

PAGE = "https://verifier.example/1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, profile="dalad")


@pytest.fixture
def job(site: Any) -> Any:
    """A job whose site was checked: what comes next is that it is the welder."""
    boss, now = site.county.person("enterprise", enterprise=site.enterprise), site.clock.now
    given = {"enterprise_id": site.enterprise.id, "grade": "second"}
    asked = site.county.do(
        permits.ask, site.welder, **given, window_from=now, window_to=now + 8 * 3_600_000
    )
    site.county.do(permits.approve, asked, boss)
    return site.check(site.apply(), ticks=ALL)


def down(question: FaceQuestion) -> FaceReply:
    raise SourceDown("made up")


def thinks(question: FaceQuestion) -> FaceReply:
    """A verifier that has not decided."""
    return FaceReply(PAGE)


def result(site: Any, job: Any) -> Any:
    """The welder comes back and wants to know."""
    heard = verifying.inquire(site.county.ground, site.welder.id)
    return site.county.do(verifying.settle, job, site.welder, heard)


def vouch(site: Any, job: Any, person: Any = None, seen: bool = True) -> Any:
    return site.county.do(verifying.vouch, job, person or site.fire_watch, seen, site.proof)


def told(site: Any, what: str) -> Any:
    """The details of the last audit row of this kind."""
    rows = select(AuditRow.details).where(AuditRow.what == what).order_by(AuditRow.seq.desc())
    return site.county.ask(lambda unit: unit.db.scalar(rows))


def works(site: Any, job: Any) -> bool:
    """Whether the job goes on to a closed relay from here."""
    site.watch(job)
    site.on(job)
    site.exchange()
    return site.state(job) == "on"


# --- the verifier -------------------------------------------------------------------------------


def test_a_yes_opens_the_way_on_and_nothing_of_a_face_is_kept(site: Any, job: Any) -> None:
    (asked,) = [site.verifier()]
    assert site.face(job).face_by == "verifier"
    (question,) = asked
    assert (question.person, question.step, question.name) == (
        site.welder.id,
        "on",
        site.welder.name,
    )
    assert told(site, "face-asked") == told(site, "face-asked") | {
        "consent": True,
        "reference": question.reference,
    }
    passed = told(site, "face-passed")
    assert (passed["reference"], passed["at"]) == (question.reference, site.clock.now)
    row = site.county.ask(verifying.get, job.id)
    assert (row.reference, row.page, row.asked_at) == ("", "", None)
    taken = select(func.count()).select_from(Media).where(Media.kind == "face")
    assert site.county.ask(lambda unit: unit.db.scalar(taken)) == 0
    assert works(site, job)


def test_without_it_neither_the_fire_watch_nor_the_welder_goes_on(site: Any, job: Any) -> None:
    site.verifier()
    refused = site.county.do(jobs.ask_code, job, site.fire_watch)
    assert refused.codes == ["face"]
    assert "face" in site.on(job).codes
    assert site.switches() == []


def test_without_separate_consent_nobody_is_asked(site: Any, job: Any) -> None:
    asked = site.verifier()
    assert site.face(job, consent=False).codes == ["face-consent"]
    assert asked == []


def test_the_welder_goes_to_the_verifier_and_comes_back(site: Any, job: Any) -> None:
    site.county.ground.verifier = thinks
    assert site.face(job).face_by == ""
    shown = site.view(site.welder)
    assert (shown.step, shown.face.page) == ("face", PAGE)
    assert shown.face.until == site.clock.now + 300_000
    assert result(site, job).codes == ["face-wait"]
    site.verifier()
    assert result(site, job).face_by == "verifier"


@pytest.mark.parametrize(
    "change",
    [
        {"person": "another"},
        {"step": "watch"},
        {"nonce": "another"},
        {"nonce": "é"},
        {"reference": "another"},
        {"at": 1},
        {"at": 9_999_999_999_999},
    ],
)
def test_an_answer_about_anything_else_is_not_taken(
    site: Any, job: Any, change: dict[str, Any]
) -> None:
    site.verifier(**change)
    assert site.face(job).codes == ["face-late"]
    assert site.job(job).face_by == ""


def test_an_answer_counts_for_five_minutes(site: Any, job: Any) -> None:
    site.county.ground.verifier = thinks
    site.face(job)
    site.verifier()
    site.later(300)
    assert result(site, job).codes == ["face-late"]
    assert site.view(site.welder).face.page == ""


def test_an_answer_is_good_once(site: Any, job: Any) -> None:
    answers: list[FaceReply] = []
    site.verifier(yes=False)
    first = site.county.ground.verifier

    def ask(question: FaceQuestion) -> FaceReply:
        answers.append(first(question))
        return answers[0]

    site.county.ground.verifier = ask
    assert site.face(job).codes == ["face-no"]
    assert site.face(job).codes == ["face-late"]  # the old answer to a new question


def test_an_answer_that_comes_after_the_welder_declined_counts_for_nothing(
    site: Any, job: Any
) -> None:
    site.county.ground.verifier = thinks
    site.face(job)
    site.verifier()
    heard = verifying.inquire(site.county.ground, site.welder.id)
    site.county.do(verifying.decline, job, site.welder)
    refused = site.county.do(verifying.settle, job, site.welder, heard)
    assert refused.codes == ["wrong-step"]
    assert site.job(job).face_by == ""


def test_nobody_tries_without_end(site: Any, job: Any) -> None:
    site.verifier(yes=False)
    codes = [site.face(job).codes[0] for _ in range(6)]
    assert codes == ["face-no"] * 5 + ["face-many"]
    assert site.view(site.fire_watch).step == "vouch"


def test_pressed_again_after_a_yes_changes_nothing(site: Any, job: Any) -> None:
    site.verifier()
    site.face(job)
    before = site.audit()
    assert result(site, job).face_by == "verifier"
    assert site.audit() == before


# --- the alternative ----------------------------------------------------------------------------


def test_who_declines_is_vouched_for_and_works(site: Any, job: Any) -> None:
    site.verifier()
    assert site.view(site.fire_watch).step == "wait-face"
    site.county.do(verifying.decline, job, site.welder)
    assert site.view(site.fire_watch).step == "vouch"
    assert vouch(site, job).face_by == "fire-watch"
    assert told(site, "face-vouched")["why"] == "declined"
    assert works(site, job)


def test_where_no_verifier_is_set_the_fire_watch_looks(site: Any, job: Any) -> None:
    assert (site.view(site.welder).step, site.view(site.fire_watch).step) == ("face", "vouch")
    assert vouch(site, job).face_by == "fire-watch"
    assert told(site, "face-vouched")["why"] == "no-verifier"
    assert works(site, job)


def test_a_verifier_that_is_down_stops_nobody(site: Any, job: Any) -> None:
    site.county.ground.verifier = down
    assert site.face(job).codes == ["face-down"]
    assert site.view(site.fire_watch).step == "vouch"
    assert vouch(site, job).face_by == "fire-watch"
    assert told(site, "face-vouched")["why"] == "down"
    assert works(site, job)


def test_a_verifier_that_is_back_is_asked_again(site: Any, job: Any) -> None:
    site.county.ground.verifier = down
    site.face(job)
    site.verifier()
    assert site.face(job).face_by == "verifier"


def test_the_book_says_that_the_fire_watch_vouched_after_a_no(site: Any, job: Any) -> None:
    site.verifier(yes=False)
    site.face(job)
    vouch(site, job)
    assert told(site, "face-vouched")["why"] == "no"


def test_nobody_vouches_where_the_welder_may_still_be_checked(site: Any, job: Any) -> None:
    site.verifier()
    assert vouch(site, job).codes == ["wrong-step"]


def test_the_welder_does_not_vouch_for_himself(site: Any, job: Any) -> None:
    refused = vouch(site, job, site.welder)
    assert {"fire-watch-same-person", "fire-watch-role"} <= set(refused.codes)


def test_who_did_not_look_does_not_vouch(site: Any, job: Any) -> None:
    assert vouch(site, job, seen=False).codes == ["face"]


def test_vouching_needs_the_pin(site: Any, job: Any) -> None:
    refused = site.county.do(verifying.vouch, job, site.fire_watch, True, ProofFacts())
    assert refused.codes == ["pin"]


def test_a_stranger_and_a_blocked_fire_watch_do_not_vouch(site: Any, job: Any) -> None:
    stranger = site.county.fire_watch(site.county.enterprise("演示二厂"))
    assert vouch(site, job, stranger).codes == ["fire-watch-other", "fire-watch-enterprise"]
    site.county.do(lambda unit: people.set_status(unit, unit.db.merge(site.fire_watch), "blocked"))
    assert vouch(site, job).codes == ["fire-watch-inactive"]


def test_another_welder_touches_nothing(site: Any, job: Any) -> None:
    other = site.county.welder(site.enterprise)
    site.verifier()
    assert site.county.do(verifying.ask, job, other, True).codes == ["not-your-job"]
    assert site.county.do(verifying.decline, job, other).codes == ["not-your-job"]


def test_before_the_check_and_after_the_end_it_is_no_step(site: Any, job: Any) -> None:
    site.verifier()
    site.off(job)
    assert site.face(job).codes == ["job-closed"]
    fresh = site.apply()
    assert site.face(fresh).codes == ["wrong-step"]
    assert vouch(site, fresh).codes == ["wrong-step"]
