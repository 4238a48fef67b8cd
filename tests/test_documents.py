"""The documents tell all that the code has: settings, refusals, words of the wire, commands."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from cloud.base.settings import Settings
from cloud.cases import alarms
from cloud.cli import main
from cloud.link import commands, policies
from cloud.mqtt import topics
from cloud.work.rules import SAYINGS

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs" / "reference.md").read_text()
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
READMES = {name: (ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md")}


def test_the_tests_that_the_table_of_faces_names_exist() -> None:
    text = (ROOT / "docs" / "faces.md").read_text()
    named = set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", text))
    assert len(named) > 10
    for file, name in named:
        (path,) = (ROOT / "tests").glob(f"[be]*/{file}")
        assert f"def {name}(" in path.read_text()


@pytest.mark.parametrize("name", [one.name for one in fields(Settings)])
def test_every_setting_is_documented_with_its_default_and_meaning(name: str) -> None:
    variable, _, meaning = Settings.described()[name]
    row = next(r for r in REFERENCE.splitlines() if f"`{variable}`" in r)
    default = next(one.default for one in fields(Settings) if one.name == name)
    assert str(default) in row and meaning in row


@pytest.mark.parametrize("name", sorted({name for name, _code in commands.TITLES}))
def test_every_command_to_a_terminal_is_documented(name: str) -> None:
    rows = REFERENCE.partition("## 命令 Commands")[2].partition("\n## ")[0].splitlines()
    assert any(f"`{name}`" in row.partition("|")[2].partition("|")[0] for row in rows)


@pytest.mark.parametrize("kind", list(alarms.LEVELS))
def test_every_alarm_is_documented_with_its_level(kind: str) -> None:
    assert f"| `{kind}` | {alarms.LEVELS[kind]} |" in REFERENCE


@pytest.mark.parametrize("name", list(policies.FIELDS))
def test_every_policy_field_is_documented_with_default_and_limits(name: str) -> None:
    default, least, _most = policies.FIELDS[name]
    row = next(r for r in REFERENCE.splitlines() if r.startswith(f"| `{name}` |"))
    assert f"| {default} | {least} –" in row


@pytest.mark.parametrize("code", sorted(SAYINGS))
def test_every_refusal_is_documented_with_its_words_in_both_languages(code: str) -> None:
    words, todo = SAYINGS[code]
    row = next(r for r in REFERENCE.splitlines() if r.startswith(f"| `{code}` |"))
    for text in (words.zh, words.en, todo.zh, todo.en):
        assert text in row


def test_the_terminals_page_names_files_and_tests_that_exist() -> None:
    page = (ROOT / "docs" / "terminal.md").read_text()
    named = re.findall(r"`((?:firmware|hardware|tests)/[\w./-]+)(?:::(\w+))?`", page)
    assert len(named) > 60
    for path, test in named:
        text = (ROOT / path).read_text()
        made = rf"def {test}\(|^{test} = "  # a search by states is a class's test case
        assert not test or re.search(made, text, re.MULTILINE), f"{path}::{test}"


def test_every_trouble_of_a_page_is_documented() -> None:
    section = REFERENCE.split("## 拒绝原因")[1].split("## ")[0]
    said = set()
    for path in (ROOT / "cloud" / "web").rglob("*.py"):
        said |= set(re.findall(r'Trouble\(\s*\d+,\s*"([a-z-]+)"', path.read_text()))
        said |= set(re.findall(r'"([a-z-]+)": Trouble\(', path.read_text()))  # by the reason given
    assert {"fault", "still-on", "pending"} <= said
    assert [code for code in sorted(said) if f"`{code}`" not in section] == []


def test_every_refusal_of_an_enrolment_is_documented_and_no_other() -> None:
    section = REFERENCE.split("## 终端登记")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.M)
    source = (ROOT / "cloud" / "link" / "enrolment.py").read_text()
    source += (ROOT / "cloud" / "web" / "terminal" / "enrolling.py").read_text()
    said = re.findall(r'Refused\("([a-z-]+)"|_refused\(\d+, "([a-z-]+)"', source)
    assert set(re.findall("`([a-z-]+)`", " ".join(rows))) == {a or b for a, b in said}


def test_no_refusal_is_documented_that_does_not_exist() -> None:
    section = REFERENCE.split("## 拒绝原因")[1].split("## ")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, re.M)) == set(SAYINGS)


def test_every_refusal_word_of_the_terminal_is_documented() -> None:
    section = REFERENCE.split("## 终端的拒绝")[1].split("## ")[0]
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.M))
    said = set()
    for name in ("app", "authority", "controller", "tickets"):
        source = (ROOT / "firmware" / "terminal" / f"{name}.py").read_text()
        said |= set(re.findall(r'(?:return|refusal =) "([a-z-]+)"', source))
    assert said and said <= documented


@pytest.mark.parametrize("readme", READMES)
def test_every_command_that_a_readme_names_is_on_the_page_of_commands(readme: str) -> None:
    named = re.findall(r"`hanma ([a-z -]*[a-z])", READMES[readme])
    assert len(named) > 15
    for words in named:
        known = f"`hanma {words.split(' --')[0]}"
        assert f"{known} " in COMMANDS or f"{known}`" in COMMANDS, words


@pytest.mark.parametrize("readme", READMES)
def test_each_readme_shows_a_picture_before_its_third_paragraph_and_links_to_the_other(
    readme: str,
) -> None:
    text = READMES[readme]
    other = next(name for name in READMES if name != readme)
    assert f"]({other})" in text
    before = text[: text.index("![")].strip().split("\n\n")
    assert len([p for p in before if not p.startswith(("#", "["))]) < 3
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / target).exists(), target


@pytest.mark.parametrize("readme", READMES)
def test_every_file_a_readme_names_exists(readme: str) -> None:
    folders = "firmware|simulator|cloud|setup|tests|docs|hardware"
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", READMES[readme]):
        assert (ROOT / name).exists(), name


def commands_below(
    group: click.Group = main, path: str = "hanma"
) -> Iterator[tuple[str, click.Command]]:
    """Every command and subcommand with the words that it is called by."""
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands_below(command, f"{path} {name}")


def usage(path: str, command: click.Command) -> str:
    """A command with all that it cannot do without, and what it may be given besides options."""
    words = [path]
    for one in command.params:
        if isinstance(one, click.Argument):
            name = f"{one.metavar or one.name}{'…' if one.nargs == -1 else ''}".upper()
            words.append(name if one.required else f"[{name}]")
        elif one.required:
            words.append(f"{one.opts[0]} {(one.metavar or one.type.name).upper()}")
    return " ".join(words)


def purpose(command: click.Command) -> str:
    """The first paragraph of its help, on one line."""
    return " ".join((command.help or "").partition("\n\n")[0].split())


def test_every_subcommand_is_documented_as_it_is_called_and_with_its_purpose() -> None:
    rows = [row.strip("| ").split(" | ") for row in COMMANDS.splitlines() if "| `hanma" in row]
    told = {row[0]: row[1] for row in rows}
    there = {f"`{usage(path, one)}`": purpose(one) for path, one in commands_below()}
    assert all(there.values()) and told == there
    assert [row for row in rows if not re.search("[一-鿿]", row[2])] == []


def test_no_file_names_the_address_of_a_package_registry() -> None:
    """A closed network has its own mirrors; the clients know them."""
    hosts = ("pypi" + ".org", "files.pythonhosted", "deb.debian" + ".org", "registry.npmjs")
    for folder in ("setup", "firmware", "simulator", "cloud", "docs"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".sh", ".py", ".txt", ".toml", ".md"}:
                assert not [h for h in hosts if h in path.read_text()], path


def said_on_the_wire() -> str:
    """The source of all that speaks to terminals, and of the terminals themselves."""
    rooms = [ROOT / "cloud" / "mqtt", ROOT / "cloud" / "link", ROOT / "firmware" / "terminal"]
    return "\n".join(path.read_text() for room in rooms for path in sorted(room.rglob("*.py")))


def test_every_topic_is_documented() -> None:
    section = REFERENCE.split("## 主题")[1].split("\n## ")[0]
    for topic in (topics.up("{d}"), topics.down("{d}"), topics.echo("{d}")):
        assert f"`{topic}`" in section
    kinds = r"[\"/{}]((?:messages|events|properties|commands)/[a-z_/]+[a-z])"
    of_iotda = set(re.findall(kinds, said_on_the_wire()))
    assert {"messages/up", "events/down", "commands/request_id"} <= of_iotda
    assert [one for one in sorted(of_iotda) if one not in section] == []


def test_every_event_of_the_wire_is_documented_and_no_other() -> None:
    section = REFERENCE.split("## 事件")[1].split("\n## ")[0]
    told = set(re.findall(r"^\| `(\S+)` / `(\S+)` \|", section, re.M))
    source = said_on_the_wire()
    pairs = set(re.findall(r'\("(\$ota|\$time_sync|journal)", "([a-z_]+)"', source))
    named = r'"([a-z_]+_(?:request|response|query|report|upgrade)(?:_v2)?)"'
    assert pairs <= told
    types = {one for _, one in pairs} | set(re.findall(named, source))
    assert {one for _, one in told} == types


def test_every_value_that_the_bench_writes_into_a_terminal_is_documented() -> None:
    section = REFERENCE.split("## 终端出厂设置")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.M))
    read = set()
    for path in (ROOT / "firmware" / "terminal").rglob("*.py"):
        asked = r'(?:(?:text|_word)\([a-z_.]*store, |memory\.text\()"([a-z_]+)"\)'
        read |= set(re.findall(asked, path.read_text("utf-8")))
    assert documented == read | {"secret", "release_key"}
