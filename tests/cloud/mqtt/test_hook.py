"""What brokers outside are told about who may in, and what (cloud/mqtt/hook.py)."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cloud.app import wsgi
from cloud.base.unit import Ground
from cloud.link import terminals
from cloud.mqtt import topics
from cloud.mqtt.hook import create_hook, rules
from cloud.mqtt.login import iotda_password
from cloud.mqtt.rights import Account, Action, may
from tests.cloud.mqtt.mqtt_made_up import KEYS, SECRETS, A, B

TOKEN = "made-up-token"
OURS = ("hanma", "a,b@c")
BROKERS = "mqtt://hanma:a%2Cb%40c@m1:1,mqtts://hanma:a%2Cb%40c@m2:2"


class Hook:
    def __init__(self, ground: Ground) -> None:
        self.client = create_hook(ground).test_client()

    def __call__(self, client_id: str, user: Any, password: Any, token: str = TOKEN) -> Any:
        asked = {"clientid": client_id, "username": user, "password": password}
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.post("/login", data=json.dumps(asked), headers=headers)


@pytest.fixture
def hook(ground: Ground) -> Hook:
    ground.settings = replace(ground.settings, broker_token=TOKEN, broker=BROKERS)
    with ground.write() as unit:
        for device, secret in SECRETS.items():
            terminals.provision(unit, device, secret=secret)
    return Hook(ground)


def allowed(answer: Any, action: str, topic: str) -> bool:
    """As EMQX reads the list: the first rule that fits; `eq` compares whole."""
    for rule in answer.json["acl"]:
        wanted = rule["topic"]
        whole = wanted.removeprefix("eq ")
        fits = topic == whole if whole != wanted else topics.matches(wanted, topic)
        if fits and rule["action"] in ("all", action):
            return rule["permission"] == "allow"
    return False  # authorization.no_match = deny


def test_a_terminal_comes_in_with_its_own_topics_and_no_others(hook: Hook) -> None:
    answer = hook(A, A, KEYS[A])
    assert (answer.status_code, answer.json["result"]) == (200, "allow")
    assert not answer.json["is_superuser"]
    for topic in (f"hm/{A}/up", f"hm/{A}/echo"):
        assert allowed(answer, "publish", topic)
    for topic in (f"hm/{A}/down", f"hm/{A}/echo"):
        assert allowed(answer, "subscribe", topic)
    strange = (f"hm/{B}/up", f"hm/{B}/down", "hm/+/up", "hm/#", "#", "$SYS/#", f"hm/{A}/up/x")
    foreign = (f"$oc/devices/{A}/sys/messages/up", f"$share/g/hm/{A}/down")
    for topic in (*strange, *foreign):
        assert not allowed(answer, "publish", topic) and not allowed(answer, "subscribe", topic)
    assert not allowed(answer, "publish", f"hm/{A}/down")
    assert not allowed(answer, "subscribe", f"hm/{A}/up")


def test_the_other_dialect_comes_in_with_its_own_topics(hook: Hook) -> None:
    hour = "2027011508"
    answer = hook(f"{A}_0_1_{hour}", A, iotda_password(SECRETS[A].hex(), hour))
    assert answer.json["result"] == "allow"
    assert allowed(answer, "publish", f"$oc/devices/{A}/sys/messages/up")
    assert allowed(answer, "subscribe", f"$oc/devices/{A}/sys/commands/+")
    for topic in (f"$oc/devices/{B}/sys/messages/up", "$oc/#", f"hm/{A}/up", "#"):
        assert not allowed(answer, "publish", topic)


@pytest.mark.parametrize(
    ("client_id", "user", "password"),
    [(A, A, "0" * 64), (B, A, KEYS[A]), (A, B, KEYS[A]), ("x", "nobody", "x"), (A, A, None)],
)
def test_who_cannot_prove_who_he_is_stays_out(
    hook: Hook, client_id: str, user: str, password: Any
) -> None:
    answer = hook(client_id, user, password)
    assert (answer.status_code, answer.json) == (200, {"result": "deny"})


def test_a_revoked_terminal_stays_out(hook: Hook, ground: Ground) -> None:
    with ground.write() as unit:
        terminals.revoke(unit, A)
    assert hook(A, A, KEYS[A]).json == {"result": "deny"}


def test_the_cloud_comes_in_by_the_account_of_its_own_setting(hook: Hook) -> None:
    answer = hook("hanma-ingest-1", *OURS)
    assert answer.json["result"] == "allow"
    assert allowed(answer, "subscribe", "hm/+/up") and allowed(answer, "publish", f"hm/{B}/down")
    assert not allowed(answer, "subscribe", "#") and not allowed(answer, "subscribe", "$SYS/#")
    assert hook("hanma-ingest-1", "hanma", "wrong").json == {"result": "deny"}
    assert hook("hanma-ingest-1", "", "").json == {"result": "deny"}


def test_a_terminal_of_the_name_of_our_account_is_nobody(hook: Hook, ground: Ground) -> None:
    ground.settings = replace(ground.settings, broker=f"mqtt://{A}:secret@m1:1")
    asked = Hook(ground)
    assert [asked(A, A, key).json["result"] for key in (KEYS[A], "secret")] == ["deny", "allow"]


def test_only_who_has_the_token_may_ask(hook: Hook) -> None:
    for token in ("", "wrong", f"{TOKEN}x"):
        answer = hook(A, A, KEYS[A], token)
        assert (answer.status_code, answer.json) == (401, {"code": "token"})


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"clientid": 5}', b"x" * 9000])
def test_what_is_no_question_is_a_clear_answer(hook: Hook, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = hook.client.post("/login", data=body, headers=headers)
    assert answer.status_code in (400, 413) and b"allow" not in answer.data


def test_without_the_setting_there_is_no_such_page(ground: Ground) -> None:
    assert Hook(ground)(A, A, KEYS[A], "").status_code == 404


def test_it_stands_beside_the_pages_and_needs_no_session(hook: Hook, ground: Ground) -> None:
    from werkzeug.test import Client

    answer = Client(wsgi(ground)).post("/broker/login", data=b"{}")
    assert answer.status_code == 401


@pytest.mark.parametrize("account", [Account(A), Account(A, iotda=True), Account("c", cloud=True)])
def test_the_list_says_what_the_embedded_broker_does(account: Account) -> None:
    named = [f"hm/{A}/{one}" for one in ("up", "down", "echo")] + [f"hm/{B}/up", "hm/+/up"]
    oc = [f"$oc/devices/{A}/sys/messages/up", f"$oc/devices/{B}/sys/messages/up"]

    class Answer:
        json = {"acl": list(rules(account))}  # noqa: RUF012

    for topic in named + ([] if account.cloud else oc):
        for action, word in ((Action.PUBLISH, "publish"), (Action.SUBSCRIBE, "subscribe")):
            assert allowed(Answer, word, topic) == may(account, action, topic), (topic, word)
