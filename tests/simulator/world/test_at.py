import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.at import (
    CME,
    MAX_LINE,
    UNKNOWN,
    Command,
    Ear,
    Kind,
    Refused,
    answer_bytes,
    final_text,
    line_bytes,
    parse,
    respelled,
)


def heard(data: bytes) -> list[str | None]:
    ear = Ear()
    return [line[0] for line in map(ear.hear, data) if line is not None]


def test_a_carriage_return_ends_a_line_and_a_line_feed_means_nothing():
    assert heard(b"AT\r\nAT+CSQ\r\n\r\r") == ["AT", "AT+CSQ"]


def test_a_backspace_takes_back_one_character():
    assert heard(b"AT+CSW\x08Q\r") == ["AT+CSQ"]


def test_a_line_too_long_is_told_once_and_the_next_is_heard():
    assert heard(b"AT+" + b"x" * MAX_LINE + b"\rAT\r") == [None, "AT"]


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("AT", []),
        ("at", []),
        ("ATE0", [Command("E", Kind.RUN, ("0",))]),
        ("ATE", [Command("E", Kind.RUN, (None,))]),
        ("ATE0V1", [Command("E", Kind.RUN, ("0",)), Command("V", Kind.RUN, ("1",))]),
        ("AT&F", [Command("&F", Kind.RUN, (None,))]),
        ("AT+CSQ", [Command("+CSQ", Kind.RUN)]),
        ("at+csq", [Command("+CSQ", Kind.RUN)]),
        ("AT+CREG?", [Command("+CREG", Kind.READ)]),
        ("AT+CTTS=?", [Command("+CTTS", Kind.TEST)]),
        ("AT+CMEE=2", [Command("+CMEE", Kind.WRITE, ("2",))]),
        ("AT+CSQ;+CREG?", [Command("+CSQ", Kind.RUN), Command("+CREG", Kind.READ)]),
        ("ATE0+CMEE=2", [Command("E", Kind.RUN, ("0",)), Command("+CMEE", Kind.WRITE, ("2",))]),
        (
            'AT+CIPOPEN=0,"TCP","a.example",1883',
            [Command("+CIPOPEN", Kind.WRITE, ("0", "TCP", "a.example", "1883"))],
        ),
        ('AT+CTTS=2,"a,b;c"', [Command("+CTTS", Kind.WRITE, ("2", "a,b;c"))]),
        ("AT+CLBS=1,,,1", [Command("+CLBS", Kind.WRITE, ("1", None, None, "1"))]),
        ("AT+CDNSCFG=", [Command("+CDNSCFG", Kind.WRITE, (None,))]),
        ("\xff\x12garbageAT+CSQ", [Command("+CSQ", Kind.RUN)]),
        ("AT?", [UNKNOWN]),
        ("AT+CSQ!", [UNKNOWN]),
    ],
)
def test_a_line_is_read_as_its_commands(line, commands):
    assert parse(line) == commands


def test_two_lines_run_together_are_no_known_command():
    assert parse("ATAT+CSQ")[0].name == "A"


def test_a_line_without_at_is_noise():
    assert parse("hello") is None


@settings(deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_no_line_breaks_the_reader(line):
    for command in parse(line) or []:
        assert isinstance(command, Command)


def test_arguments_are_checked_for_presence_form_and_range():
    command = Command("+X", Kind.WRITE, ("7", None, "abc"))
    assert command.number(0, 0, 9) == 7
    assert command.number(1, 0, 9, default=3) == 3
    for at in (1, 2, 5):
        with pytest.raises(Refused):
            command.number(at, 0, 9)
    with pytest.raises(Refused):
        command.number(0, 0, 6)


def test_lines_are_framed_by_crlf_and_data_follows_its_line_without_a_break():
    assert line_bytes("OK") == b"\r\nOK\r\n"
    assert answer_bytes(["+A: 1", "+A: 2"]) == [b"\r\n+A: 1\r\n", b"+A: 2\r\n"]
    assert answer_bytes(["+CIPRXGET: 2,0,2,0", b"\r\n"]) == [b"\r\n+CIPRXGET: 2,0,2,0\r\n\r\n"]


@pytest.mark.parametrize(
    ("refusal", "cmee", "text"),
    [
        (None, 2, "OK"),
        (Refused(), 2, "ERROR"),
        (Refused(cme="SIM not inserted"), 0, "ERROR"),
        (Refused(cme="SIM not inserted"), 1, "+CME ERROR: 10"),
        (Refused(cme="SIM not inserted"), 2, "+CME ERROR: SIM not inserted"),
    ],
)
def test_the_final_result_code_is_as_verbose_as_asked(refusal, cmee, text):
    assert final_text(refusal, cmee) == text


def test_every_error_text_has_its_number():
    assert len(set(CME.values())) == len(CME)


def test_both_spellings_of_the_manual_occur():
    rng = random.Random(1)
    spellings = {respelled("+CIPOPEN: 0,0", rng) for _ in range(50)}
    assert spellings == {"+CIPOPEN: 0,0", "+CIPOPEN:0,0"}
    assert respelled("*ATREADY: 1", rng) == "*ATREADY: 1"
