"""Who may call: signed, fresh, once, from the right place, not too often, and only for its own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cloud.platform.operations import OPERATIONS, VERSION
from cloud.platform.trouble import TROUBLES
from cloud.registry import platforms, visits

ENVELOPE = {"success", "message", "code", "result", "timestamp"}


def code(answer: Any) -> str:
    told = json.loads(answer.data)
    assert set(told) == ENVELOPE and not told["success"] and told["code"] == 500
    assert answer.status_code == TROUBLES[told["result"]["error"]][0]
    return str(told["result"]["error"])


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_no_operation_opens_without_a_good_signature(works: Any, one: Any) -> None:
    address = f"/platform{VERSION}{one.path}"
    bare = works.caller.client.open(address, method=one.method)
    assert code(bare) == "unsigned"
    forged = replace(works.caller, secret="0" * 64)
    assert code(forged.call(one.method, one.path)) == "signature"
    stranger = replace(works.caller, key="hm0000000000000000")
    assert code(stranger.call(one.method, one.path)) == "key"


def test_a_good_request_gets_the_annexs_envelope(caller: Any, clock: Any) -> None:
    answer = caller.get("/terminals")
    assert set(answer.json) == ENVELOPE and answer.json["success"] is True
    assert (answer.json["code"], answer.json["timestamp"]) == (200, clock.now)
    assert answer.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in answer.headers


def test_a_nonce_is_good_once(both: Any) -> None:
    caller = both.caller
    assert caller.get("/terminals").status_code == 200
    caller.nonces -= 1
    assert code(caller.get("/terminals")) == "replayed"


def test_a_clock_that_is_off_is_told_the_time(caller: Any, clock: Any) -> None:
    slow = replace(caller, clock=replace(clock, now=clock.now - 300_001))
    refused = slow.get("/terminals")
    assert code(refused) == "clock" and refused.json["timestamp"] == clock.now
    near = replace(caller, clock=replace(clock, now=clock.now + 300_000))
    assert near.get("/terminals").status_code == 200


@pytest.mark.parametrize("part", ["X-HM-Timestamp", "X-HM-Nonce", "X-HM-Signature"])
@pytest.mark.parametrize("value", ["ü", "9" * 40, "-1", "x"])
def test_nonsense_in_a_header_is_refused_plainly(caller: Any, part: str, value: str) -> None:
    caller.headers = {part: value}
    assert code(caller.get("/terminals")) in ("clock", "signature")


def test_the_query_and_the_body_are_signed_too(caller: Any) -> None:
    caller.client.application = _Changed(caller.client.application)
    assert code(caller.get("/terminals?limit=1")) == "signature"


class _Changed:
    """Somebody on the way who asks for more."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return self.app(environ | {"QUERY_STRING": "limit=2"}, start)


def test_a_platform_bound_to_a_network_calls_from_there_only(works: Any) -> None:
    def bind(unit: Any) -> None:
        row = platforms.by_name(unit, "演示平台")
        row.networks = ["10.1.0.0/16", "2001:db8::/32"]

    works.county.do(bind)
    assert code(works.caller.get("/terminals")) == "network"
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::5"):
        works.caller.client.application = _From(works.caller.client.application, address)
        assert works.caller.get("/terminals").status_code == 200
        works.caller.client.application = works.caller.client.application.app


class _From:
    def __init__(self, app: Any, address: str) -> None:
        self.app, self.address = app, address

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        return self.app(environ | {"REMOTE_ADDR": self.address}, start)


def test_too_many_requests_in_a_minute_are_told_when_to_come_again(both: Any) -> None:
    both.county.ground.settings = replace(both.county.ground.settings, platform_rate=3)
    for _ in range(3):
        assert both.caller.get("/terminals").status_code == 200
    refused = both.caller.get("/terminals")
    assert code(refused) == "often"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    both.county.clock.forward(61)
    assert both.caller.get("/terminals").status_code == 200


def test_a_renewed_key_lets_the_old_one_go_after_a_while(both: Any, clock: Any) -> None:
    fresh = both.county.do(lambda unit: platforms.new_key(unit, both.platform, 3600))
    renewed = replace(both.caller, key=fresh[0], secret=fresh[1])
    assert both.caller.get("/terminals").status_code == 200
    clock.forward(3601)
    assert code(both.caller.get("/terminals")) == "key"
    assert renewed.get("/terminals").status_code == 200
    both.county.do(lambda unit: platforms.revoke(unit, unit.db.merge(both.platform)))
    assert code(renewed.get("/terminals")) == "key"


def test_secrets_are_sealed_and_never_in_a_repr(both: Any) -> None:
    known = both.county.ask(platforms.known, both.caller.key)
    assert both.caller.secret == known.secret.decode() and known.secret.decode() not in repr(known)
    ((_one, (key,)),) = both.county.ask(platforms.every)
    assert both.caller.secret not in key.secret_sealed and key.seen_at is None


def test_what_is_too_old_to_be_good_again_is_forgotten(both: Any, clock: Any) -> None:
    both.caller.get("/terminals")
    assert both.county.do(visits.sweep) == 0
    clock.forward(700)
    assert both.county.do(visits.sweep) == 1


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/platform/v1/nothing", "unknown-path"),
        ("GET", "/platform/", "unknown-path"),
        ("DELETE", "/platform/v1/jobs", "method"),
        ("OPTIONS", "/platform/v1/jobs", "method"),
        ("POST", "/platform/v1/terminals", "method"),
    ],
)
def test_wrong_addresses_and_methods_get_the_same_shape(
    caller: Any, method: str, path: str, wanted: str
) -> None:
    answer = caller.client.open(path, method=method)
    assert code(answer) == wanted
    assert ("Allow" in answer.headers) == (wanted == "method")


def test_a_fault_of_ours_tells_nothing_but_a_number(
    caller: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    number = "11010519491231002X"

    def broken(*_: Any) -> None:
        raise RuntimeError(number)

    monkeypatch.setattr(platforms, "some_enterprises", broken)
    answer = caller.get("/terminals")
    assert code(answer) == "fault" and len(answer.json["result"]["field"]) == 6
    assert number not in caplog.text and number not in answer.text
