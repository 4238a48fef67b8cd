"""`hanma platform`: platforms that report to us, their keys, and our own reports to another."""

import json
from typing import TYPE_CHECKING

import click

from cloud.cli import ground_of_settings

if TYPE_CHECKING:
    from cloud.base.unit import Unit
    from cloud.registry.platforms import Platform


@click.group()
def platform() -> None:
    """Way 2: platforms that report to us, their keys, and our reports to a superior one."""


@platform.command()
@click.argument("name")
@click.argument("usccs", nargs=-1, required=True)
@click.option("--network", "networks", multiple=True, help="It may call from here only (CIDR).")
def add(name: str, usccs: tuple[str, ...], networks: tuple[str, ...]) -> None:
    """Let NAME report for the enterprises USCCS. Prints its key and secret, this once."""
    from cloud.registry import platforms

    with ground_of_settings() as ground, ground.write() as unit:
        try:
            made = platforms.add(unit, name, usccs, networks)
        except platforms.BadPlatform as error:
            raise click.ClickException(f"不能登记。 It cannot be registered: {error}.") from None
        told = _keyed(unit, made, "platform-added", 0)
    click.echo(json.dumps(told, ensure_ascii=False))


@platform.command()
@click.argument("name")
@click.option("--overlap", default=24, show_default=True, help="Hours the old key stays good.")
def rotate(name: str, overlap: int) -> None:
    """A fresh key for NAME, printed this once; the old one ends after a while."""
    with ground_of_settings() as ground, ground.write() as unit:
        told = _keyed(unit, _platform(unit, name), "platform-key", max(overlap, 0) * 3600)
    click.echo(json.dumps(told, ensure_ascii=False))


@platform.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Nothing is taken from NAME any more, from now on."""
    from cloud.registry import platforms

    with ground_of_settings() as ground, ground.write() as unit:
        found = _platform(unit, name)
        platforms.revoke(unit, found)
        _note(unit, found, "platform-revoked")
    click.echo(json.dumps({"platform": name, "status": "revoked"}, ensure_ascii=False))


@platform.command(name="list")
def every() -> None:
    """All platforms with their keys, one line of JSON each; secrets are never shown."""
    from cloud.registry import platforms

    with ground_of_settings() as ground, ground.read() as unit:
        for one, keys in platforms.every(unit):
            told = {"platform": one.name, "status": one.status, "networks": one.networks}
            told["enterprises"] = len(platforms.enterprise_ids(unit, one.id))
            names = ("id", "made_at", "ends_at", "seen_at")
            told["keys"] = [{name: getattr(key, name) for name in names} for key in keys]
            click.echo(json.dumps(told, ensure_ascii=False))


@platform.command()
@click.option("--retry", is_flag=True, help="Try all of them at once, parked ones too.")
def reports(retry: bool) -> None:
    """What our superior platform (HANMA_SUPERIOR_URL) has not taken yet, one line of JSON each.

    `next_at` null = it refuses that for good: mend the cause, then --retry.
    """
    from cloud.cases import reports as queue

    names = ("part", "subject", "made_at", "tries", "next_at", "trouble")
    with ground_of_settings() as ground, ground.write() as unit:
        if retry:
            queue.retry(unit)
        for one in queue.unsent(unit, 1000):
            click.echo(json.dumps({name: getattr(one, name) for name in names}))


def _keyed(unit: "Unit", found: "Platform", what: str, overlap_s: int) -> dict[str, str]:
    from cloud.registry import platforms

    key, secret = platforms.new_key(unit, found, overlap_s)
    _note(unit, found, what, key=key)
    return {"platform": found.name, "key": key, "secret": secret}


def _platform(unit: "Unit", name: str) -> "Platform":
    from cloud.registry import platforms

    found = platforms.by_name(unit, name)
    if found is None or found.status == "revoked":
        raise click.ClickException(f"{name}：没有这个平台，或已停用。 There is no such platform.")
    return found


def _note(unit: "Unit", found: "Platform", what: str, **told: str) -> None:
    """In the books of every district where it has an enterprise."""
    from cloud.book import audit
    from cloud.registry import enterprises, platforms

    ids = platforms.enterprise_ids(unit, found.id)
    rows = [enterprises.get(unit, id) for id in sorted(ids)]
    for district in sorted({row.district for row in rows if row is not None}):
        audit.write(unit, district, "system", what, found.id, dict(told))
