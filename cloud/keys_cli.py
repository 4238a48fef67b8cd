"""`hanma keys`: which keys there are, and a fresh one in place of each."""

import json

import click

_OPERATOR = "cli"
_PLACE = "unknown"  # keys belong to no district


@click.group()
def keys() -> None:
    """The installation's keys: list them, put a fresh one in place of each."""


@keys.command("list")
def list_() -> None:
    """Names of the keys that seal and sign, never what they are, as one line of JSON."""
    from cloud.base.signing import Signer, fingerprint_of
    from cloud.cli import ground_of_settings

    with ground_of_settings() as ground:
        signer = Signer.load(ground.settings.data_dir)
        earlier = [fingerprint_of(one) for one in signer.earlier]
        signing = {"now": signer.fingerprint, "earlier": earlier}
        data = {"now": ground.keys.id, "earlier": [*ground.keys.ids[:-1]]}
    click.echo(json.dumps({"data": data, "signing": signing}))


@keys.command("data")
def data_() -> None:
    """A fresh key seals personal fields and pictures from now on; what is sealed still opens."""
    from cloud.book import audit
    from cloud.cli import ground_of_settings

    with ground_of_settings() as ground:
        fresh = ground.keys.renew("data")
        with ground.write() as unit:
            audit.write(unit, _PLACE, _OPERATOR, "key-renewed", "data", {"key": fresh})
    click.echo(json.dumps({"key": "data", "now": fresh}))


@keys.command("signing")
def signing_() -> None:
    """Checkpoints and evidence are signed with a fresh key; what the old one signed stays good.

    Make the new fingerprint known: evidence made from now on is checked with it.
    """
    from cloud.base import signing
    from cloud.book import audit, checkpoints
    from cloud.cli import ground_of_settings

    with ground_of_settings() as ground:
        # The key is no part of a transaction: that it will change is in the book before it does,
        # and the last word of the old one covers the whole book.
        with ground.write() as unit:
            audit.write(unit, _PLACE, _OPERATOR, "key-renewal", "signing", {})
        with ground.write() as unit:
            checkpoints.write(unit)
        fresh = signing.renew(ground.settings.data_dir, ground.clock()).fingerprint
        with ground.write() as unit:
            audit.write(unit, _PLACE, _OPERATOR, "key-renewed", "signing", {"fingerprint": fresh})
    click.echo(json.dumps({"key": "signing", "fingerprint": fresh}))


@keys.command("sessions")
def sessions_() -> None:
    """Every sign-in ends and every open form is void: all sign in again."""
    from cloud.book import audit
    from cloud.cli import ground_of_settings
    from cloud.registry import accounts

    with ground_of_settings() as ground:
        ground.keys.renew("web")
        with ground.write() as unit:
            ended = accounts.end_all_sessions(unit)
            audit.write(unit, _PLACE, _OPERATOR, "key-renewed", "sessions", {"ended": ended})
    click.echo(json.dumps({"key": "sessions", "ended": ended}))


@keys.command("terminal")
@click.argument("device")
@click.option("--for", "login", metavar="LOGIN", required=True, help="The technician who does it.")
@click.option("--hours", default=72, show_default=True, help="How long it is good, 168 at most.")
def terminal_(device: str, login: str, hours: int) -> None:
    """A code for a fresh secret of DEVICE (commands, tickets, log-in), where it is fitted.

    The technician runs `hanma flash --erase` with it at the machine, while no job is open there;
    the old secret is good until then.
    """
    from cloud.cases import supply
    from cloud.cli import ground_of_settings
    from cloud.registry import people

    with ground_of_settings() as ground, ground.write() as unit:
        person = people.by_login(unit, login)
        if person is None:
            raise click.ClickException(f"{login}：没有这个安装人员。 There is no such technician.")
        try:
            row, text = supply.renew_code(unit, device, person, hours, _OPERATOR)
        except ValueError as error:
            raise click.ClickException(f"不能这样做。 Not possible: {error}.") from None
        told = {"key": "terminal", "device": device, "code": text, "until": row.until}
    click.echo(json.dumps(told))
