"""A PostgreSQL server of a trial's own, as a program that may be killed: Debian's."""

import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from cloud.faults.processes import Process

_DEBIAN = Path("/usr/lib/postgresql")
_ACCOUNT = "postgres"  # it refuses to run as root; Debian's package makes this account


class NoPostgresql(Exception):
    """It is not installed here, or its files cannot be made."""


def server(folder: Path, port: int) -> Process:
    """The server on that port of the loopback, its files below `folder`; NoPostgresql."""
    programs = _programs()
    account = _ACCOUNT if os.geteuid() == 0 else None
    data = folder / "postgresql"
    data.mkdir(mode=0o700)
    if account:
        folder.chmod(0o711)  # the way to what is its own, and nothing else
        shutil.chown(data, account)
    words = [f"{programs}/initdb", "--username=hanma", "--auth=trust", "--encoding=UTF8",
             "--no-locale", f"--pgdata={data}"]  # fmt: skip
    made = subprocess.run(words, user=account, cwd="/", capture_output=True, text=True)
    if made.returncode:
        raise NoPostgresql(f"initdb: {made.stderr[-500:]}")
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=",
               "max_connections=400"]  # fmt: skip
    given = [word for option in options for word in ("-c", option)]
    return Process(
        [f"{programs}/postgres", "-D", str(data), *given],
        folder / "postgresql.log",
        account=account,
        end_by=signal.SIGINT,  # by SIGTERM it would wait for whoever is connected
    )


def url(port: int) -> str:
    """For HANMA_DATABASE."""
    return f"postgresql+psycopg://hanma@127.0.0.1:{port}/postgres"


def _programs() -> Path:
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if not found:
        raise NoPostgresql(
            "没有安装 PostgreSQL（Debian：apt install postgresql）。 "
            "PostgreSQL is not installed (Debian: apt install postgresql)."
        )
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_ACCOUNT)
        except KeyError:
            raise NoPostgresql(f"no account {_ACCOUNT}") from None
    return found[-1].parent
