"""Reports our own jobs to the superior platform, in its own thread: it may be slow, or away."""

import logging

from cloud.base.unit import Ground
from cloud.base.worker import Worker
from cloud.book import audit, media
from cloud.cases import reports
from cloud.cases.reports import Report
from cloud.platform import ours
from cloud.platform.superior import Answer, Away, Exchange, Superior
from cloud.registry import people, superior_ids
from cloud.work.job import Job

log = logging.getLogger(__name__)

_PAUSE_S = 1.0
_AWAY_S, _AWAY_MAX_S = 5, 300
_LOOKUP = {"welder": "/welders/lookup", "fire_watch": "/fire-watches/lookup"}


class NotYet(Exception):
    """The superior does not take it now; the text is its word."""

    def __init__(self, word: str, wait_s: int = 0, again: bool = True) -> None:
        super().__init__(word)
        self.word, self.wait_s, self.again = word, wait_s, again


class Courier(Worker):
    """Takes one report after the other; a second courier beside it does no harm.

    While nobody answers, one report is tried after each pause, and the pauses grow.
    """

    def __init__(self, ground: Ground, exchange: Exchange | None = None) -> None:
        self._ground = ground
        self._there = bool(ground.settings.superior_url)
        self.superior = Superior(ground.settings, ground.clock, exchange)
        self._away_until, self._away_s = 0, 0
        super().__init__("courier", self.send_one, _PAUSE_S)

    def send_one(self) -> bool:
        """Try one report; False if none is due. What fails is tried again later."""
        if not self._there or self._ground.clock() < self._away_until:
            return False
        with self._ground.write() as unit:
            report = reports.claim(unit)
        if report is None:
            return False
        try:
            self._send(report)
        except Away as error:
            self._away_s = min(self._away_s * 2 or _AWAY_S, _AWAY_MAX_S)
            self._away_until = self._ground.clock() + self._away_s * 1000
            log.warning("superior platform away: %s", error)
            with self._ground.write() as unit:
                reports.failed(unit, report, "away")
            return True
        except NotYet as refused:
            log.warning("report %s: %s", report.part, refused.word)
            with self._ground.write() as unit:
                if refused.again:
                    reports.failed(unit, report, refused.word, refused.wait_s)
                else:
                    reports.parked(unit, report, refused.word)
        else:
            with self._ground.write() as unit:
                reports.done(unit, report)
        self._away_s = 0
        return True

    def _send(self, report: Report) -> None:
        told, once = None, report.id
        if report.part == reports.STATUS:
            with self._ground.read() as unit:
                told, once = ours.status(unit, report), f"{report.id}:{report.made_at}"
        else:
            told = self._of_job(report)
        if told is None:
            return
        answer = self.superior.post(ours.PATHS[report.part], told, once)
        if answer.error == "unknown-person":
            self._forget(report)
        _must(answer)

    def _of_job(self, report: Report) -> dict[str, object] | None:
        with self._ground.read() as unit:
            job = reports.job_of(unit, report)
        if job is None:
            return None
        self._know(job, report.part)
        pictures = self._bring(job, report.part)
        with self._ground.read() as unit:
            return ours.of_job(unit, job, report.part, pictures)

    def _know(self, job: Job, part: str) -> None:
        """Make sure that the superior's id of the person is known."""
        wanted = ours.person_of(job, part)
        if wanted is None:
            return
        person_id, role = wanted
        with self._ground.read() as unit:
            person = people.get(unit, person_id)
            known = superior_ids.get(unit, person_id, role)
            number = people.identity(unit, person) if person is not None and not known else ""
        if known:
            return
        if not number:
            raise NotYet("no-identity-number")
        answer = self.superior.post(_LOOKUP[role], {"identities": [number]})
        _must(answer)
        found = answer.result["ids"][0]
        with self._ground.write() as unit:
            told = {"to": "superior", "role": role, "known": found is not None}
            audit.write(unit, job.district, "system", "identity-told", person_id, told)
            if found is not None:
                superior_ids.put(unit, person_id, role, str(found))
        if found is None:
            raise NotYet("unknown-person")

    def _bring(self, job: Job, part: str) -> dict[str, list[str]]:
        """The pictures of this part; digests as the superior keeps them."""
        kind = {"application": "site", "watch": "joint"}.get(part, "")
        brought: list[str] = []
        with self._ground.read() as unit:
            digests = ours.pictures(unit, job, kind)
        for digest in digests:
            with self._ground.read() as unit:
                try:
                    raw = media.opened(unit, digest)
                except media.MediaBroken:
                    continue  # its time is over, or it is damaged: the rest is told
            answer = self.superior.bring(kind, raw)
            _must(answer)
            brought.append(str(answer.result["digest"]))
        return {kind: brought}

    def _forget(self, report: Report) -> None:
        with self._ground.write() as unit:
            job = reports.job_of(unit, report)
            wanted = ours.person_of(job, report.part) if job else None
            if wanted:
                superior_ids.forget(unit, wanted[0])


def _must(answer: Answer) -> None:
    """NotYet unless it was taken."""
    if answer.error:
        raise NotYet(answer.error, answer.wait_s, answer.again)
