"""A short trial in processes of its own: the invariants hold, and a lost guard is noticed."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cloud.cli import main
from tests import databases

# On PostgreSQL it is several programs, each with a name of its own (and Debian's server).
DATABASE = ("--database", databases.CHOSEN)
CLOUD = "cloud" if databases.CHOSEN == "sqlite" else "ingest-1"


def played(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, list(words))
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return done.exit_code, told


def test_killed_and_disturbed_it_keeps_every_invariant(tmp_path: Path) -> None:
    kinds = (f"kill-{CLOUD}", "kill-broker", "mqtt-reset", "web-reset")
    only = [word for kind in kinds for word in ("--only", kind)]
    code, told = played(
        "faults", "cloud", "--seed", "7", "--minutes", "0.2", *only, *DATABASE,
        "--keep", str(tmp_path / "a"),
    )  # fmt: skip
    assert told["broken"] == {} and all(told["settled"].values()), json.dumps(told)
    assert (code, told["ok"]) == (0, True), json.dumps(told)
    assert told["faults"] and told["relay_moves"] and told["answered_2xx"], told


def test_without_a_guard_it_goes_red_at_once(tmp_path: Path) -> None:
    words = ("faults", "cloud", "--seed", "7", "--minutes", "3", "--without", "district")
    code, told = played(*words, *DATABASE, "--keep", str(tmp_path / "a"))
    assert code == 1 and "I10" in told["broken"], told
    assert told["settled"] == {}, "it was not played to its end"


def test_an_unknown_guard_and_an_unknown_fault_are_named() -> None:
    for words in (("--without", "nothing"), ("--only", "nothing")):
        done = CliRunner().invoke(main, ["faults", "cloud", *words])
        assert done.exit_code == 2 and "nothing" in done.output


def test_workers_of_their_own_are_faults_by_name() -> None:
    province = ("faults", "cloud", "--database", "postgresql", "--web", "2")
    unknown = CliRunner().invoke(main, [*province, "--only", "kill-web-3"])
    assert unknown.exit_code == 2 and "kill-web-2" in unknown.output


def test_the_guards_are_listed() -> None:
    listed = CliRunner().invoke(main, ["faults", "cloud", "--guards"]).output.splitlines()
    assert len(listed) > 20


@pytest.mark.sqlite  # its backup is the file's
def test_a_lost_machine_is_restored_elsewhere_and_its_terminals_come_back(tmp_path: Path) -> None:
    words = ("restore-drill", "--seed", "3", "--minutes", "0.3", "--keep", str(tmp_path / "a"))
    code, told = played(*words)
    assert (code, told["ok"]) == (0, True), json.dumps(told)
    assert told["audit_verified"] and told["entries_lost"] == 0 == told["jobs_lost_before_backup"]
