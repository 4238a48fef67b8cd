"""The bench enrols a module that it has just flashed. No session: a code opens it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from cloud.link import enrolment, stock
from cloud.registry import accounts
from cloud.web import visitor

_TRIES = 300  # of one address, in the window in which failures are counted
_BODY = 2048
_STATUS = {"code-wrong": 401, "code-expired": 401, "code-spent": 401}


class _Asked(msgspec.Struct):
    chip: Annotated[str, msgspec.Meta(max_length=32)]
    secret: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    machine: Annotated[str, msgspec.Meta(max_length=32)] = ""


def enrol(code: str) -> ResponseReturnValue:
    """`{chip, secret, machine?}` in, `{device, server, release_key, base_url, hotline}` out; else
    `{code, told}`."""
    request.max_content_length = _BODY
    try:
        asked = msgspec.json.decode(request.get_data(cache=False), type=_Asked)
        chip = stock.chip_form(asked.chip)
    except (msgspec.MsgspecError, UnicodeDecodeError, stock.BadStock):
        return _refused(400, "bad-input")
    with visitor.ground().write() as unit:
        if accounts.too_often(unit, "enrol", request.remote_addr or "", _TRIES):
            return _refused(429, "throttled")
        made = enrolment.enrol(unit, code, chip, bytes.fromhex(asked.secret), asked.machine)
        labels = {"base_url": unit.settings.base_url, "hotline": unit.settings.hotline}
    if isinstance(made, enrolment.Refused):
        return _refused(_STATUS.get(made.word, 409), made.word, made.told)
    told = {"device": made.device, "server": made.server, "release_key": made.release_key}
    return jsonify({"ok": True, **told, **labels})


def _refused(status: int, word: str, told: str = "") -> ResponseReturnValue:
    return jsonify({"ok": False, "code": word, "told": told}), status
