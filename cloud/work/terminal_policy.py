"""Which policy a terminal gets: that of the rules under which its machine stands."""

from cloud.base.settings import Settings
from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.link import policies
from cloud.registry import machines
from cloud.registry.machines import Machine
from cloud.work import profiles
from cloud.work.profiles import Profile


def handlers() -> Handlers:
    """What to do about events of the link, for `outbox.deliver`."""
    return {"terminal-login": [logged_in]}


def logged_in(unit: Unit, event: Event) -> None:
    """After every connect a terminal gets the policy it should have, unless it has it."""
    device = event.details["device"]
    base = of(unit, machines.by_device(unit, device))
    policies.want(unit, device, base, told=event.details.get("policy"))


def of(unit: Unit, machine: Machine | None) -> dict[str, int]:
    """What the place of this machine asks for (None = a terminal that sits on no machine)."""
    profile = profiles.load(unit.settings.profile)
    return numbers(unit.settings, profile, machine is not None and machine.key_zone)


def numbers(settings: Settings, profile: Profile, key_zone: bool) -> dict[str, int]:
    """What differs from the house's defaults under a profile, in a key zone 重点区域 or not."""
    zone = profile.key_zone_policy if key_zone else {}
    return policies.defaults(settings) | profile.policy | zone
