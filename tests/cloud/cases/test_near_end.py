"""A certificate near its end is an alarm until it was renewed (cloud/cases/near_end.py)."""

from typing import Any

from sqlalchemy import select

from cloud.app import handlers
from cloud.book import outbox
from cloud.cases import life
from cloud.cases.alarms import Alarm
from cloud.registry import certificates, departments
from cloud.work import papers

DAY_S = 86_400


def swept(county: Any) -> list[tuple[str, int, str]]:
    county.do(papers.sweep)
    while outbox.deliver(county.ground, handlers()):
        pass
    rows = select(Alarm).order_by(Alarm.raised_at)
    found = county.ask(lambda unit: list(unit.db.scalars(rows)))
    return [(one.kind, one.count, one.state) for one in found]


def test_the_department_of_its_issuer_sees_it_and_no_other(county: Any) -> None:
    county.certificate(county.person("welder"), valid_to=county.day(20), review_by="")
    swept(county)
    alarm = county.ask(lambda unit: unit.db.scalars(select(Alarm)).one())
    seen = {}
    for code, trade in (("emergency", "industry"), ("housing", "construction")):
        county.do(departments.put, code, code, {trade})
        officer = county.person("officer", district=alarm.district)
        county.do(departments.post, officer, code)
        seen[code] = county.ask(life.may_handle, alarm, officer)
    assert seen == {"emergency": True, "housing": False}


def test_it_is_raised_once_counted_again_and_closed_by_the_renewal(county: Any) -> None:
    welder = county.person("welder")
    held = county.certificate(welder, valid_to=county.day(60), review_by="")
    assert swept(county) == []  # 60 days are the welder's own matter
    county.clock.forward(31 * DAY_S)
    assert swept(county) == [("CERTIFICATE_NEAR_END", 1, "assigned")]
    assert swept(county) == [("CERTIFICATE_NEAR_END", 1, "assigned")]
    county.clock.forward(23 * DAY_S)
    assert swept(county) == [("CERTIFICATE_NEAR_END", 2, "assigned")]

    def renewed(unit: Any) -> None:
        row = unit.db.get(certificates.Certificate, held.id)
        row.valid_to = county.day(900)
        outbox.tell(unit, "certificate-changed", row.id, {"person": welder.id})

    county.do(renewed)
    assert swept(county) == [("CERTIFICATE_NEAR_END", 2, "closed")]
