"""The codec of commands and annex objects: the shared vectors, and bytes from anywhere."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import mac, messages

from .test_mac import SECRET, VECTORS

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(["id", "command_name", "paras", "actionCode", "content", "other"])
COMMAND_LIKE = st.dictionaries(
    FIELDS, JSON_VALUES | st.dictionaries(FIELDS, JSON_VALUES, max_size=4), max_size=5
)


def good(**changed: Any) -> bytes:
    whole = {"id": "c1", "command_name": "switch", "paras": {"actionCode": "1", "content": {}}}
    return json.dumps(whole | changed).encode()


@pytest.mark.parametrize("case", VECTORS["commands"], ids=lambda case: case["name"])
def test_the_commands_of_the_shared_vectors_are_read(case: dict[str, Any]) -> None:
    command = messages.read_down(json.dumps(case["body"], ensure_ascii=False).encode())
    assert command == (case["id"], case["name"], case["code"], case["content"])


@given(st.binary(max_size=60) | COMMAND_LIKE.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_a_command_or_malformed_and_nothing_else(body: bytes) -> None:
    try:
        command = messages.read_down(body)
    except messages.Malformed as error:
        assert isinstance(error.id, str)
        return
    assert isinstance(command, messages.Command)
    assert command.id and command.name and isinstance(command.content, dict)


@given(st.data())
@settings(deadline=None, max_examples=100)
def test_a_command_with_flipped_bits_is_a_command_or_malformed(data: st.DataObject) -> None:
    body = bytearray(json.dumps(VECTORS["commands"][0]["body"]).encode())
    for at in data.draw(st.lists(st.integers(0, len(body) * 8 - 1), min_size=1, max_size=4)):
        body[at // 8] ^= 1 << (at % 8)
    with suppress(messages.Malformed):
        assert isinstance(messages.read_down(bytes(body)), messages.Command)


def test_every_cut_of_a_command_is_malformed() -> None:
    body = json.dumps(VECTORS["commands"][0]["body"], ensure_ascii=False).encode()
    for length in range(len(body)):
        with pytest.raises(messages.Malformed):
            messages.read_down(body[:length])


def test_nesting_without_end_is_malformed() -> None:
    for body in (b"[" * 100_000, b'{"id":' * 20_000, b"[" * 2000 + b"]" * 2000):
        with pytest.raises(messages.Malformed):
            messages.read_down(body)


@pytest.mark.parametrize(
    "id", [None, 7, "", "x" * 65, ["c1"], "a b", "焊", "a\n", "\ud800", "a\x7f"]
)
def test_an_id_that_is_no_short_printable_word_is_malformed(id: Any) -> None:
    with pytest.raises(messages.Malformed) as caught:
        messages.read_down(good(id=id))
    assert caught.value.id == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"command_name": None},
        {"command_name": ""},
        {"command_name": 5},
        {"command_name": "x" * 65},
        {"command_name": "\ud800"},
        {"paras": None},
        {"paras": []},
        {"paras": {"actionCode": 1, "content": {}}},
        {"paras": {"actionCode": "\ud800", "content": {}}},
        {"paras": {"actionCode": "1"}},
        {"paras": {"actionCode": "1", "content": "{}"}},
    ],
)
def test_a_body_without_a_command_is_malformed_under_its_id(changed: dict[str, Any]) -> None:
    with pytest.raises(messages.Malformed) as caught:
        messages.read_down(good(**changed))
    assert caught.value.id == "c1"


def test_unknown_fields_are_ignored_and_a_missing_action_code_is_empty() -> None:
    paras = {"content": {"a": 1}, "more": [1]}
    command = messages.read_down(good(paras=paras, service_id=9, extra={"x": 1.5}))
    assert command == ("c1", "switch", "", {"a": 1})


@pytest.mark.parametrize("case", VECTORS["answers"], ids=lambda case: case["id"])
def test_the_answers_of_the_shared_vectors_are_written(case: dict[str, Any]) -> None:
    wanted = case["body"]
    paras = wanted["paras"]
    said = messages.answer(
        case["id"], "switch", paras["message"], paras["result"], paras["timestamp"]
    )
    assert json.loads(said) == wanted
    assert b", " not in said


def test_the_login_of_the_shared_vectors_is_written_and_its_receipt_is_over_id_00() -> None:
    wanted = VECTORS["login"]
    assert json.loads(messages.annex("00", wanted["content"])) == wanted
    told = wanted["content"]
    over = "{}|00|{epoch}|{up}|{n}|200|{relay}".format(VECTORS["device"], **told)
    assert mac.tag(mac.derive(SECRET, "receipt"), over) == told["mac"]


@pytest.mark.parametrize(
    ("code", "name"),
    [("00", "登录"), ("Z0", "离线"), ("FF", "心跳"), ("EF", "定位"), ("E0", "报警")],
)
def test_annex_objects_carry_their_code_name_and_content(code: str, name: str) -> None:
    whole = {"actionCode": code, "actionName": name, "content": {"up": 5}}
    assert json.loads(messages.annex(code, {"up": 5})) == whole


def test_a_refusal_is_code_500_with_its_stable_word() -> None:
    said = json.loads(messages.answer("c1", "lock", "locked", {"relay": 0}, 5))
    assert said["result_code"] == 1
    assert said["paras"]["success"] is False
    assert (said["paras"]["code"], said["paras"]["message"]) == (500, "locked")
