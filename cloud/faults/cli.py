"""`hanma faults cloud`; those of a terminal (`hanma faults modem`) are in simulator/cli.py."""

import asyncio
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from simulator.cli import faults

__all__ = ["faults", "restore_drill"]

_EVERY = "every"


@faults.command()
@click.option("--seed", type=click.IntRange(1), help="Of plan and chance; printed (drawn).")
@click.option("--minutes", default=5.0, show_default=True, type=click.FloatRange(0.1, 1440))
@click.option("--only", "kinds", multiple=True, metavar="FAULT", help="Only these faults.")
@click.option("--without", metavar="GUARD", default="", help="Take a guard away, or `every` one.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite")
@click.option("--web", type=click.IntRange(0, 9), help="So many web workers, as own processes.")
@click.option("--ingest", type=click.IntRange(0, 9), help="So many ingest workers, likewise.")
@click.option("--guards", is_flag=True, help="List the guards that can be taken away, and end.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep history and database here.")
def cloud(
    seed: int | None,
    minutes: float,
    kinds: tuple[str, ...],
    without: str,
    database: str,
    web: int | None,
    ingest: int | None,
    guards: bool,
    keep: Path | None,
) -> None:
    """Cloud, broker, people and terminals under faults; twelve invariants; the last line is JSON.

    Without a guard the run must go red (exit 1); with `--without every` each is tried, and the
    command is content when all of them were noticed. With PostgreSQL, or so many workers of a
    kind, web, ingest and two housekeepers are processes of their own, each killed and stopped by
    itself. `--only kill` means each fault whose name begins so.
    """
    from cloud.faults import plan
    from cloud.faults.guards import shown_by
    from cloud.faults.play import Wish, servers

    known = _guards()
    if guards:
        for name, about in known.items():
            click.echo(f"{name:<18} {about}")
        return
    if without and without != _EVERY and without not in known:
        raise click.BadParameter(f"没有这道防线 no such guard: {without} ({', '.join(known)})")
    apart = database == "postgresql" or bool(web or ingest)
    webs, ingests = (web or 1, ingest or 1) if apart else (0, 0)
    there = plan.kinds(servers(webs, ingests, database == "postgresql"))
    chosen = tuple(one for one in there if f"{one}-".startswith(tuple(f"{k}-" for k in kinds)))
    for kind in kinds:
        if not any(f"{one}-".startswith(f"{kind}-") for one in there):
            raise click.BadParameter(f"没有这种故障 no such fault: {kind} ({', '.join(there)})")
    usual = shown_by(without, there) if without else there
    wish = Wish(
        seed or secrets.randbelow(1 << 31) + 1,
        minutes,
        chosen or usual,
        without,
        postgresql=database == "postgresql",
        web=webs,
        ingest=ingests,
    )
    told = _each(wish, list(known), there, keep) if without == _EVERY else _played(wish, keep)
    click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if told["ok"] else 1)


def _guards() -> dict[str, str]:
    from cloud.faults.guards import GUARDS
    from simulator.trial.terminals import GUARDS as OF_TERMINALS

    of_terminals = {
        "terminal-replay": "I3 counter and answer of the same id, in the terminal",
        "terminal-expiry": "I4 the end of a command, in the terminal",
        "terminal-mac": "I1 the mac of a command, in the terminal",
    }
    assert set(of_terminals) == set(OF_TERMINALS)
    return {name: about for name, (about, _take) in GUARDS.items()} | of_terminals


def _each(
    wish: Any, names: list[str], there: tuple[str, ...], keep: Path | None
) -> dict[str, Any]:
    from cloud.faults.guards import shown_by

    noticed, own = {}, {name: about.split()[0] for name, about in _guards().items()}
    for name in names:
        told = _played(
            replace(wish, guard=name, kinds=shown_by(name, there)), keep / name if keep else None
        )
        noticed[name] = sorted(told.get("broken", {}))
        _say(f"{name}: {' '.join(noticed[name]) or '-'}")
    unseen = [name for name, found in noticed.items() if own[name] not in found]
    return {"ok": not unseen, "seed": wish.seed, "noticed": noticed, "unseen": unseen}


def _played(wish: Any, keep: Path | None) -> dict[str, Any]:
    from cloud.faults.play import play

    return _run(lambda folder, say: play(wish, folder, say), wish.seed, keep)


def _run(
    play: Callable[[Path, Callable[[str], None]], Awaitable[dict[str, Any]]],
    seed: int,
    keep: Path | None,
) -> dict[str, Any]:
    from cloud.faults.play import NotPlayed

    folder = keep or Path(tempfile.mkdtemp(prefix="hanma-faults-"))
    _say(f"seed {seed}")

    async def played() -> dict[str, Any]:
        return await play(folder, _say)

    try:
        return asyncio.run(played())
    except NotPlayed as error:
        return {"ok": False, "seed": seed, "why": str(error)}
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@click.command()
@click.option("--seed", type=click.IntRange(1), help="Of chance; printed (drawn).")
@click.option("--minutes", default=1.0, show_default=True, type=click.FloatRange(0.2, 60))
@click.option("--keep", type=click.Path(path_type=Path), help="Keep history and database here.")
def restore_drill(seed: int | None, minutes: float, keep: Path | None) -> None:
    """Backup under load, the machine lost, a restore elsewhere: what came back, and when.

    The last line is JSON: ok, seconds of backup, restore and return, and what was lost.
    """
    from cloud.faults.drill import drill

    number = seed or secrets.randbelow(1 << 31) + 1
    told = _run(lambda folder, say: drill(number, minutes, folder, say), number, keep)
    click.echo(json.dumps(told, ensure_ascii=False))
    sys.exit(0 if told["ok"] else 1)
