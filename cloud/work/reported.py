"""Jobs that other platforms did and report (CQ annex 2.3(2)②): kept as they told them.

A reported job was decided elsewhere, so nothing is refused here for its sake: what the rules of
the work would not have let pass is kept beside it as `findings`. Only this file writes the rows.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from cloud.base.clock import china_day
from cloud.base.database import Base
from cloud.base.ids import new_id
from cloud.base.unit import Unit
from cloud.book import audit, outbox
from cloud.registry import certificates
from cloud.registry.machines import Machine
from cloud.registry.people import Person
from cloud.work.gather import certificate_facts
from cloud.work.permits import GRADES_H

AHEAD_MS = 300_000
_HOUR_MS = 3_600_000


class ReportedJob(Base):
    """One job of another platform. `number` = its own; the three parts hold what was told:
    ids, times, digests of pictures, words. `state` = applied | watched | ended | cancelled."""

    __tablename__ = "reported_job"
    __table_args__ = (UniqueConstraint("platform_id", "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    platform_id: Mapped[str] = mapped_column(ForeignKey("platform.id"))
    number: Mapped[str]
    enterprise_id: Mapped[str] = mapped_column(ForeignKey("enterprise.id"))
    machine_id: Mapped[str] = mapped_column(ForeignKey("machine.id"))
    district: Mapped[str] = mapped_column(index=True)
    state: Mapped[str]
    application: Mapped[dict[str, Any]]
    watch: Mapped[dict[str, Any] | None]
    result: Mapped[dict[str, Any] | None]
    findings: Mapped[list[str]]
    applied_at: Mapped[int]
    changed_at: Mapped[int]


Index("ix_reported_job_platform", ReportedJob.platform_id, ReportedJob.applied_at)


class ReportedStatus(Base):
    """How a terminal of another platform stands, as last told. `relay` 1 = on; `at` = theirs."""

    __tablename__ = "reported_status"

    device: Mapped[str] = mapped_column(primary_key=True)
    platform_id: Mapped[str] = mapped_column(ForeignKey("platform.id"))
    online: Mapped[bool]
    relay: Mapped[int]
    at: Mapped[int]
    arrived_at: Mapped[int]


class ReportedPicture(Base):
    """A picture that this platform brought: it may name it in its reports."""

    __tablename__ = "reported_picture"

    platform_id: Mapped[str] = mapped_column(ForeignKey("platform.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(primary_key=True)


@dataclass(frozen=True)
class Conflict:
    """Why a report does not fit what was reported before:

    number-taken, same-person, times, done.
    """

    why: str


def status(unit: Unit, platform_id: str, device: str, online: bool, relay: bool, at: int) -> bool:
    """Keep a terminal's status; False if a later one is known already."""
    row = unit.db.get(ReportedStatus, device, populate_existing=True, with_for_update=True)
    if row is not None and row.at >= at:
        return False
    if row is None:
        row = ReportedStatus(device=device)
        unit.db.add(row)
    row.platform_id, row.online, row.relay = platform_id, online, int(relay)
    row.at, row.arrived_at = at, unit.now
    unit.db.flush()
    return True


def applied(
    unit: Unit,
    platform_id: str,
    machine: Machine,
    number: str,
    told: dict[str, Any],
    welders: list[Person],
) -> ReportedJob | Conflict:
    """A job is announced before it begins. The same again is the same job."""
    row = by_number(unit, platform_id, number)
    if row is not None:
        return row if row.application == told else Conflict("number-taken")
    row = ReportedJob(
        id=new_id(),
        platform_id=platform_id,
        number=number,
        enterprise_id=machine.enterprise_id,
        machine_id=machine.id,
        district=told.get("district") or machine.district,
        state="applied",
        application=told,
        findings=_of_application(unit, told, welders),
        applied_at=unit.now,
        changed_at=unit.now,
    )
    unit.db.add(row)
    unit.db.flush()
    _note(unit, row, "reported-application")
    return row


