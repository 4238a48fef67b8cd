"""`hanma uncoded`: new machines without a terminal, and the days that are left."""

import json

import click

from cloud.cli import ground_of_settings


@click.command()
@click.argument("district")
def uncoded(district: str) -> None:
    """New machines of a DISTRICT (its code) that are not coded yet, the most overdue first.

    One JSON line each: code, name, enterprise, bought_on, days_left (below 0 = overdue).
    """
    from cloud.base import districts
    from cloud.base.clock import china_day
    from cloud.registry import enterprises, machines
    from cloud.work import profiles

    if not districts.valid(district):
        raise click.ClickException("不是行政区划代码。 This is no district code.")
    with ground_of_settings() as ground, ground.read() as unit:
        days = profiles.load(ground.settings.profile).coded_within_days
        if not days:
            raise click.ClickException("本办法没有赋码期限。 The profile sets no such term.")
        for machine, left in machines.to_be_coded(unit, china_day(unit.now), days, district):
            owner = enterprises.get(unit, machine.enterprise_id)
            told = {
                "code": machine.code,
                "name": machine.name,
                "enterprise": owner.name if owner else "",
                "bought_on": machine.bought_on,
                "days_left": left,
            }
            click.echo(json.dumps(told, ensure_ascii=False))
