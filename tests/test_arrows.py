"""Law 1: arrows point one way. Checked over every import statement in the tree."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("base", "registry", "book", "link", "work", "cases", "oversight")
EDGES = ("mqtt", "issuers", "verifier", "notify", "platform", "web")
COMPOSITION = {
    *("cloud/app.py", "cloud/cli.py", "cloud/__main__.py", "cloud/demo.py"),
    *("cloud/inloop.py", "cloud/soak.py"),
    "cloud/departments_cli.py",
    "cloud/zones_cli.py",
    "cloud/terminals_cli.py",
    "cloud/campaigns_cli.py",
    *("cloud/ledgers_cli.py", "cloud/record_cli.py", "cloud/rules_cli.py", "cloud/uncoded_cli.py"),
    "cloud/attack.py",
    *("cloud/backup.py", "cloud/dumps.py", "cloud/running_cli.py", "cloud/retention.py"),
    "cloud/accounts_cli.py",
    "cloud/platform_cli.py",
    "cloud/labels_cli.py",
    "cloud/broker_cli.py",
    *("cloud/processes.py", "cloud/processes_cli.py"),
}
BOARD_ONLY = {"machine", "esp32", "bluetooth", "network"}
PURE = {
    "terminal/plain.py",
    "terminal/mac.py",
    "terminal/messages.py",
    "terminal/authority.py",
    "terminal/controller.py",
    "terminal/sensing.py",
    "terminal/tickets.py",
    "terminal/modem/operators.py",
    "terminal/package.py",
    "slots.py",
}
PURE_MAY_USE = {"json", "hashlib", "binascii", "math", "collections"}


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module a file imports, `from a import b` as both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def tops(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


LOADER = [ROOT / "firmware" / short for short in ("boot.py", "boots.py", "crash.py", "slots.py")]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", sources("cloud"), ids=name)
def test_the_cloud_never_imports_the_firmware(path: Path) -> None:
    assert not tops(path) & {"firmware", "terminal"}


@pytest.mark.parametrize("path", sources("simulator"), ids=name)
def test_the_simulator_imports_neither_cloud_nor_firmware(path: Path) -> None:
    assert not tops(path) & {"cloud", "firmware", "terminal"}


@pytest.mark.parametrize("path", sources("release"), ids=name)
def test_what_packs_the_firmware_reads_its_files_and_imports_none(path: Path) -> None:
    assert not tops(path) & {"cloud", "firmware", "simulator", "terminal", "slots", "boots"}


@pytest.mark.parametrize("path", sources("hardware"), ids=name)
def test_the_design_files_of_the_board_import_no_program(path: Path) -> None:
    assert not tops(path) & {"cloud", "firmware", "simulator", "terminal", "release"}


@pytest.mark.parametrize("path", sources("firmware"), ids=name)
def test_the_firmware_imports_neither_cloud_nor_simulator(path: Path) -> None:
    assert not tops(path) & {"cloud", "simulator"}


@pytest.mark.parametrize("path", sources("firmware/terminal"), ids=name)
def test_only_the_board_folder_touches_hardware(path: Path) -> None:
    if "board" not in path.parts:
        assert not tops(path) & BOARD_ONLY


@pytest.mark.parametrize("path", LOADER, ids=name)
def test_the_loader_imports_nothing_that_an_upgrade_replaces_before_the_slot_is_chosen(
    path: Path,
) -> None:
    assert "terminal" not in tops(path)


@pytest.mark.parametrize("short", sorted(PURE))
def test_pure_firmware_files_use_only_each_other(short: str) -> None:
    for module in imported(ROOT / "firmware" / short):
        own = f"{module.replace('.', '/')}.py"
        package = module in {"terminal", "terminal.modem"}
        inside = module.startswith("terminal.") and (own in PURE or _is_name_in(module))
        assert package or inside or module.split(".")[0] in PURE_MAY_USE, module


def _is_name_in(module: str) -> bool:
    """`terminal.mac.tag` is a name inside the pure file terminal/mac.py."""
    return f"{module.rpartition('.')[0].replace('.', '/')}.py" in PURE


@pytest.mark.parametrize("path", sources("cloud"), ids=name)
def test_a_room_imports_only_rooms_nearer_the_ground_and_an_edge_no_other_edge(path: Path) -> None:
    if name(path) in COMPOSITION or "migrations" in path.parts:
        return
    place = path.relative_to(ROOT / "cloud").parts[0]
    if place in ("bench", "faults"):  # measure and disturb the whole, like cloud/soak.py
        return
    for module in imported(path):
        parts = module.split(".")
        if parts[0] != "cloud" or len(parts) < 2:
            continue
        other = parts[1]
        if place in EDGES:
            assert other == place or other in ROOMS, module
        elif place in ROOMS:
            assert other in ROOMS[: ROOMS.index(place) + 1], module


@pytest.mark.parametrize("path", sources("cloud"), ids=name)
def test_rooms_know_nothing_of_http_or_mqtt(path: Path) -> None:
    if path.relative_to(ROOT / "cloud").parts[0] in ROOMS:
        assert not tops(path) & {"flask", "werkzeug", "paho", "amqtt", "waitress"}


@pytest.mark.parametrize("path", sources("flash"), ids=name)
def test_the_bench_imports_neither_cloud_nor_simulator_nor_firmware(path: Path) -> None:
    if "on_board" not in path.parts:  # that runs on the module
        assert not tops(path) & {"cloud", "simulator", "firmware", "terminal", "boots"}
