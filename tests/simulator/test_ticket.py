"""The bench's tickets are the cloud's: same text, same mac; its look at a receipt is strict."""

import json
from base64 import urlsafe_b64decode

import pytest

from simulator.ticket import issue, receipt_is_genuine
from tests.firmware import ticketing
from tests.firmware.signing import DEVICE, SECRET

VECTORS = json.loads(ticketing.VECTORS.read_text("utf-8"))


def fields(text: str) -> dict:
    part = text.split(".")[0]
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.mark.parametrize(
    ("act", "proof"),
    [
        ("on", {"n": 7}),
        ("off", {"n": 8}),
        ("test", {"ch": "00" * 8}),
        ("here", {"ch": "00" * 8}),
    ],
)
def test_a_ticket_of_the_bench_is_what_the_plain_implementation_issues(
    act: str, proof: dict
) -> None:
    text = issue(SECRET, DEVICE, act, "作业1", 60, **proof)
    told = fields(text)
    assert text == ticketing.issue(told)
    assert ("lease_s" in told) == (act in ("on", "test"))
    assert 0 < told["exp"] - told["iat"] <= 12 * ticketing.HOUR_MS


@pytest.mark.parametrize("case", VECTORS["receipts"], ids=lambda case: case["receipt"]["word"])
def test_the_receipts_of_the_vectors_are_genuine_and_no_others(case: dict) -> None:
    receipt = case["receipt"]
    assert receipt_is_genuine(SECRET, receipt)
    assert not receipt_is_genuine(bytes(32), receipt)
    for name in ("d", "id", "epoch", "up", "n", "code", "relay", "mac"):
        assert not receipt_is_genuine(SECRET, receipt | {name: "9"})
        assert not receipt_is_genuine(SECRET, {k: v for k, v in receipt.items() if k != name})
