"""`hanma department`: departments with their trades, and the officers posted to them."""

import json

import click

from cloud.cli import ground_of_settings
from cloud.registry.machines import INDUSTRIES


@click.group()
def department() -> None:
    """Departments of the supervision and their officers."""


@department.command()
@click.argument("code")
@click.argument("name")
@click.argument("trades", nargs=-1, type=click.Choice(INDUSTRIES))
def put(code: str, name: str, trades: tuple[str, ...]) -> None:
    """Make a department, or change it; TRADES are its own."""
    from cloud.book import audit
    from cloud.registry import departments

    with ground_of_settings() as ground, ground.write() as unit:
        try:
            row = departments.put(unit, code.strip(), name.strip(), set(trades))
        except departments.BadDepartment:
            raise click.ClickException(
                "部门要有代码、名称和至少一个行业。 A department has a code, a name and a trade."
            ) from None
        told = {"code": row.code, "name": row.name, "trades": row.trades}
        audit.write(unit, "system", "system", "department-set", row.code, told)
    click.echo(json.dumps(told, ensure_ascii=False))


@department.command()
@click.argument("login")
@click.argument("code", default="")
def post(login: str, code: str) -> None:
    """Post the officer LOGIN to a department; without CODE to none: all trades."""
    from cloud.book import audit
    from cloud.registry import departments, people

    with ground_of_settings() as ground, ground.write() as unit:
        person = people.by_login(unit, login)
        if person is None or "officer" not in person.roles:
            raise click.ClickException(f"{login}：没有这个监管人员。 There is no such officer.")
        try:
            departments.post(unit, person, code)
        except departments.BadDepartment:
            raise click.ClickException(
                f"{code}：没有这个部门。 There is no such department."
            ) from None
        told = {"department": code}
        audit.write(unit, person.district, "system", "officer-posted", person.id, told)
    click.echo(json.dumps({"login": login, "department": code}))
