"""`hanma first`, `hanma factor`, `hanma sessions`: the first account, and one account's keys."""

import json
from typing import TYPE_CHECKING

import click

from cloud.cli import ground_of_settings

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.registry.people import Person

_TOLD = ("id", "made_at", "expires_at")  # where somebody was is for their own eyes


@click.command()
@click.argument("login")
@click.option("--off", is_flag=True, help="No code is asked for any more.")
def factor(login: str, off: bool) -> None:
    """Let LOGIN sign in with one-time codes besides the password; prints the address for the
    authenticator app once. Every session of the account ends."""
    from cloud.book import audit
    from cloud.registry import accounts, factors

    with ground_of_settings() as ground, ground.write() as unit:
        person = _person(unit, login)
        told = None if off else factors.begin(unit, person)
        if off:
            factors.end(unit, person)
        accounts.sign_out_everywhere(unit, person.id)
        what = "second-factor-ended" if off else "second-factor-begun"
        audit.write(unit, person.district, "system", what, person.id, {})
    click.echo(json.dumps({"login": login, "otpauth": told}))


@click.command()
@click.argument("login")
@click.option("--end", metavar="ID", help="End this session, or `all`.")
def sessions(login: str, end: str | None) -> None:
    """List the sessions of LOGIN, one line of JSON each: id, made_at, expires_at; or end them."""
    from cloud.book import audit
    from cloud.registry import accounts

    with ground_of_settings() as ground, ground.write() as unit:
        person = _person(unit, login)
        if end:
            count = accounts.end_sessions(unit, person.id, "" if end == "all" else end)
            told = {"count": count}
            audit.write(unit, person.district, "system", "sessions-ended", person.id, told)
            lines = [{"ended": count}]
        else:
            listed = accounts.sessions_of(unit, person.id)
            lines = [{name: one[name] for name in _TOLD} for one in listed]
    for line in lines:
        click.echo(json.dumps(line))


@click.command()
@click.option("--again", is_flag=True, help="Although there is an office account: all are lost.")
def first(again: bool) -> None:
    """Print a link, good once for an hour, on which an account of the office is made."""
    from cloud.book import audit
    from cloud.cases import first_start

    with ground_of_settings() as ground, ground.write() as unit:
        if not (again or first_start.needed(unit)):
            raise click.ClickException(
                "已经有平台运维的账号；都用不了时，加 --again。 "
                "There is an account of the office; if all are lost, say --again."
            )
        told = first_start.link(unit)
        audit.write(unit, "unknown", "system", "first-link-made", "first", {"again": again})
    click.echo(json.dumps({"first": told}))


def _person(unit: "Unit", login: str) -> "Person":
    from cloud.registry import people

    person = people.by_login(unit, login)
    if person is None:
        raise click.ClickException(f"没有账号 {login}。 There is no account {login}.")
    return person
