"""`hanma audit` and `hanma evidence`: the trail checked, and what it holds of one job or alarm."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cloud.cli import ground_of_settings

if TYPE_CHECKING:
    from cloud.base.unit import Unit


@click.group()
def audit() -> None:
    """The audit trail: check it, write a signed checkpoint, show the key."""


@audit.command("verify")
@click.option(
    "--checkpoint",
    "kept",
    metavar="FILE",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept outside; may be given several times.",
)
def audit_verify(kept: tuple[Path, ...]) -> None:
    """Check every chain and every checkpoint; name each row that was changed, removed or moved.

    Those in HANMA_CHECKPOINTS_OUT are held against it too: a trail that was put back to an older
    state, or written anew with its checkpoints, is found out by what had left.
    The last line is JSON: ok, rows, districts, checkpoints, outside, findings, key. Exit 1 if not
    ok.
    """
    from cloud.base.signing import Signer
    from cloud.book import inspection

    with ground_of_settings() as ground:
        with ground.read() as unit:
            report = inspection.inspect(unit, kept)
        key = Signer.load(ground.settings.data_dir).fingerprint
    for one in report.findings:
        click.echo(f"{one.row}  {one.what}" + (f"  ({one.note})" if one.note else ""))
    told = {
        "ok": not report.findings,
        "rows": report.rows,
        "districts": report.districts,
        "checkpoints": report.checkpoints,
        "outside": report.outside,
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
    from cloud.base.signing import Signer, fingerprint_of

    with ground_of_settings() as ground:
        signer = Signer.load(ground.settings.data_dir)
    earlier = {fingerprint_of(public): until for public, until in signer.earlier.items()}
    told = {"fingerprint": signer.fingerprint, "public": signer.public, "earlier": earlier}
    click.echo(json.dumps(told))


class _Evidence(click.Group):
    """`hanma evidence ID …` is `hanma evidence of ID …`, as long as ID is no command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["of", *args]
        return super().resolve_command(ctx, args)


@click.group(cls=_Evidence)
def evidence() -> None:
    """`hanma evidence ID` writes the signed evidence of a job or an alarm; `verify` checks one."""


@evidence.command("of")
@click.argument("id", metavar="ID")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file; else ID.evidence here.",
)
def evidence_of(id: str, out: Path | None) -> None:
    """All about one job or alarm in one new SQLite file; that it was taken is in the trail.

    The last line is JSON: file, key, rows.
    """
    from cloud.base.signing import Signer
    from cloud.book import audit as trail

    out = out or Path(f"{id}.evidence")
    if out.exists():
        raise click.ClickException(f"{out} 已经存在。 {out} is there already.")
    with ground_of_settings() as ground:
        with ground.write() as unit:
            made, about = _subject(unit, id)
            trail.write(unit, about.district, "system", "evidence-made", id, {})
            made.hold(unit, about)
        with ground.read() as unit:
            made, about = _subject(unit, id)
            rows = made.write(unit, about, out)
        key = Signer.load(ground.settings.data_dir).fingerprint
    click.echo(json.dumps({"file": str(out), "key": key, "rows": rows}))


def _subject(unit: "Unit", id: str) -> tuple[Any, Any]:
    """The job or alarm of this id, and what writes its evidence."""
    from cloud.cases.alarms import Alarm
    from cloud.oversight import evidence as of_job
    from cloud.oversight import evidence_of_alarm as of_alarm
    from cloud.work import job as jobs

    job = jobs.by_id(unit, id)
    alarm = None if job else unit.db.get(Alarm, id)
    if job is None and alarm is None:
        raise click.ClickException(
            f"没有编号为 {id} 的作业或告警。 There is no job and no alarm {id}."
        )
    return (of_job, job) if job else (of_alarm, alarm)


@evidence.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="FINGERPRINT", required=True, help="Got apart.")
def evidence_verify(file: Path, key: str) -> None:
    """Check an evidence file by itself: no database, no network, no data of this machine.

    The last line is JSON: ok, job, alarm, wrong, rows. Exit 1 if not ok.
    """
    from cloud.oversight import evidence_file

    verdict = evidence_file.verify(file, key)
    for word in verdict.wrong:
        click.echo(word)
    for note in ("note_zh", "note_en"):
        if not verdict.wrong:
            click.echo(verdict.about[note])
    about = {name: verdict.about.get(name) for name in ("job", "alarm")}
    told = {"ok": not verdict.wrong} | about | {"wrong": verdict.wrong, "rows": verdict.rows}
    click.echo(json.dumps(told))
    if verdict.wrong:
        sys.exit(1)
