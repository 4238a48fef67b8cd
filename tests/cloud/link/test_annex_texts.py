"""The annex leaves open how `content` is written: each way means the same."""

import json
from typing import Any

import pytest

from cloud.link import wire

WHERE = {"lat": 29.5, "lng": 106.5}
SAID = {"actionCode": "EF", "actionName": "经纬度", "content": WHERE}


@pytest.mark.parametrize(
    "body",
    [
        SAID,
        SAID | {"content": json.dumps(WHERE)},
        {"content": SAID},
        {"content": json.dumps(SAID)},
        {"object_device_id": "", "name": "", "id": "", "content": json.dumps(SAID)},
    ],
    ids=["object", "text", "wrapped", "wrapped-text", "iotda-message"],
)
def test_content_may_be_an_object_or_a_text_and_wrapped_or_not(body: dict[str, Any]) -> None:
    said = wire.read_up(json.dumps(body, ensure_ascii=False).encode())
    assert isinstance(said, wire.Annex)
    assert (said.code, said.content) == ("EF", WHERE)


def test_a_bare_code_without_content_is_read() -> None:
    said = wire.read_up(b'{"actionCode":"Z0"}')
    assert isinstance(said, wire.Annex) and (said.code, said.content) == ("Z0", {})
