"""The OpenAPI 3.1 page, made from the structs that validate."""

from typing import Any

import msgspec

from cloud.platform import shapes, signature
from cloud.platform.operations import OPERATIONS, ROOT, VERSION, Operation
from cloud.platform.trouble import TROUBLES, Trouble

KEY_PATTERN = "[A-Za-z0-9_.:-]{1,128}"
_REFUSED = ("unsigned", "key", "clock", "signature", "replayed", "network", "often")
_EVERY = (*_REFUSED, "database-away", "storage-full", "fault")
_SCHEMAS = "#/components/schemas/"


def document(base_url: str) -> dict[str, Any]:
    """The whole page, as plain values."""
    refs, schemas = _schemas()
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(VERSION + one.path, {})[one.method.lower()] = _operation(
            one, refs, schemas
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "HanMa 焊码 Way 2 平台对接平台",
            "version": "1",
            "description": "CQ annex 2.3(2). How requests are signed: docs/way2.md. "
            "Times are epoch milliseconds, UTC.",
        },
        "servers": [{"url": base_url + ROOT}],
        "security": [{"key": [], "timestamp": [], "nonce": [], "signature": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": _signing()},
    }


def _signing() -> dict[str, Any]:
    names = {
        "key": (signature.KEY, "name of the key"),
        "timestamp": (signature.TIMESTAMP, "epoch ms, within five minutes"),
        "nonce": (signature.NONCE, "16 to 64 of A-Z a-z 0-9 _ -, good once"),
        "signature": (
            signature.SIGNATURE,
            "hex HMAC-SHA256(secret, METHOD LF PATH?QUERY LF TIMESTAMP LF NONCE LF "
            "sha256hex(body))",
        ),
    }
    return {
        name: {"type": "apiKey", "in": "header", "name": header, "description": words}
        for name, (header, words) in names.items()
    }


def _schemas() -> tuple[dict[type, str], dict[str, Any]]:
    """Where each type of the operations stands, and what stands there."""
    types = [
        kind
        for one in OPERATIONS
        for kind in (one.query, one.body, one.answer)
        if kind is not None and kind is not bytes
    ]
    every = list(dict.fromkeys([*types, shapes.Fault]))
    made, components = msgspec.json.schema_components(every, ref_template=_SCHEMAS + "{name}")
    refs = {kind: schema["$ref"] for kind, schema in zip(every, made, strict=True)}
    return refs, components


def _operation(one: Operation, refs: dict[type, str], schemas: dict[str, Any]) -> dict[str, Any]:
    asked = schemas[refs[one.query].removeprefix(_SCHEMAS)]["properties"]
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": _plain(schema)}
        for name, schema in asked.items()
    ]
    if one.report:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "The same key again gets the first answer again.",
                "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
            }
        )
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.zh,
        "description": one.does.__doc__ or "",
        "parameters": parameters,
        "responses": _responses(one, refs),
    }
    if one.body is bytes:
        picture = {"schema": {"type": "string", "format": "binary"}}
        told["requestBody"] = {"required": True, "content": {"image/jpeg": picture}}
    elif one.body is not None:
        body = {"schema": {"$ref": refs[one.body]}}
        told["requestBody"] = {"required": True, "content": {"application/json": body}}
    return told


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """A query's field without `null`: what is not asked for is left out."""
    some = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    if "enum" in rest:
        rest["enum"] = [one for one in rest["enum"] if one is not None]
    if schema.get("default") is not None:
        rest["default"] = schema["default"]
    return rest | some[0] if len(some) == 1 else rest


def _responses(one: Operation, refs: dict[type, str]) -> dict[str, Any]:
    body = ("malformed", "bad-field", "too-long", *(("type",) if one.body else ()))
    by_status: dict[int, list[str]] = {}
    for code in (*_EVERY, *body, *one.troubles):
        by_status.setdefault(TROUBLES[code][0], []).append(code)
    told = {"200": _response("Taken.", True, {"$ref": refs[one.answer]})}
    for status, codes in sorted(by_status.items()):
        words = " ".join(f"`{code}`: {Trouble(code).words}" for code in codes)
        told[str(status)] = _response(words, False, {"$ref": refs[shapes.Fault]})
    return told


def _response(words: str, success: bool, result: dict[str, Any]) -> dict[str, Any]:
    envelope = {
        "type": "object",
        "required": ["success", "message", "code", "result", "timestamp"],
        "properties": {
            "success": {"const": success},
            "message": {"type": "string"},
            "code": {"const": 200 if success else 500},
            "result": result,
            "timestamp": {"type": "integer"},
        },
    }
    return {"description": words, "content": {"application/json": {"schema": envelope}}}
