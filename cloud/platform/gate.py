"""Who calls: key, network, clock, signature, nonce and rate, in this order, before anything."""

from urllib.parse import quote

from flask import Request

from cloud.base.unit import Ground
from cloud.platform import signature
from cloud.platform.trouble import Trouble
from cloud.registry import platforms, visits
from cloud.registry.platforms import Known


def admitted(ground: Ground, request: Request) -> Known:
    """The platform that signed this request; Trouble. A good request is counted."""
    headers = (signature.KEY, signature.TIMESTAMP, signature.NONCE, signature.SIGNATURE)
    key, at, nonce, claimed = (request.headers.get(name, "") for name in headers)
    if not (key and at and nonce and claimed):
        raise Trouble("unsigned")
    with ground.read() as unit:
        caller, now = platforms.known(unit, key), unit.now
    if caller is None:
        raise Trouble("key")
    if not caller.may_call_from(request.remote_addr or ""):
        raise Trouble("network")
    if not _near(at, now, ground.settings.platform_skew_s):
        raise Trouble("clock")
    body = request.get_data()  # read only for who has a key
    wanted = signature.sign(caller.secret, request.method, _target(request), at, nonce, body)
    if not signature.NONCE_SHAPE.fullmatch(nonce) or not signature.good(claimed, wanted):
        raise Trouble("signature")
    with ground.write() as unit:
        refused = visits.take(unit, caller, nonce)
    if refused is not None:
        raise Trouble(refused.why, wait_s=refused.wait_s)
    return caller


def _near(at: str, now: int, skew_s: int) -> bool:
    known = at.isascii() and at.isdigit() and len(at) <= 16
    return known and abs(int(at) - now) <= skew_s * 1000


def _target(request: Request) -> str:
    """Path and query as the caller wrote them; our paths need no escapes."""
    path = quote(request.root_path + request.path, safe="/-._~")
    query = request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path
