"""The wire contract against the vectors shared with the firmware (cloud/link/wire.py)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.link import wire

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire.json").read_text("utf-8"))
SECRET = bytes.fromhex(VECTORS["secret"])
DEVICE = VECTORS["device"]


@pytest.mark.parametrize("label", VECTORS["keys"])
def test_the_keys_in_use_are_those_of_the_vectors(label: str) -> None:
    assert wire.key(SECRET, label).hex() == VECTORS["keys"][label]


@pytest.mark.parametrize("case", VECTORS["canonical"], ids=lambda case: case["text"][:20])
def test_canonical_spelling(case: dict[str, Any]) -> None:
    assert wire.canonical(case["value"]) == case["text"]


@pytest.mark.parametrize(
    "value",
    [1.5, {"a": 2.0}, {"a": "\n"}, {"a": "\x7f"}, {"a": "😀"}, {"a": "\ud800"}, {"\t": 1}, b""],
    ids=repr,
)
def test_what_has_no_canonical_spelling_is_refused(value: object) -> None:
    with pytest.raises(wire.NotCanonical):
        wire.canonical(value)


def test_canonical_goes_eight_levels_deep_like_the_firmware() -> None:
    deep: Any = 1
    for _ in range(8):
        deep = [deep]
    assert wire.canonical(deep) == "[" * 8 + "1" + "]" * 8
    with pytest.raises(wire.NotCanonical):
        wire.canonical([deep])


@pytest.mark.parametrize("case", VECTORS["commands"], ids=lambda case: case["id"])
def test_a_command_is_signed_and_wrapped_as_in_the_vectors(case: dict[str, Any]) -> None:
    bare = {name: value for name, value in case["content"].items() if name != "mac"}
    signed = wire.sign_command(SECRET, DEVICE, case["id"], case["name"], case["code"], bare)
    assert signed == case["content"]
    title = case["body"]["paras"]["actionName"]
    body = wire.command_body(case["id"], case["name"], case["code"], title, signed)
    assert json.loads(body) == case["body"]


def test_a_body_that_would_not_fit_into_a_packet_is_refused() -> None:
    with pytest.raises(wire.TooLong):
        wire.command_body("c1", "say", "", "播报", {"say": "焊" * 1300})


@pytest.mark.parametrize("case", VECTORS["answers"], ids=lambda case: case["id"])
def test_an_answer_of_the_vectors_carries_a_good_receipt(case: dict[str, Any]) -> None:
    answer = wire.read_up(json.dumps(case["body"]).encode())
    assert isinstance(answer, wire.Answer)
    assert answer.success == (answer.code == 200) == case["body"]["paras"]["success"]
    assert wire.good_receipt(SECRET, DEVICE, answer.id, answer.code, answer.result)


@pytest.mark.parametrize("field", ["epoch", "up", "n", "relay", "mac"])
def test_a_receipt_in_which_one_field_was_changed_or_left_out_is_not_good(field: str) -> None:
    told = dict(VECTORS["answers"][0]["body"]["paras"]["result"])
    for other in ("0000000000000000", 0, 77, None, "焊"):
        assert not wire.good_receipt(SECRET, DEVICE, "c0000001", 200, told | {field: other})
    told.pop(field)
    assert not wire.good_receipt(SECRET, DEVICE, "c0000001", 200, told)


def test_a_receipt_is_bound_to_its_command_its_code_and_its_terminal() -> None:
    told = VECTORS["answers"][0]["body"]["paras"]["result"]
    assert not wire.good_receipt(SECRET, DEVICE, "c0000002", 200, told)
    assert not wire.good_receipt(SECRET, DEVICE, "c0000001", 500, told)
    assert not wire.good_receipt(SECRET, "HM-990101-000002", "c0000001", 200, told)
    assert not wire.good_receipt(bytes(32), DEVICE, "c0000001", 200, told)


def test_the_log_in_of_the_vectors_is_good() -> None:
    said = wire.read_up(json.dumps(VECTORS["login"]).encode())
    assert isinstance(said, wire.Annex)
    assert wire.good_login(SECRET, DEVICE, said.content)
    assert not wire.good_login(SECRET, DEVICE, said.content | {"up": 9001})


def kind_of(said: wire.Up) -> dict[str, Any]:
    if isinstance(said, wire.Annex):
        return {"kind": "annex", "code": said.code}
    if isinstance(said, wire.TerminalEvent):
        return {"kind": "event", "service": said.service, "type": said.type}
    if isinstance(said, wire.Answer):
        return {"kind": "answer", "id": said.id}
    return {"kind": "unknown"}


@pytest.mark.parametrize("case", VECTORS["up"], ids=lambda case: case["raw"][:30])
def test_what_comes_up_is_told_apart_as_in_the_vectors(case: dict[str, Any]) -> None:
    said = wire.read_up(case["raw"].encode())
    assert kind_of(said) == {name: value for name, value in case.items() if name != "raw"}


def test_the_annexs_bare_answer_is_read() -> None:
    said = wire.read_up(b'{"id":"c1","success":true,"code":200,"timestamp":1}')
    assert said == wire.Answer("c1", True, "", 200, {})


def test_a_bare_result_code_is_an_answer_as_well() -> None:
    assert wire.read_up(b'{"id":"c1","result_code":0}') == wire.Answer("c1", True, "", 200, {})
    assert wire.read_up(b'{"id":"c1","result_code":3}') == wire.Answer("c1", False, "", 500, {})


def test_a_result_written_as_text_is_read() -> None:
    raw = {"id": "c1", "success": True, "code": 200, "result": '{"relay":1}'}
    assert wire.read_up(json.dumps(raw).encode()) == wire.Answer("c1", True, "", 200, {"relay": 1})


def test_the_code_that_the_mac_covers_decides_and_not_the_word_beside_it() -> None:
    said = wire.read_up(b'{"id":"c1","success":true,"code":500}')
    assert isinstance(said, wire.Answer)
    assert not said.success


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"{}", "no-kind"),
        (b'{"actionCode":7}', "code"),
        (b'{"actionCode":"123456789"}', "code"),
        (b'{"actionCode":""}', "code"),
        (b'{"result_code":0}', "answer-without-id"),
        (b'{"id":7,"success":true}', "answer-without-id"),
        (b'{"services":[]}', "services"),
        (b'{"services":[7]}', "services"),
        (b'{"services":[{"service_id":"x"}]}', "services"),
        (b'{"content":7}', "not-object"),
        (b'{"content":"hello!"}', "not-json"),
        (b'{"content":{"content":{"actionCode":"FF"}}}', "no-kind"),
        (b"\x00\x01\x02", "not-json"),
    ],
)
def test_what_is_nothing_of_ours_says_why(raw: bytes, reason: str) -> None:
    assert wire.read_up(raw) == wire.Unknown(reason)


@pytest.mark.parametrize("content", [7, "hello!", None, [1]])
def test_an_annex_code_with_an_odd_content_has_an_empty_one(content: object) -> None:
    raw = json.dumps({"actionCode": "E0", "content": content}).encode()
    assert wire.read_up(raw) == wire.Annex("E0", {})


UP = wire.Annex | wire.TerminalEvent | wire.Answer | wire.Unknown
PARTS = st.dictionaries(
    st.sampled_from(
        [
            *("actionCode", "content", "services", "id", "success", "paras", "code"),
            *("result", "result_code", "message", "service_id", "event_type"),
        ]
    ),
    st.deferred(lambda: VALUES),
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["FF", "00", "c1", '{"actionCode":"FF"}', "\\", "{", "\ud800", "\x00"])
    | PARTS
    | st.lists(PARTS, max_size=2)
)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise(raw: bytes) -> None:
    assert isinstance(wire.read_up(raw), UP)


@pytest.mark.slow
@given(PARTS)
def test_no_arrangement_of_our_own_words_makes_the_reader_raise(said: dict[str, Any]) -> None:
    assert isinstance(wire.read_up(json.dumps(said).encode()), UP)


@given(st.sampled_from([case["raw"] for case in VECTORS["up"]]), st.data())
def test_no_change_of_one_byte_makes_the_reader_raise(raw: str, data: st.DataObject) -> None:
    changed = bytearray(raw.encode() or b" ")
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    assert isinstance(wire.read_up(bytes(changed)), UP)


PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=0xFFFF, exclude_categories=["Cs"]))
SPELLABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN.filter(lambda text: "\x7f" not in text),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(PLAIN.filter(lambda text: "\x7f" not in text), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(SPELLABLE)
def test_a_canonical_spelling_reads_back_as_the_same_value(value: object) -> None:
    try:
        spelled = wire.canonical(value)
    except wire.NotCanonical as refused:
        assert str(refused) == "too deep"
        return
    assert json.loads(spelled) == value
