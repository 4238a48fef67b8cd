"""Reading a form: bounded, printable, known, or one clear sentence."""

from urllib.parse import urlencode

import pytest

from cloud.web import fields
from cloud.web.trouble import Trouble

FORM = {"content_type": "application/x-www-form-urlencoded"}


@pytest.fixture
def form(app):
    """Read fields as if this form had been posted; bytes are sent as they are."""

    def read(call, data, **named):
        pairs = data.items() if isinstance(data, dict) else data
        with app.test_request_context("/", method="POST", data=urlencode(list(pairs)), **FORM):
            return call(**named)

    return read


def the_text(**named):
    return fields.text("site", "地点", limit=10, **named)


def the_digits():
    return fields.digits("code", "验证码", count=4)


def test_text_is_trimmed(form):
    assert form(the_text, {"site": "  一号车间 "}) == "一号车间"


def test_text_may_be_left_out_where_that_is_said(form):
    assert form(the_text, {}, required=False) == ""


@pytest.mark.parametrize(
    "value", ["", "   ", "字" * 11, "a\x00b", "a\nb", "a\u202eb", "\u200b", "a\ufffd"]
)
def test_bad_text_is_one_clear_sentence(form, value):
    with pytest.raises(Trouble) as trouble:
        form(the_text, {"site": value.encode("utf-8", "surrogatepass")})
    assert trouble.value.status == 400
    assert "地点" in trouble.value.words


def test_the_same_field_twice_is_bad_input(form):
    with pytest.raises(Trouble):
        form(the_text, [("site", "a"), ("site", "b")])


@pytest.mark.parametrize("typed", ["1234", " 1234 ", "12 34", "１２３４"])
def test_digits_forgive_a_chinese_keyboard(form, typed):
    assert form(the_digits, {"code": typed}) == "1234"


@pytest.mark.parametrize(
    "typed", ["", "123", "12345", "12a4", "一二三四", "-123", "٠١٢٣", "1" * 99]
)
def test_digits_are_exactly_so_many_digits(form, typed):
    with pytest.raises(Trouble):
        form(the_digits, {"code": typed})


def test_ticks_are_a_set_of_what_the_page_offered(form):
    def read():
        return fields.ticks("ticks", "检查", {"a", "b"})

    assert form(read, [("ticks", "a"), ("ticks", "a")]) == {"a"}
    assert form(read, {}) == set()
    with pytest.raises(Trouble):
        form(read, [("ticks", "a"), ("ticks", "c")])


@pytest.mark.parametrize(("value", "ticked"), [("1", True), ("", False), (None, False)])
def test_one_box_is_ticked_or_not(form, value, ticked):
    data = {} if value is None else {"ten": value}
    assert form(lambda: fields.flag("ten", "十不准"), data) is ticked


@pytest.mark.parametrize("value", ["0", "true", "on", "11"])
def test_one_box_with_another_value_is_bad_input(form, value):
    with pytest.raises(Trouble):
        form(lambda: fields.flag("ten", "十不准"), {"ten": value})


def test_a_password_keeps_its_spaces(form):
    def read():
        return fields.secret("password", "密码", limit=8)

    assert form(read, {"password": " a b "}) == " a b "
    for bad in ("", "x" * 9):
        with pytest.raises(Trouble):
            form(read, {"password": bad})
