"""The annex's objects and IoTDA's envelopes: bytes to values and back. Pure.

Up: `annex`, `answer`, `event` give bytes. Down:
`read_down` gives a `Command` or an `Event`.
"""

import json
from collections import namedtuple

from terminal.plain import is_word

Command = namedtuple("Command", ("id", "name", "code", "content"))
"""One order from the cloud: id, command_name, actionCode ("" if none), content (dict)."""

Event = namedtuple("Event", ("service", "type", "paras"))
"""One event of IoTDA's envelope: service_id, event_type, paras (dict)."""

_NAMES = {"00": "登录", "Z0": "离线", "FF": "心跳", "EF": "定位", "E0": "报警"}
_OK = 200
_FAILED = 500


class Malformed(Exception):
    """Bytes that are no command; `id` is the command's id where one could be read, else ''."""

    def __init__(self, why, id=""):
        super().__init__(why)
        self.id = id


def read_down(body, id=""):
    """The Command or Event in `body`, or Malformed. `id`: the command's id where the topic and
    not the body carries it. Unknown fields are ignored."""
    try:
        whole = json.loads(body)
    except (ValueError, UnicodeError, MemoryError, RuntimeError):  # the last one: too deep
        raise Malformed("json") from None
    if not isinstance(whole, dict):
        raise Malformed("object")
    return _event(whole["services"]) if "services" in whole else _command(whole, id)


def _command(whole, id):
    id = id or whole.get("id")
    if not id or not is_word(id):
        raise Malformed("id")
    name, paras = whole.get("command_name"), whole.get("paras")
    if not name or not is_word(name) or not isinstance(paras, dict):
        raise Malformed("command", id)
    code, content = paras.get("actionCode", ""), paras.get("content")
    if not is_word(code) or not isinstance(content, dict):
        raise Malformed("content", id)
    return Command(id, name, code, content)


def _event(services):
    first = services[0] if isinstance(services, list) and services else None
    if not isinstance(first, dict):
        raise Malformed("services")
    service, kind, paras = first.get("service_id"), first.get("event_type"), first.get("paras", {})
    if not service or not is_word(service) or not kind or not is_word(kind):
        raise Malformed("event")
    if not isinstance(paras, dict):
        raise Malformed("paras")
    return Event(service, kind, paras)


def annex(code, content):
    """One of the annex's objects, by its actionCode."""
    return _bytes({"actionCode": code, "actionName": _NAMES[code], "content": content})


def event(service, kind, paras):
    return _bytes({"services": [{"service_id": service, "event_type": kind, "paras": paras}]})


def answer(id, name, refusal, result, at_ms):
    """The reply to one command; `refusal` is '' or one of the stable words of the protocol."""
    paras = {
        "success": not refusal,
        "message": refusal,
        "code": code_of(refusal),
        "result": result,
        "timestamp": at_ms,
    }
    whole = {"id": id, "response_name": name, "paras": paras}
    whole["result_code"] = 1 if refusal else 0
    return _bytes(whole)


def code_of(refusal):
    return _FAILED if refusal else _OK


def _bytes(value):
    return json.dumps(value, separators=(",", ":")).encode()
