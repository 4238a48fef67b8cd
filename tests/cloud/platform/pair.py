"""Two platforms: people who are known to both, a key above, and the one below made ready."""

from typing import Any

from cloud.registry import people, platforms
from tests.cloud.conftest import County

WELDER, WATCH = "11010519491231002X", "440524188001010014"  # numbers of textbooks
DEVICE = "HM-990101-000001"


def above(county: County) -> tuple[str, str]:
    """Registers what the platform below reports about; its key and secret."""
    enterprise = county.enterprise()
    county.machine(enterprise, DEVICE)
    for role, number in (("welder", WELDER), ("fire_watch", WATCH)):
        county.certificate(county.person(role, enterprise=enterprise, identity=number))

    def key(unit: Any) -> tuple[str, str]:
        platform = platforms.add(unit, "演示企业平台", [enterprise.uscc])
        return platforms.new_key(unit, platform)

    made: tuple[str, str] = county.do(key)
    return made


def below(site: Any) -> None:
    """Gives the site's people the numbers by which both sides know them."""

    def identify(unit: Any, person_id: str, number: str) -> None:
        person = people.get(unit, person_id)
        person.identity_sealed = unit.keys.seal(number.encode(), "person.identity")

    for person, number in ((site.welder, WELDER), (site.fire_watch, WATCH)):
        site.county.do(identify, person.id, number)
