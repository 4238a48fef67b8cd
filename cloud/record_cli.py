"""`hanma audit`: the audit trail checked, and its signed checkpoints."""

import json
import sys

import click

from cloud.cli import ground_of_settings


@click.group()
def audit() -> None:
    """The audit trail: check it, write a signed checkpoint, show the key."""


@audit.command("verify")
def audit_verify() -> None:
    """Check every chain and every checkpoint; name each row that was changed, removed or moved.

    The last line is JSON: ok, rows, districts, checkpoints, findings, key. Exit 1 if not ok.
    """
    from cloud.base.signing import Signer
    from cloud.book import inspection

    with ground_of_settings() as ground:
        with ground.read() as unit:
            report = inspection.inspect(unit)
        key = Signer.load(ground.settings.data_dir).fingerprint
    for one in report.findings:
        click.echo(f"{one.row}  {one.what}" + (f"  ({one.note})" if one.note else ""))
    told = {
        "ok": not report.findings,
        "rows": report.rows,
        "districts": report.districts,
        "checkpoints": report.checkpoints,
        "findings": len(report.findings),
        "key": key,
    }
    click.echo(json.dumps(told))
    if report.findings:
        sys.exit(1)


@audit.command("checkpoint")
def audit_checkpoint() -> None:
    """Sign where the chains stand now; the cloud does it by itself every HANMA_CHECKPOINT_S."""
    from cloud.book import checkpoints

    with ground_of_settings() as ground, ground.write() as unit:
        path = checkpoints.write(unit)
    click.echo(json.dumps({"file": str(path) if path else None}))


@audit.command("key")
def audit_key() -> None:
    """The platform's public key and its fingerprint, to be made known apart from any evidence."""
    from cloud.base.signing import Signer

    with ground_of_settings() as ground:
        signer = Signer.load(ground.settings.data_dir)
    click.echo(json.dumps({"fingerprint": signer.fingerprint, "public": signer.public}))
