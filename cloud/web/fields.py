"""Reading a form: fields are bounded, printable and known, or the answer is one clear sentence.

Names in the messages are the labels the person saw, never the field's technical name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

from flask import current_app, request
from flask_babel import gettext as _

from cloud.base.clock import CHINA
from cloud.base.unit import Unit
from cloud.book import once as given
from cloud.web import visitor
from cloud.web.once import LENGTH, Once
from cloud.web.trouble import bad_input

Answer = TypeVar("Answer")

_REPLACED = "\ufffd"  # what bytes that are not UTF-8 turn into


def once(act: Callable[[], Answer], part: str = "") -> Answer:
    """Do `act` once for the form that was sent (`cloud.web.once`); pressed twice, it gets the
    answer of the first. `part` names the second thing that one form does."""
    number = text("once", "once", limit=LENGTH, required=False)
    form = f"{request.path} {number} {part}" if number else ""
    forms: Once = current_app.extensions["hanma_once"]
    return forms.run(visitor.session_token(), form, act)


def once_in(unit: Unit, whose: str, act: Callable[[], str]) -> str:
    """`act` inside this unit once for the form that was sent, whichever web process gets it and
    whatever was killed meanwhile: the answer is kept with what was done. For what nothing else
    would keep from being done twice; `whose` = the person's id."""
    number = text("once", "once", limit=LENGTH, required=False)
    if not number:
        return act()
    row = given.held(unit, f"form:{whose}", f"{request.path} {number}", "")
    if row.answer is None:
        row.answer = {"given": act()}
        unit.db.flush()
    return str(row.answer["given"])


def text(name: str, label: str, *, limit: int, required: bool = True) -> str:
    """One line of text of at most `limit` characters, trimmed; empty when it may be left out."""
    value = _one(name, label).strip()
    if required and not value:
        raise bad_input(_("“%(label)s”没有填写。", label=label), name)
    if len(value) > limit:
        raise bad_input(
            _("“%(label)s”太长，最多 %(limit)s 个字。", label=label, limit=limit), name
        )
    if not _printable(value):
        raise bad_input(_("“%(label)s”里有不能使用的字符。", label=label), name)
    return value


def moment(name: str, label: str, *, required: bool = True) -> int | None:
    """Day and time on the clocks of China, as a form has them; epoch ms, None when left out."""
    typed = text(name, label, limit=16, required=required)
    if not typed:
        return None
    try:
        return round(datetime.fromisoformat(typed).replace(tzinfo=CHINA).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise bad_input(_("“%(label)s”不对。", label=label), name) from None


def secret(name: str, label: str, *, limit: int) -> str:
    """A password: bounded, otherwise as typed; its characters are nobody's business."""
    value = _one(name, label)
    if not value:
        raise bad_input(_("“%(label)s”没有填写。", label=label), name)
    if len(value) > limit:
        raise bad_input(
            _("“%(label)s”太长，最多 %(limit)s 个字。", label=label, limit=limit), name
        )
    return value


def digits(name: str, label: str, *, count: int) -> str:
    """Exactly `count` digits; full-width ones of a Chinese keyboard and spaces are forgiven."""
    value = unicodedata.normalize("NFKC", text(name, label, limit=4 * count)).replace(" ", "")
    if len(value) != count or not (value.isascii() and value.isdigit()):
        raise bad_input(_("“%(label)s”应是 %(count)s 位数字。", label=label, count=count), name)
    return value


def ticks(name: str, label: str, known: Collection[str]) -> set[str]:
    """The boxes that were ticked; one that the page never showed is bad input."""
    ticked = set(request.form.getlist(name))
    if not ticked <= set(known):
        raise bad_input(_("“%(label)s”里有未知的选项。", label=label), name)
    return ticked


def flag(name: str, label: str) -> bool:
    """One box: `1` when ticked, absent or empty when not."""
    return bool(ticks(name, label, {"1", ""}) - {""})


def choice(name: str, label: str, known: Collection[str]) -> str:
    """One of the offered values."""
    value = text(name, label, limit=64)
    if value not in known:
        raise bad_input(_("“%(label)s”里有未知的选项。", label=label), name)
    return value


def _one(name: str, label: str) -> str:
    """The field's only value; the same field twice is no form of ours."""
    values = request.form.getlist(name)
    if len(values) > 1:
        raise bad_input(_("“%(label)s”填写了两次。", label=label), name)
    return values[0] if values else ""


def _printable(value: str) -> bool:
    """No control, invisible or unassigned characters, and nothing that was not UTF-8."""
    return not any(unicodedata.category(c)[0] == "C" or c == _REPLACED for c in value)
