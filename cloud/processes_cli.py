"""`hanma web`, `hanma ingest` and `hanma housekeeping`: the cloud as processes of their own."""

import json
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

from cloud import environment

if TYPE_CHECKING:
    from cloud.app import Process
    from cloud.base.settings import Settings

_VERBOSE = click.option("--verbose", is_flag=True, help="Log what goes on.")
_TURN_S = 0.0005  # as in cli.py


@click.command()
@click.option("--workers", default=2, show_default=True, help="Processes; about one a core.")
@click.option("--threads", default=16, show_default=True, help="Requests at once in each.")
@_VERBOSE
def web(workers: int, threads: int, verbose: bool) -> None:
    """Run web workers (gunicorn) on HANMA_LISTEN; any number, on any number of hosts."""
    from cloud.app import CannotStart
    from cloud.processes import serve_web

    settings = _settings(verbose)
    try:
        serve_web(settings, workers, threads)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None


@click.command()
@_VERBOSE
def ingest(verbose: bool) -> None:
    """Take in what terminals say, from all brokers; any number, they share it."""
    from cloud.processes import IngestWorker

    _run(IngestWorker, verbose)


@click.command()
@_VERBOSE
def housekeeping(verbose: bool) -> None:
    """Deadlines, time-outs, events, notices, reports; any number, one of them does each thing."""
    from cloud.processes import Housekeeper

    _run(Housekeeper, verbose)


def _run(kind: "type[Process]", verbose: bool) -> None:
    """Works until SIGTERM or Ctrl-C, and lets what was begun come to its end."""
    from cloud.app import CannotStart

    settings = _settings(verbose)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        with kind(settings):
            click.echo(json.dumps({"working": kind.__name__}))
            ended.wait()
    except CannotStart as error:
        raise click.ClickException(str(error)) from None


def _settings(verbose: bool) -> "Settings":
    from cloud.base import logs

    sys.setswitchinterval(_TURN_S)
    settings = environment.settings()
    logs.set_up(settings.log_format, logging.INFO if verbose else logging.WARNING)
    return settings
