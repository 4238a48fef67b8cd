"""What counts as quick, what must run alone; no example of a search is judged by how long it took.

`./test.sh` runs all parts at once: what is safe beside others, on every core; and what is not in
rows, one test after another in each, side by side, since they wait more than they compute.
`--part` chooses one of them; without it pytest runs all in one row.

`HANMA_TEST_DATABASE=postgresql ./test.sh` runs all of it once more on the other database.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import databases

settings.register_profile("hanma", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hanma")

# Quick: no real time to wait for, no server, no whole application.
_REAL_TIME = "tests/simulator/world/"  # a cable and a modem that keep the time of real ones
_WHOLE_APP = "tests/cloud/web/"  # every page with its database
_COMMANDS = "_cli.py::"  # each with a new database
_LONG_SEARCH = "test_whatever_happens_in_whatever_order"
_SERVER = "[postgresql"
_BROWSER = "tests/browser/"
_EVERY_CUT = "[cut_"  # the power cut at each flash operation
_ON_THE_AIR = "tests/simulator/test_nearby_phone.py"  # phones take their time to find a terminal
_AS_IN_LIFE = tuple(f"tests/simulator/test_{name}.py" for name in ("chip", "fleet", "phone"))
_SPICE = tuple(f"tests/hardware/test_{name}.py" for name in ("check", "derating", "simulations"))
_TRIAL = "tests/cloud/faults/test_trial.py"  # everything in processes of its own
_PLATFORMS = "tests/cloud/platform/"  # requests through the whole application
_BUILDS = ("tests/release/test_joined.py", "tests/firmware/test_compiled.py")  # the whole tree
_COUNTY = "tests/cloud/test_demo.py"  # the demo county, made again and again
_WHOLE_CASES = ("tests/cloud/oversight/test_evidence.py", "tests/security/test_repository.py")
_SLOW = (
    *(_REAL_TIME, _ON_THE_AIR, _WHOLE_APP, _COMMANDS, _LONG_SEARCH, _SERVER, _EVERY_CUT),
    *(*_AS_IN_LIFE, *_SPICE, _PLATFORMS, _TRIAL, *_BUILDS, _COUNTY, *_WHOLE_CASES),
)

# The rows: what a busy neighbour could make fail, for it keeps real time or drives other programs.
# None is called as a folder is: before pytest has read this file, it takes the word for a path.
ROWS = {
    "browser": {"tests/browser/": "a browser's own time-outs, and a running event loop"},
    "e2e": {"tests/e2e/": "terminals, broker and cloud as in life, each waiting for the others"},
    "board": {
        "tests/simulator/": "boots and links that keep the time of real ones",
        "tests/flash/": "a board on a cable that answers in time",
        "tests/firmware/modem/": "a module's answers within its own limits",
    },
    "server": {
        "tests/cloud/mqtt/": "connections that are shut when nothing comes for a time",
        "tests/cloud/bench/": "measures",
        "tests/cloud/test_app.py": "starts and stops all of the cloud's threads",
        "tests/cloud/test_broker_cli.py": "brokers as programs",
        "tests/cloud/test_cli.py": "a cloud that is killed",
        "tests/cloud/test_running_cli.py": "a cloud as a program",
        "tests/cloud/faults/test_trial.py": "everything in processes of its own",
        "tests/cloud/test_soak.py": "runs for as long as it is told",
        "tests/cloud/platform/test_way2_page.py": "a server that curl calls",
        "tests/cloud/issuers/": "registers that answer too late",
        "tests/release/": "builds of the tree, with the same tools",
    },
}


def part_of(nodeid: str) -> str:
    """The part of ./test.sh in which the test runs."""
    rows = (row for row, paths in ROWS.items() if nodeid.startswith(tuple(paths)))
    return next(rows, "together")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", choices=("together", *ROWS), help="of ./test.sh: only this one")
    parser.addoption("--failed-in", type=Path, help="write there which tests failed, one a line")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if databases.CHOSEN != "sqlite":
        passed = {one.nodeid for one in terminalreporter.getreports("passed")}
        on = {one.nodeid for one in terminalreporter.getreports("") if _ON in one.user_properties}
        terminalreporter.write_line(f"{databases.CHOSEN}: {len(passed & on)} passed on it")
    if path := config.getoption("--failed-in"):
        told = [*terminalreporter.getreports("failed"), *terminalreporter.getreports("error")]
        path.write_text("".join(f"{one}\n" for one in dict.fromkeys(it.nodeid for it in told)))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A file of which nothing is asked for is not even imported."""
    if collection_path.suffix != ".py":
        return None
    file = collection_path.relative_to(config.rootpath).as_posix()
    part = config.getoption("--part")
    elsewhere = part and part_of(file) != part
    slow = config.getoption("markexpr") == "not slow" and any(it in file for it in _SLOW)
    return True if elsewhere or slow else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if any(part in item.nodeid for part in _SLOW):
            item.add_marker("slow")
    if databases.CHOSEN != "sqlite":
        items[:] = [
            item for item in items if not _of_both(item) or databases.CHOSEN in _of_both(item)
        ]
    if part := config.getoption("--part"):
        items[:] = [item for item in items if part_of(item.nodeid) == part]
    items.sort(key=lambda item: _BROWSER in item.nodeid)  # last: it brings a running event loop


# The tests' database (tests/databases.py): chosen before the first fixture of a test, given back
# after its last.
_ON = ("database", databases.CHOSEN)
_seen: set[Path] = set()
_files: dict[Path, str] = {}


def _of_both(item: pytest.Item) -> set[str]:
    """Which of the two kinds it names as a parameter, if it does."""
    given = getattr(item, "callspec", None)
    return {str(one) for one in given.params.values()} & set(databases.KINDS) if given else set()


def pytest_configure(config: pytest.Config) -> None:
    databases.choose(databases.CHOSEN)
    if "HANMA_IMAGES" not in os.environ:  # by ./test.sh, or by the pytest that started this one
        os.environ["HANMA_IMAGES"] = mkdtemp(prefix="hanma-images-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop("HANMA_IMAGES")))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    about_the_file = item.get_closest_marker("sqlite")
    databases.choose("sqlite" if about_the_file else databases.CHOSEN)


@pytest.fixture(autouse=True)
def _own_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Databases are given back; no test keeps to SQLite unless it says so."""
    before, asked = databases.folders(), databases.asked()
    yield
    after = databases.folders()
    file = request.node.nodeid.partition("::")[0]
    _files.update((one, file) for one in after - set(_files))
    if databases.asked() > asked or file in map(_files.get, after):
        request.node.user_properties.append(_ON)
    if own := after - before:
        databases.server().give_back(own)
    if databases.CHOSEN != "sqlite":
        new = set(tmp_path_factory.getbasetemp().iterdir()) - _seen
        _seen.update(new)
        files = [file for one in new for file in one.rglob("hanma.db")]
        assert files == [] or request.node.get_closest_marker("sqlite")


def pytest_sessionfinish() -> None:
    databases.end()


@pytest.fixture(scope="session")
def images() -> Path:
    """Where the firmware's compiled image is made, once for all tests."""
    return Path(os.environ["HANMA_IMAGES"])
