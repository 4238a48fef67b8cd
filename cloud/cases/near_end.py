"""A certificate near its end is an alarm of the lowest level, until it was renewed."""

from cloud.base.clock import china_day
from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.cases import alarms
from cloud.registry import certificates
from cloud.registry.certificates import Certificate
from cloud.registry.people import Person
from cloud.work import profiles
from cloud.work.facts import FIELD_OF_ISSUER

KIND = "CERTIFICATE_NEAR_END"


def handlers() -> Handlers:
    """What to do about events of certificates, for `outbox.deliver`."""
    return {"certificate-near-end": [near_end], "certificate-changed": [changed]}


def near_end(unit: Unit, event: Event) -> None:
    """Told 90, 30 and 7 days before; who looks after it sees it from the profile's day on."""
    row = unit.db.get(Certificate, event.subject)
    if row is not None and _near(unit, row):
        holder = unit.db.get_one(Person, row.person_id)
        trade = FIELD_OF_ISSUER[row.issuer]
        alarms.raise_alarm(unit, KIND, row.id, district=holder.district, trade=trade)


def changed(unit: Unit, event: Event) -> None:
    """Its issuer told something new."""
    row = unit.db.get(Certificate, event.subject)
    if row is not None and not _near(unit, row):
        alarms.cleared(unit, KIND, row.id)


def _near(unit: Unit, row: Certificate) -> bool:
    if row.status != "normal":
        return False
    left = (certificates.last_day(row) - china_day(unit.now)).days
    return left <= profiles.load(unit.settings.profile).near_end_days
