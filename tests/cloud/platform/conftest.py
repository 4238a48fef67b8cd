"""A platform that reports for one enterprise, signing by itself: a second reader of the page."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from cloud.app import wsgi
from cloud.registry import platforms
from simulator.world.jpeg import jpeg as drawn


def picture(seed: int = 1) -> bytes:
    """A tiny JPEG; each seed gives another one."""
    return drawn([[10 * seed % 256, 200, seed]])


@dataclass
class Caller:
    """`get`, `post`, `bring` give the answer; each request has a fresh nonce."""

    client: Client
    clock: Any
    key: str
    secret: str
    nonces: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: bytes = b"", type: str = "", **headers: str
    ) -> TestResponse:
        self.nonces += 1
        at, nonce = str(self.clock.now), f"nonce-{self.nonces:012}-{self.key}"
        target = f"/platform/v1{path}"
        digest = hashlib.sha256(body).hexdigest()
        covered = f"{method}\n{target}\n{at}\n{nonce}\n{digest}".encode()
        mac = hmac.new(self.secret.encode(), covered, hashlib.sha256).hexdigest()
        signed = {"X-HM-Key": self.key, "X-HM-Timestamp": at, "X-HM-Nonce": nonce}
        signed |= {"X-HM-Signature": mac} | ({"Content-Type": type} if type else {})
        given = signed | self.headers | {k.replace("_", "-"): v for k, v in headers.items()}
        return self.client.open(target, method=method, data=body, headers=given)

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, told: Any, once: str = "", **headers: str) -> TestResponse:
        raw = json.dumps(told, ensure_ascii=False).encode()
        key = {"Idempotency-Key": once or hashlib.sha256(raw).hexdigest()[:32]}
        return self.call("POST", path, raw, "application/json", **key | headers)

    def bring(self, raw: bytes, kind: str = "site") -> str:
        answer = self.call("POST", f"/media?kind={kind}", raw, "image/jpeg")
        assert answer.status_code == 200, answer.json
        return str(answer.json["result"]["digest"])


@dataclass
class Works:
    """One enterprise of the platform with what it takes to report a job."""

    caller: Caller
    county: Any
    platform: Any
    enterprise: Any
    machine: Any
    welder: Any
    fire_watch: Any
    device: str = "XT-0001"

    @property
    def now(self) -> int:
        return int(self.county.clock.now)

    def application(self, **other: Any) -> dict[str, Any]:
        told = {
            "number": "J-1",
            "device": self.device,
            "welders": [{"id": self.welder.id, "issuer": "emergency"}],
            "site": "演示车间",
            "work": "焊接支架",
            "planned_from": self.now,
            "planned_until": self.now + 3_600_000,
            "proof": {
                "type": "permit",
                "number": "动火票 1 号",
                "grade": "second",
                "window_from": self.now - 60_000,
                "window_until": self.now + 7_200_000,
            },
            "pictures": [self.caller.bring(picture(1))],
        }
        return told | other

    def record(self, **other: Any) -> dict[str, Any]:
        told = {
            "job": "J-1",
            "fire_watch": self.fire_watch.id,
            "confirmed_at": self.now,
            "site_safe": True,
            "joint_photo": self.caller.bring(picture(2), "joint"),
            "lines": [{"point": "灭火器材到位", "good": True}],
        }
        return told | other

    def result(self, **other: Any) -> dict[str, Any]:
        told = {
            "job": "J-1",
            "started_at": self.now + 60_000,
            "ended_at": self.now + 120_000,
            "position": {"lat": 29.5, "lng": 106.5, "datum": "WGS84", "source": "lbs"},
        }
        return told | other


def make_works(county: Any, clock: Any, name: str = "演示平台", device: str = "XT-0001") -> Works:
    enterprise = county.enterprise()
    machine = county.machine(enterprise, device)
    welder, watch = county.welder(enterprise), county.fire_watch(enterprise)

    def register(unit: Any) -> Any:
        platform = platforms.add(unit, name, [enterprise.uscc])
        return platform, *platforms.new_key(unit, platform)

    platform, key, secret = county.do(register)
    caller = Caller(Client(wsgi(county.ground)), clock, key, secret)
    return Works(caller, county, platform, enterprise, machine, welder, watch, device)


@pytest.fixture
def works(county: Any, clock: Any) -> Works:
    return make_works(county, clock)


@pytest.fixture
def both(either: Any, county: Any, clock: Any) -> Works:
    """On each of the two kinds of database in turn."""
    return make_works(replace(county, ground=either), clock)


@pytest.fixture
def caller(works: Works) -> Caller:
    return works.caller
