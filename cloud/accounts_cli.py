"""`hanma first`, `hanma factor`, `hanma sessions`, `hanma person`: the first account, an account's
keys, and what a person may ask of the platform."""

import json
from typing import TYPE_CHECKING

import click

from cloud.cli import ground_of_settings

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.cases.erasing import NotNow
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


@click.group()
def person() -> None:
    """What a person may ask for: who looked at their numbers, and to be forgotten."""


@person.command("looks")
@click.argument("login")
def person_looks(login: str) -> None:
    """Every look at a sealed number of LOGIN, one line of JSON each: at, by, field, why."""
    from cloud.cases import looks

    with ground_of_settings() as ground, ground.read() as unit:
        told = looks.at(unit, _person(unit, login).id)
    for line in told:
        click.echo(json.dumps(line, ensure_ascii=False))


@person.command("erase")
@click.argument("login")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be taken back.")
def person_erase(login: str, yes: bool) -> None:
    """Forget LOGIN: name, numbers, papers, pictures that nothing holds; that work was done stays.

    Refused while a job is open, and until HANMA_KEEP_PEOPLE_D after the last job. The last line is
    JSON: ok, id, certificates, trainings, pictures, pictures_held, looks.
    """
    from cloud.cases import erasing

    with ground_of_settings() as ground:
        with ground.read() as unit:
            _refuse(erasing.hindrance(unit, _person(unit, login)))
        if not yes:
            click.confirm(
                "不能撤回，确定吗？ This cannot be taken back. Go on?", abort=True, err=True
            )
        with ground.write() as unit:
            whom = _person(unit, login)
            done = erasing.erase(unit, whom, "system")
            _refuse(done if isinstance(done, erasing.NotNow) else None)
    click.echo(json.dumps({"ok": True, "id": whom.id, **vars(done)}))


def _refuse(against: "NotNow | None") -> None:
    """One sentence for whoever asked, and exit 1."""
    from cloud.base.clock import china_day

    if against is None:
        return
    day = china_day(against.until)
    words = {
        "erased": "已经注销。 It was done already.",
        "supervises": "监管、运维和平台的账号不能注销：决定要有人负责，请停用。 "
        "Accounts that decide over others stay named; shut the account instead.",
        "job": f"有未结束的作业 {against.job}，请先结束。 "
        f"Job {against.job} is open; end it first.",
        "kept": f"作业记录要求保留到 {day}，之前可以先停用账号。 "
        f"The record of the work demands it until {day}; the account may be shut until then.",
    }
    raise click.ClickException(words[against.reason])


def _person(unit: "Unit", login: str) -> "Person":
    from cloud.registry import people

    person = people.by_login(unit, login)
    if person is None:
        raise click.ClickException(f"没有账号 {login}。 There is no account {login}.")
    return person
