"""`hanma config`, `hanma backup` and `hanma restore`: what whoever runs the cloud needs."""

import json
import os
import re
from pathlib import Path

import click

from cloud import environment
from cloud.base.settings import Settings

_PASSWORDS = (
    (re.compile(r"(://[^:/@]*):.*@"), r"\1:***@"),
    (re.compile(r"(?i)([?&;](?:password|passwd|token|secret)=)[^&;]*"), r"\1***"),
)
_BETWEEN_URLS = re.compile(r",\s*(?=[a-z+]+://)")
_SECRET = re.compile("token|secret|password|hook")


@click.command()
def config() -> None:
    """Print every setting as it is in force, with what it means; secrets are masked.

    The lines can be read back as an environment file; those with something masked are comments.
    """
    settings = environment.settings()
    for name, (variable, _kind, meaning) in Settings.described().items():
        given = "  [set]" if os.environ.get(variable) else ""
        value = str(getattr(settings, name))
        shown = masked(name, value)
        click.echo(f"# {meaning}{given}")
        click.echo(f"{'' if shown == value else '#'}{variable}={shown}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-keys", is_flag=True, help="The keys too: then the file opens everything.")
def backup(file: Path, with_keys: bool) -> None:
    """Write a checked backup to FILE while the cloud runs (SQLite or PostgreSQL).

    The last line is JSON: ok, file, bytes, files, keys (whether they are in it).
    """
    from cloud import backup as made
    from cloud.base.clock import now_ms

    try:
        told = made.write(environment.settings(), file, now_ms(), with_keys=with_keys)
    except made.BackupTrouble as error:
        raise click.ClickException(str(error)) from None
    if with_keys and (left := ", ".join(made.left(environment.settings()))):
        words = f"不是平台的密钥，没有放进去：{left}。 No keys of ours, left out: {left}."
        click.echo(words, err=True)
    shown = {"ok": True, "file": str(file), "bytes": file.stat().st_size}
    click.echo(json.dumps(shown | {"files": len(told["files"]), "keys": with_keys}))


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup into an empty HANMA_DATA and database, after checking all of it.

    The keys must be in the file or in HANMA_DATA/keys. The last line is JSON: ok, files, made_at.
    """
    from cloud import backup as made
    from cloud.base.unit import Ground
    from cloud.link import restored

    settings = environment.settings()
    try:
        told = made.restore(settings, file)
    except made.BackupTrouble as error:
        raise click.ClickException(str(error)) from None
    ground = Ground.open(settings)
    try:
        with ground.write() as unit:
            restored.go_on(unit)
    finally:
        ground.close()
    click.echo(json.dumps({"ok": True, "files": len(told["files"]), "made_at": told["made_at"]}))


def masked(name: str, value: str) -> str:
    """A setting's value without the passwords in it."""
    if value and _SECRET.search(name):
        return "***"
    return ",".join(_masked(one) for one in _BETWEEN_URLS.split(value))


def _masked(value: str) -> str:
    for pattern, shown in _PASSWORDS:
        value = pattern.sub(shown, value)
    return value
