"""The settings of the environment for a command: what is wrong with them is one plain sentence."""

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cloud.base.settings import Settings


def settings() -> "Settings":
    """The settings in force; a variable that is none is told on stderr and has no effect."""
    from cloud.base.settings import BadSettings, Settings

    for variable, near in Settings.strange(os.environ).items():
        click.echo(_told(variable, near), err=True)
    try:
        return Settings.from_env(os.environ)
    except BadSettings as error:
        raise click.ClickException(str(error)) from None


def _told(variable: str, near: str) -> str:
    zh = f"{variable}：没有这项设置，不起作用" + (f"；是不是 {near}？" if near else "。")
    en = f"{variable}: no such setting, it has no effect" + (f"; {near}?" if near else ".")
    return f"{zh} {en}"
