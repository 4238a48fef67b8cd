"""The OpenAPI page tells the truth: schemathesis reads it and tries the site against it."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from werkzeug.test import Client

from cloud.app import wsgi
from cloud.platform.operations import OPERATIONS, VERSION
from cloud.platform.trouble import TROUBLES
from tests.cloud.platform.conftest import Works, picture

PAGE = f"/platform{VERSION}/openapi.json"
EXAMPLES = 10  # for each operation: good ones, good ones that name what there is, bad ones
TO_SIGN = "to-be-signed"
SIGNED = ("X-HM-Key", "X-HM-Timestamp", "X-HM-Nonce", "X-HM-Signature")


class Signing:
    """Signs on the way what asks for it; whatever else comes passes as it is."""

    def __init__(self, app: Any, works: Works) -> None:
        self.app, self.works, self.count = app, works, itertools.count()

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        caller = self.works.caller
        mine = environ.get("HTTP_X_HM_KEY") == caller.key
        if mine and environ.get("HTTP_X_HM_SIGNATURE") == TO_SIGN:
            environ = environ | self._signed(environ, caller)
        return self.app(environ, start)

    def _signed(self, environ: dict[str, Any], caller: Any) -> dict[str, Any]:
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = environ.get("QUERY_STRING", "")
        target = environ["PATH_INFO"] + (f"?{query}" if query else "")
        at, nonce = str(caller.clock.now), f"schemathesis-{next(self.count):08}"
        parts = (environ["REQUEST_METHOD"], target, at, nonce, hashlib.sha256(raw).hexdigest())
        mac = hmac.new(caller.secret.encode(), "\n".join(parts).encode(), "sha256").hexdigest()
        environ["wsgi.input"] = BytesIO(raw)
        return {
            "HTTP_X_HM_TIMESTAMP": at,
            "HTTP_X_HM_NONCE": nonce,
            "HTTP_X_HM_SIGNATURE": mac,
        }


def test_the_page_names_every_operation_with_all_its_refusals(works: Works) -> None:
    told = Client(wsgi(works.county.ground)).get(PAGE).json
    assert told["openapi"].startswith("3.1")
    for one in OPERATIONS:
        found = told["paths"][VERSION + one.path][one.method.lower()]
        words = " ".join(each["description"] for each in found["responses"].values())
        assert found["summary"] == one.zh
        assert all(f"`{code}`" in words for code in one.troubles)
    assert sum(len(path) for path in told["paths"].values()) == len(OPERATIONS)


def test_every_refusal_is_on_the_page(works: Works) -> None:
    told = json.dumps(Client(wsgi(works.county.ground)).get(PAGE).json)
    missing = [code for code in TROUBLES if f"`{code}`" not in told]
    assert missing == ["unknown-path", "method"]  # of no operation


@pytest.mark.slow
def test_schemathesis_finds_no_fault(both: Works) -> None:
    """Good and bad requests of every operation, signed and not; the seed is fixed."""
    ground = both.county.ground
    ground.settings = replace(ground.settings, platform_rate=1_000_000)
    app = Signing(wsgi(ground), both)
    schema = schemathesis.openapi.from_wsgi(PAGE, app)
    headers = {"X-HM-Key": both.caller.key, "X-HM-Signature": TO_SIGN}
    at_home = _at_home(both)
    tried: set[tuple[str, int]] = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
        every = st.one_of(good, good.map(at_home), bad)

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=every)
        def attempt(case: Any) -> None:
            # One that was made bad by leaving a header out is not made good again by signing it.
            whole = all(name in (case.headers or {}) for name in SIGNED)
            answer = case.call_and_validate(headers=headers if whole else None)
            tried.add((case.operation.label, answer.status_code))

        attempt()
    labels = {f"{one.method} {VERSION}{one.path}" for one in OPERATIONS}
    assert {label for label, _status in tried} == labels
    for status in (200, 400):  # neither all refused nor all taken
        assert len({label for label, told in tried if told == status}) > len(labels) // 2
    assert all(status < 500 for _label, status in tried)


def _at_home(works: Works) -> Callable[[Any], Any]:
    """Puts what there is into a body of the right form."""
    brought = works.caller.bring(picture(3))
    answer = works.caller.post("/job-applications", works.application())
    assert answer.status_code == 200
    there = {
        "device": works.device,
        "welders": [{"id": works.welder.id}],
        "pictures": [brought],
        "job": "J-1",
        "fire_watch": works.fire_watch.id,
        "joint_photo": brought,
    }

    def at_home(case: Any) -> Any:
        if isinstance(case.body, dict):
            case.body |= {name: value for name, value in there.items() if case.body.get(name)}
            (case.body.get("proof") or {}).pop("picture", None)
            for one in case.body.get("statuses", ()):
                one["device"] = works.device
        return case

    return at_home
