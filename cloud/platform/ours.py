"""Our own jobs and terminals in the words of Way 2, with the superior's ids for our people.

A body says the same at every try: its Idempotency-Key stands for it.
"""

import re
from typing import Any

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.cases.reports import Report
from cloud.link import positions, terminals
from cloud.registry import certificates, superior_ids
from cloud.work import permits
from cloud.work import pictures as job_pictures
from cloud.work.gather import certificate_facts
from cloud.work.job import Job, profile_of

PATHS = {
    "application": "/job-applications",
    "watch": "/fire-watch-records",
    "result": "/job-results",
    "status": "/device-status",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_LINE, _WORDS = 200, 500
_DISTRICT = re.compile("[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{6}P[0-9]{2}([0-9]{3})?")


def person_of(job: Job, part: str) -> tuple[str, str] | None:
    """Whose id at the superior this part needs: our id and the role."""
    if part == "application":
        return job.welder_id, "welder"
    return (job.fire_watch_id, "fire_watch") if part == "watch" and job.fire_watch_id else None


def status(unit: Unit, report: Report) -> dict[str, Any] | None:
    """A terminal's status; None if there is no such terminal any more."""
    row = terminals.get(unit, report.subject)
    if row is None:
        return None
    told = {"device": row.device, "at": max(report.made_at, 1_577_836_800_000)}
    told |= {"online": row.online, "relay": bool(row.relay)}
    return {"statuses": [told | _position(unit, row.device)]}


def of_job(unit: Unit, job: Job, part: str, pictures: dict[str, list[str]]) -> dict[str, Any]:
    """One part of a job; `pictures` = digests at the superior, by kind."""
    if part == "application":
        return _application(unit, job, pictures.get("site", []))
    if part == "watch":
        return _watch(unit, job, pictures.get("joint", []))
    return _result(unit, job)


def pictures(unit: Unit, job: Job, kind: str) -> list[str]:
    """Digests of the job's pictures of this kind, the oldest first."""
    rows = job_pictures.of_job(unit, job.id)
    return [one.digest for one in rows if one.kind == kind]


def _application(unit: Unit, job: Job, pictures: list[str]) -> dict[str, Any]:
    permit = permits.get(unit, job.permit_id) if job.permit_id else None
    begins = job.planned_from or job.applied_at
    longest_s = profile_of(job).longest_s(unit.settings.lease_max_s)
    until = permit.window_to if permit else begins + longest_s * 1000
    proof: dict[str, Any] | None = None
    if permit is not None:
        proof = {"type": "permit", "number": permit.id, "grade": permit.grade}
        proof |= {"window_from": permit.window_from, "window_until": permit.window_to}
    elif job.voucher:
        proof = {"type": "voucher", "kind": "作业票", "number": _text(job.voucher, _LINE)}
    issuer = _issuer(unit, job)
    welder = {"id": superior_ids.get(unit, job.welder_id, "welder"), "issuer": issuer}
    told = {
        "number": job.id,
        "device": job.device or "",
        "welders": [welder],
        "site": _text(job.site, _LINE) or "—",
        "work": _text(job.work, _LINE) or "—",
        "planned_from": begins,
        "planned_until": job.planned_until or until,
        "proof": proof,
        "pictures": pictures[:9],
    }
    return told | ({"district": job.district} if _DISTRICT.fullmatch(job.district) else {})


def _watch(unit: Unit, job: Job, pictures: list[str]) -> dict[str, Any]:
    ticks = {one.id: one.words.zh for one in profile_of(job).watch_checklist}
    return {
        "job": job.id,
        "fire_watch": superior_ids.get(unit, job.fire_watch_id or "", "fire_watch"),
        "confirmed_at": job.watched_at,
        "site_safe": True,  # the record is there only when every line was confirmed
        "joint_photo": pictures[-1] if pictures else None,
        "lines": [
            {"point": _text(ticks.get(one, one), _LINE), "good": True} for one in job.watch_ticks
        ],
    }


def _result(unit: Unit, job: Job) -> dict[str, Any]:
    told = {
        "job": job.id,
        "ended_at": job.ended_at or job.state_at,
        "reason": _text(job.end_reason, _WORDS) if job.on_at else "not begun",
    }
    if job.on_at is not None:
        told["started_at"] = job.on_at
    return told | ({"position": None} | _position(unit, job.device or "", told["ended_at"]))


def _position(unit: Unit, device: str, until: int | None = None) -> dict[str, Any]:
    """The last position, or the last one known at that moment."""
    for one in positions.of(unit, device):
        if until is None or one.arrived_at <= until:
            where = {"lat": one.lat_e6 / 1e6, "lng": one.lng_e6 / 1e6, "datum": one.datum}
            where |= {"source": one.source}
            if one.accuracy_m is not None:
                where["accuracy_m"] = min(one.accuracy_m, 1_000_000)
            return {"position": where}
    return {}


def _issuer(unit: Unit, job: Job) -> str:
    """Whose certificate of the welder was good when the job was applied for."""
    today = china_day(job.applied_at)
    held = [certificate_facts(unit, c) for c in certificates.for_person(unit, job.welder_id)]
    good = [one.issuer for one in held if one.welding and one.good(today)]
    return sorted(good)[0] if good else "emergency"


def _text(text: str, limit: int) -> str:
    return _CONTROL.sub(" ", text).strip()[:limit]