def watched(unit: Unit, row: ReportedJob, told: dict[str, Any]) -> ReportedJob | Conflict:
    """A fire watch confirmed the site, with the joint photo."""
    if row.watch is not None:
        return row if row.watch == told else Conflict("done")
    if told["fire_watch"] in [one["id"] for one in row.application["welders"]]:
        return Conflict("same-person")
    found = [] if told["site_safe"] else ["site-unsafe"]
    if told["joint_photo"] is None:
        found.append("joint-photo-missing")
    if told["confirmed_at"] > unit.now + AHEAD_MS:
        found.append("time-ahead")
    row.watch = told
    if row.state == "applied":
        row.state = "watched"
    _moved(unit, row, "reported-watch", found, settled="watch-missing")
    return row


def ended(unit: Unit, row: ReportedJob, told: dict[str, Any]) -> ReportedJob | Conflict:
    """The job is over, or never began (`started_at` None)."""
    if row.result is not None:
        return row if row.result == told else Conflict("done")
    started = told.get("started_at")
    if started is not None and started > told["ended_at"]:
        return Conflict("times")
    row.result = told
    row.state = "ended" if started is not None else "cancelled"
    found = _of_result(unit, row, started) if started is not None else []
    if told["ended_at"] > unit.now + AHEAD_MS:
        found.append("time-ahead")
    _moved(unit, row, "reported-result", found)
    return row


def by_number(unit: Unit, platform_id: str, number: str) -> ReportedJob | None:
    """A job of this platform, held against other workers until the end of the unit."""
    rows = select(ReportedJob).where(
        ReportedJob.platform_id == platform_id, ReportedJob.number == number
    )
    held = rows.with_for_update()
    return unit.db.scalar(held, execution_options={"populate_existing": True})


def brought(unit: Unit, platform_id: str, digest: str) -> None:
    """The platform brought this picture (book/media.py keeps it)."""
    if not has_brought(unit, platform_id, digest):
        unit.db.add(ReportedPicture(platform_id=platform_id, digest=digest))
        unit.db.flush()


def has_brought(unit: Unit, platform_id: str, digest: str) -> bool:
    return unit.db.get(ReportedPicture, (platform_id, digest)) is not None


def _of_application(unit: Unit, told: dict[str, Any], welders: list[Person]) -> list[str]:
    begins, until = told["planned_from"], told["planned_until"]
    found = [] if told["pictures"] else ["pictures-missing"]
    today = china_day(begins)
    for person in welders:
        held = [certificate_facts(unit, one) for one in certificates.for_person(unit, person.id)]
        if not any(one.welding and one.good(today) for one in held):
            found.append("certificate")
            break
    permit = told["proof"]
    if permit is None:
        found.append("proof-missing")
    elif permit["type"] == "permit":
        lasts = permit["window_until"] - permit["window_from"]
        if not 0 < lasts <= GRADES_H[permit["grade"]] * _HOUR_MS:
            found.append("permit-window")
        if not permit["window_from"] <= begins <= until <= permit["window_until"]:
            found.append("permit-outside")
    return found


def _of_result(unit: Unit, row: ReportedJob, started: int) -> list[str]:
    if row.watch is None:
        return ["watch-missing"]
    return ["watch-late"] if row.watch["confirmed_at"] > started else []


def _moved(unit: Unit, row: ReportedJob, what: str, found: list[str], settled: str = "") -> None:
    row.findings = [one for one in row.findings if one != settled and one not in found] + found
    row.changed_at = unit.now
    unit.db.flush()
    _note(unit, row, what)


def _note(unit: Unit, row: ReportedJob, what: str) -> None:
    told = {"machine": row.machine_id, "state": row.state, "findings": row.findings}
    audit.write(unit, row.district, f"platform:{row.platform_id}", what, row.id, told)
    outbox.tell(unit, "job-reported", row.id, {"findings": row.findings})
