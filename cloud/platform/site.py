"""`/platform/v1/` for other platforms: signed JSON in, the annex's envelope out. No cookies."""

import hashlib
import logging
import re
import secrets
import traceback
from typing import Any

import msgspec
from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from cloud.base import outage
from cloud.base.unit import Ground, Unit
from cloud.book import jpeg, media, once
from cloud.platform import openapi
from cloud.platform.gate import admitted
from cloud.platform.operations import OPERATIONS, VERSION, Operation
from cloud.platform.trouble import Trouble
from cloud.registry.platforms import Known

log = logging.getLogger(__name__)

BODY_MAX = 64 * 1024
PICTURE_MAX = media.LIMITS["site"][0]
_KEY_SHAPE = re.compile(openapi.KEY_PATTERN)
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_HTTP = {404: "unknown-path", 405: "method", 413: "too-long"}


def create_site(ground: Ground) -> Flask:
    """The WSGI application; it is mounted at /platform."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    for one in OPERATIONS:
        app.add_url_rule(
            VERSION + one.path,
            one.name,
            _view(ground, one),
            methods=[one.method],
            provide_automatic_options=False,
        )
    page = msgspec.json.encode(openapi.document(ground.settings.base_url))

    @app.get(f"{VERSION}/openapi.json", provide_automatic_options=False)
    def document() -> Response:
        return Response(page, content_type="application/json")

    teller = outage.Teller(log)

    @app.errorhandler(Exception)
    def on_error(error: Exception) -> Response:
        what = outage.kind(error)
        if what:
            teller.tell(what, error)
            error = Trouble(what, wait_s=outage.AGAIN_S[what])
        return _refused(ground, error)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


def _view(ground: Ground, one: Operation) -> Any:
    def view() -> Response:
        if one.body is bytes:
            request.max_content_length = PICTURE_MAX
        caller = admitted(ground, request)
        body, query = request.get_data(), _query(one, request)
        told = _body(one, body, query)
        opened = ground.write if one.writes else ground.read
        with opened() as unit:
            if one.report:
                return _once(unit, caller, one, body, query, told)
            return _answer(unit, msgspec.to_builtins(one.does(unit, caller, query, told)))

    return view


def _once(
    unit: Unit, caller: Known, one: Operation, raw: bytes, query: Any, told: Any
) -> Response:
    """Done once for each Idempotency-Key; the same again gets the first answer again."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY_SHAPE.fullmatch(key):
        raise Trouble("idempotency-key")
    digest = hashlib.sha256(one.name.encode() + b"\n" + raw).hexdigest()
    row = once.held(unit, caller.id, key, digest)
    if row.digest != digest:
        raise Trouble("idempotency")
    again = row.answer is not None
    if row.answer is None:
        row.answer = msgspec.to_builtins(one.does(unit, caller, query, told))
        unit.db.flush()
    response = _answer(unit, row.answer)
    response.headers["Idempotent-Replay"] = str(again).lower()
    return response


def _query(one: Operation, asked: Request) -> Any:
    given = asked.args.to_dict(flat=False)
    twice = sorted(name for name, values in given.items() if len(values) > 1)
    if twice:
        raise Trouble("bad-field", twice[0])
    try:
        return msgspec.convert(asked.args.to_dict(), one.query, strict=False)
    except msgspec.ValidationError as error:
        raise _bad_field(error) from None


def _body(one: Operation, raw: bytes, query: Any) -> Any:
    if one.body is None:
        if raw:
            raise Trouble("malformed")
        return None
    wanted = "image/jpeg" if one.body is bytes else "application/json"
    if request.mimetype != wanted:
        raise Trouble("type")
    if one.body is bytes:
        return _picture(raw, query.kind)
    try:
        return msgspec.convert(_whole(msgspec.json.decode(raw)), one.body)
    except msgspec.ValidationError as error:
        raise _bad_field(error) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Trouble("malformed") from None


def _picture(raw: bytes, kind: str) -> media.Ready:
    """Judged and made small outside of any unit: that is slow."""
    try:
        return media.ready(raw, kind)
    except jpeg.BadPicture as reason:
        raise Trouble("picture", str(reason)) from None


def _whole(value: Any) -> Any:
    """JSON knows one kind of number: 1.0 is as whole as 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {name: _whole(one) for name, one in value.items()}
    return value


def _bad_field(error: msgspec.ValidationError) -> Trouble:
    place = _PLACE.search(str(error))
    trouble = Trouble("bad-field", place[1] if place else "")
    trouble.words += f" {str(error).partition(' - at ')[0]}."
    return trouble


def _answer(unit: Unit, result: Any) -> Response:
    return _envelope(200, {"success": True, "message": "", "code": 200}, result, unit.now)


def _refused(ground: Ground, error: Exception) -> Response:
    trouble = error if isinstance(error, Trouble) else _trouble_of(error)
    head = {"success": False, "message": trouble.words, "code": 500}
    response = _envelope(trouble.status, head, trouble.told(), ground.clock())
    if trouble.wait_s:
        response.headers["Retry-After"] = str(trouble.wait_s)
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
    return response


def _trouble_of(error: Exception) -> Trouble:
    if isinstance(error, HTTPException):
        return Trouble(_HTTP.get(error.code or 400, "malformed"))
    number = secrets.token_hex(3)
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s: %s at %s\n%s", number, type(error).__name__, request.endpoint, where)
    return Trouble("fault", number)


def _envelope(status: int, head: dict[str, Any], result: Any, now: int) -> Response:
    """`success, message, code, result, timestamp` (CQ annex 2.3)."""
    told = head | {"result": result, "timestamp": now}
    return Response(msgspec.json.encode(told), status, content_type="application/json")
