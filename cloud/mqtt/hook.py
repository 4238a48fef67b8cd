"""For brokers outside that ask us who may in (EMQX's HTTP authentication): `POST /broker/login`.

`{clientid, username, password}` in, `{"result": "deny"}` out, or `allow` with everything that the
account may touch. The question is asked once a connection, so nothing is looked up for a message.
"""

import hmac
from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Flask, Response, abort, request

from cloud.base.unit import Ground
from cloud.mqtt import iotda, topics
from cloud.mqtt.address import Address, BadAddress
from cloud.mqtt.login import Doorkeeper, secrets_of
from cloud.mqtt.rights import Account

ROOT = "/broker"
_BODY = 8192
_NOBODY = {"result": "deny"}
# What is not allowed is denied; wildcards do not reach the broker's own `$SYS` (its `no_match`).
_REST = {"permission": "deny", "action": "all", "topic": "#"}


class _Asked(msgspec.Struct):
    clientid: str = ""
    username: str | None = None
    password: str | None = None


def create_hook(ground: Ground) -> Flask:
    """The WSGI application, mounted at /broker; without HANMA_BROKER_TOKEN all of it is 404."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _BODY
    token = ground.settings.broker_token
    door = Doorkeeper(secrets_of(ground), ground.clock)
    ours = _our_accounts(ground.settings.broker)

    @app.post("/login", provide_automatic_options=False)
    def login() -> Response:
        if not token:
            abort(404)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return _told({"code": "token"}, 401)
        try:
            asked = msgspec.json.decode(request.get_data(cache=False), type=_Asked)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return _told({"code": "bad-input"}, 400)
        user, password = asked.username or "", asked.password or ""
        account: Account | None
        if any(user == one for one, _ in ours):  # and never a terminal of that name
            right = _is_ours(ours, user, password)
            account = Account(asked.clientid, cloud=True) if right else None
        else:
            account = door(asked.clientid, user, password)
        return _told(_allowed(account) if account else _NOBODY)

    return app


def rules(account: Account) -> Iterator[dict[str, str]]:
    """What `rights.may` says, as a list for a broker: `eq` compares whole, without wildcards."""
    if account.cloud:
        yield _rule("all", f"{topics.ROOT}#")
        yield _rule("all", "$oc/devices/#")
    elif account.iotda:
        yield _rule("all", f"{iotda.root(account.name)}#")
    else:
        yield _rule("publish", f"eq {topics.up(account.name)}")
        yield _rule("subscribe", f"eq {topics.down(account.name)}")
        yield _rule("all", f"eq {topics.echo(account.name)}")
    yield _REST


def _rule(action: str, topic: str) -> dict[str, str]:
    return {"permission": "allow", "action": action, "topic": topic}


def _allowed(account: Account) -> dict[str, Any]:
    return {"result": "allow", "is_superuser": False, "acl": list(rules(account))}


def _told(body: dict[str, Any], status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(msgspec.json.encode(body), status, headers, content_type="application/json")


def _our_accounts(urls: str) -> list[tuple[str, str]]:
    """The cloud's own accounts, as HANMA_BROKER names them."""
    try:
        every = Address.each_from_urls(urls) if urls != "embedded" else ()
    except BadAddress:
        return []  # whoever connects there has said so
    return [(one.user, one.password) for one in every if one.user and one.password]


def _is_ours(accounts: list[tuple[str, str]], user: str, password: str) -> bool:
    fits = [
        hmac.compare_digest(one.encode(), user.encode())
        & hmac.compare_digest(secret.encode(), password.encode())
        for one, secret in accounts
    ]
    return any(fits)
