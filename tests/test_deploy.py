"""What deploy/ tells is there: commands, settings and units that are named exist."""

import configparser
import re
from dataclasses import fields
from pathlib import Path

import click
import pytest

from cloud.base.settings import Settings
from cloud.cli import main

ROOT = Path(__file__).resolve().parents[1]
SMALL = ROOT / "deploy" / "small"
README = (ROOT / "deploy" / "README.md").read_text("utf-8")
UNITS = sorted(one for one in SMALL.iterdir() if one.suffix in (".service", ".timer"))


def commands(text: str) -> list[list[str]]:
    """The words after each `hanma` of ours."""
    return [found.split() for found in re.findall(r"/bin/hanma ([a-z -]+)", text)]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_can_be_read_and_every_command_in_it_exists(unit: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    assert "Unit" in parser and {"Service", "Timer"} & set(parser.sections())
    for words in commands(unit.read_text()):
        group: click.Command | None = main
        for word in words:
            if not isinstance(group, click.Group):
                break
            group = group.get_command(click.Context(group), word)
            assert group is not None, words


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_name_each_other_rightly_and_the_page_names_them(unit: Path) -> None:
    known = {one.name for one in UNITS}
    named = set(re.findall(r"hanma[a-z-]*\.(?:service|timer)", unit.read_text() + README))
    assert named <= known
    assert unit.stem in README


def test_every_setting_of_the_example_is_one() -> None:
    variables = {Settings.described()[one.name][0] for one in fields(Settings)}
    lines = [one for one in (SMALL / "hanma.env").read_text().splitlines() if one[:1] != "#"]
    told = dict(one.split("=", 1) for one in lines if one)
    assert set(told) <= variables
    Settings.from_env(told)
