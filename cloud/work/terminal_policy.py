"""Which policy a terminal gets: that of the rules under which its machine stands."""

from cloud.base.unit import Unit
from cloud.book.outbox import Event, Handlers
from cloud.link import policies
from cloud.registry import machines
from cloud.registry.machines import Machine
from cloud.work import profiles


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
    zone = profile.key_zone_policy if machine is not None and machine.key_zone else {}
    return policies.defaults(unit.settings) | profile.policy | zone
