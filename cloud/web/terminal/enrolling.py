"""The bench enrols a module that it has just flashed. No session: a code opens it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import msgspec
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from cloud.base.unit import Unit
from cloud.cases import supply
from cloud.link import enrolment, stock
from cloud.registry import accounts
from cloud.web import visitor

_TRIES = 300  # of one address, in the window in which failures are counted
_BODY = 2048
_STATUS = {"code-wrong": 401, "code-expired": 401, "code-spent": 401}


_Hex = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class _Asked(msgspec.Struct):
    chip: Annotated[str, msgspec.Meta(max_length=32)]
    secret: _Hex | None = None
    digest: _Hex | None = None
    machine: Annotated[str, msgspec.Meta(max_length=32)] = ""
    hardware: Literal["", "contactor", "thermal"] = ""


def enrol(code: str) -> ResponseReturnValue:
    """`{chip, secret, machine?, hardware?}` in, `{device, server, release_key, locked, base_url,
    hotline}` out; else `{code, told}`. Without `secret` it is a question, `digest` that of the
    secret which the module holds: `{device, server, known}` out, and nothing is changed."""
    request.max_content_length = _BODY
    try:
        asked = msgspec.json.decode(request.get_data(cache=False), type=_Asked)
        chip = stock.chip_form(asked.chip)
    except (msgspec.MsgspecError, UnicodeDecodeError, stock.BadStock):
        return _refused(400, "bad-input")
    with visitor.ground().write() as unit:
        if accounts.too_often(unit, "enrol", request.remote_addr or "", _TRIES):
            return _refused(429, "throttled")
        made = _answer(unit, code, chip, asked)
        labels = {"base_url": unit.settings.base_url, "hotline": unit.settings.hotline}
    if isinstance(made, enrolment.Refused):
        return _refused(_STATUS.get(made.word, 409), made.word, made.told)
    return jsonify({"ok": True, **asdict(made), **labels})


def _answer(
    unit: Unit, code: str, chip: str, asked: _Asked
) -> enrolment.Enrolled | enrolment.Expected | enrolment.Refused:
    if asked.secret is None:
        return supply.expected(unit, code, chip, asked.digest or "", asked.machine)
    secret = bytes.fromhex(asked.secret)
    return supply.enrol(unit, code, chip, secret, asked.machine, asked.hardware)


def _refused(status: int, word: str, told: str = "") -> ResponseReturnValue:
    return jsonify({"ok": False, "code": word, "told": told}), status
