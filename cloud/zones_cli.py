"""`hanma zones`: key zones 重点区域 from a GeoJSON file, and which there are."""

import json
from pathlib import Path
from typing import Any

import click

from cloud.cli import ground_of_settings


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--datum", type=click.Choice(["WGS84", "GCJ02"]), default="WGS84", help="Of FILE.")
@click.option("--drop", help="Take away the zone of this name instead.")
def zones(file: str | None, datum: str, drop: str | None) -> None:
    """Bring in every polygon of FILE (GeoJSON), all or none; without FILE list the zones.

    Properties: name, district, uscc of the venue. A zone of the same name is changed.
    """
    from cloud.registry import zones as table
    from cloud.registry.zones import BadZone

    with ground_of_settings() as ground, ground.write() as unit:
        try:
            for feature in _features(file) if file else []:
                table.put(unit, feature, datum)
        except BadZone as error:
            raise click.ClickException(str(error)) from None
        known = table.every(unit)
        if drop is not None:
            found = [one for one in known if one.name == drop]
            if not found:
                raise click.ClickException(f"没有这个区域：{drop}。 There is no such zone.")
            table.drop(unit, found[0])
        for one in table.every(unit):
            told = {"name": one.name, "district": one.district, "datum": one.datum}
            click.echo(json.dumps(told, ensure_ascii=False))


def _features(file: str) -> list[dict[str, Any]]:
    from cloud.registry.zones import BadZone

    try:
        whole = json.loads(Path(file).read_text("utf-8"))
    except (OSError, ValueError):
        raise BadZone("不是 GeoJSON 文件。 The file is no GeoJSON.") from None
    found = whole.get("features", [whole]) if isinstance(whole, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadZone("不是 GeoJSON 文件。 The file is no GeoJSON.")
    return found
