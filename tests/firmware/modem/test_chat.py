"""The AT dialogue: bytes in any pieces, notes between any two lines, and every way it can fail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from terminal.modem.chat import DIGITS, Chat, ModemError

from ..serials import MARKS, Serial, cut, lines
from ..virtual_time import now_ms, run

URC = lines("+IPCLOSE: 0,1")
NOTE = lines("+CIPRXGET: 1,0")
RAW = b"\r\nOK\r\n> AT\r\nERROR\r\n+IPCLOSE: 0,1\r\n\x00\x1a\xff>"


class Told(NamedTuple):
    """How one command ended, and what else was heard meanwhile."""

    result: Any
    heard: list[bytes]


def count(line: bytes) -> int:
    return int(line.split(b",")[2])


async def converse(pieces: list[bytes], after: list[bytes] = (), **command: Any) -> Told:
    """One command whose answer comes in `pieces`; `after` follows once its data were written."""
    serial = Serial()
    chat = Chat(serial)
    heard: list[bytes] = []
    for prefix in (b"+IPCLOSE:", b"+CIPRXGET:1,", b"+CTTS:0"):
        chat.on(prefix, heard.append)
    task = asyncio.create_task(chat.command(b"AT+X", **command))
    await asyncio.sleep(0)
    assert serial.written == [b"AT+X\r"]
    for piece in pieces:
        chat.feed(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    if after:
        assert serial.written[1:] == [command["data"]]
    for piece in after:
        chat.feed(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    try:
        result = await task
    except ModemError as error:
        result = str(error)
    return Told(result, heard)


@dataclass(frozen=True)
class Case:
    """A transcript and how it must end."""

    text: bytes
    result: Any
    heard: list[bytes] = field(default_factory=list)
    command: dict[str, Any] = field(default_factory=dict)
    after: bytes = b""


RAW_HEAD = lines(f"+CIPRXGET: 2,0,{len(RAW)},0").lstrip()
CASES = {
    "OK": Case(lines("OK"), []),
    "OK after the echo": Case(b"AT+X\r\r\nOK\r\n", []),
    "a line and OK": Case(
        lines("+CSQ: 20,99", "OK"), [b"+CSQ:20,99"], command={"until": b"+CSQ:"}
    ),
    "a line without its space": Case(
        lines("+CSQ:20,99", "OK"), [b"+CSQ:20,99"], command={"until": b"+CSQ:"}
    ),
    "OK and a line later": Case(
        lines("OK", "+NETOPEN: 0"), [b"+NETOPEN:0"], command={"until": b"+NETOPEN:"}
    ),
    "digits": Case(
        lines("460001234567890", "OK"), [b"460001234567890"], command={"until": DIGITS}
    ),
    "notes between all lines": Case(
        URC + b"AT+X\r" + NOTE + lines("+CSQ: 1,99") + URC + lines("OK"),
        [b"+CSQ:1,99"],
        [b"+IPCLOSE:0,1", b"+CIPRXGET:1,0", b"+IPCLOSE:0,1"],
        command={"until": b"+CSQ:"},
    ),
    "lines that nobody knows": Case(lines("RING", "+CGEV: EPS PDN ACT 1", "OK"), []),
    "several lines of the answer": Case(
        lines("+L: 1", "+L: 2", "OK"), [b"+L:1", b"+L:2"], command={"expect": b"+L:"}
    ),
    "ERROR": Case(lines("ERROR"), "AT+X: ERROR"),
    "CME ERROR": Case(lines("+CME ERROR: SIM failure"), "AT+X: +CME ERROR:SIM failure"),
    "CMS ERROR": Case(lines("+CMS ERROR: 500"), "AT+X: +CMS ERROR:500"),
    "IPERROR and ERROR": Case(lines("+IPERROR: No data", "ERROR"), "AT+X: +IPERROR:No data"),
    "a line and ERROR": Case(
        lines("+CIPOPEN: 0,4", "ERROR"), "AT+X: ERROR", command={"until": b"+CIPOPEN:"}
    ),
    "an error of strange letters": Case(lines("ERROR\xff\x01"), "AT+X: ERROR"),
    "raw bytes like every other thing": Case(
        RAW_HEAD + RAW + lines("OK"), RAW, command={"expect": b"+CIPRXGET:2,", "raw": count}
    ),
    "no raw bytes": Case(
        lines("+CIPRXGET: 2,0,0,0", "OK"), b"", command={"expect": b"+CIPRXGET:2,", "raw": count}
    ),
    "a note before and after raw bytes": Case(
        NOTE + RAW_HEAD + RAW + NOTE + lines("OK"),
        RAW,
        [b"+CIPRXGET:1,0"] * 2,
        command={"expect": b"+CIPRXGET:2,", "raw": count},
    ),
    "a prompt": Case(
        b"\r\n> ",
        [b"+CIPSEND:0,5,5"],
        command={"until": b"+CIPSEND:", "data": b"hello"},
        after=lines("OK", "+CIPSEND: 0,5,5"),
    ),
    "a prompt without its space, after the echo": Case(
        b"AT+X\r\r\n>",
        [b"+CIPSEND:0,5,5"],
        command={"until": b"+CIPSEND:", "data": b"hello"},
        after=lines("OK", "+CIPSEND: 0,5,5"),
    ),
    "a prompt glued between notes": Case(
        URC + b">" + NOTE + URC,
        [b"+CIPSEND:0,5,5"],
        [b"+IPCLOSE:0,1", b"+CIPRXGET:1,0", b"+IPCLOSE:0,1"],
        command={"until": b"+CIPSEND:", "data": b"hello"},
        after=lines("OK", "+CIPSEND: 0,5,5"),
    ),
    "a prompt with a note on its very line": Case(
        b"\r\n> +CIPRXGET: 1,0\r\n",
        [b"+CIPSEND:0,5,5"],
        [b"+CIPRXGET:1,0"],
        command={"until": b"+CIPSEND:", "data": b"hello"},
        after=lines("OK", "+CIPSEND: 0,5,5"),
    ),
    "an error instead of the prompt": Case(
        lines("+CME ERROR: 3"), "AT+X: +CME ERROR:3", command={"data": b"hello"}
    ),
    "an error after the data": Case(
        b"> ", "AT+X: ERROR", command={"data": b"hello"}, after=lines("ERROR")
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("most", [1, 2, 3, 8, 1000])
def test_a_transcript_ends_as_it_must_in_pieces_of_any_size(name: str, most: int) -> None:
    case = CASES[name]
    pieces = cut(case.text, range(0, len(case.text), most))
    after = cut(case.after, range(0, len(case.after), most))
    told = run(converse(pieces, after, **case.command))
    assert told == (case.result, case.heard)


@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 400)), st.lists(st.integers(0, 99)))
@settings(deadline=None, max_examples=150)
def test_a_transcript_ends_the_same_however_it_is_cut(
    name: str, places: list[int], later: list[int]
) -> None:
    case = CASES[name]
    told = run(converse(cut(case.text, places), cut(case.after, later), **case.command))
    assert told == (case.result, case.heard)


@given(st.binary(max_size=80), st.lists(st.integers(0, 80)))
@settings(deadline=None, max_examples=150)
@example(b"OK\n>ERROR\n", [3])
def test_raw_bytes_are_given_exactly_whatever_they_hold(raw: bytes, places: list[int]) -> None:
    text = lines(f"+CIPRXGET: 2,0,{len(raw)},7").lstrip() + raw + lines("OK")
    told = run(converse(cut(text, places), expect=b"+CIPRXGET:2,", raw=count))
    assert told == (raw, [])


# --- silence and lateness -----------------------------------------------------------------------


def chatting(script: Callable[[Serial, Chat], Any]) -> Any:
    """Runs `script` beside a chat that reads from a serial."""

    async def work() -> Any:
        serial = Serial()
        chat = Chat(serial)
        reader = asyncio.create_task(chat.run())
        try:
            return await script(serial, chat)
        finally:
            reader.cancel()

    return run(work())


def later(serial: Serial, seconds: float, text: bytes) -> None:
    asyncio.get_running_loop().call_later(seconds, serial.say, text)


def test_silence_is_an_error_after_the_time_given_and_is_counted() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        for number in (1, 2, 3):
            before = now_ms()
            with pytest.raises(ModemError, match="AT: no answer"):
                await chat.command(b"AT", timeout_ms=500, settle=False)
            assert now_ms() - before == 500
            assert chat.silences == number
        later(serial, 0.1, lines("OK"))
        assert await chat.command(b"AT") == []
        assert chat.silences == 0

    chatting(script)


def test_an_error_is_an_answer_and_no_silence() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        chat.silences = 2
        later(serial, 0.1, lines("ERROR"))
        with pytest.raises(ModemError, match="ERROR"):
            await chat.command(b"AT")
        assert chat.silences == 0

    chatting(script)


def test_a_modem_that_says_ok_and_never_the_rest_times_out_but_is_not_dead() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, lines("OK"))
        with pytest.raises(ModemError, match="no answer"):
            await chat.command(b"AT+NETOPEN", until=b"+NETOPEN:", timeout_ms=5000)
        assert chat.silences == 0

    chatting(script)


def test_a_modem_that_never_prompts_gets_no_data() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        with pytest.raises(ModemError, match="no answer"):
            await chat.command(b"AT+CIPSEND=0,5", until=b"+CIPSEND:", data=b"hello")
        assert serial.written == [b"AT+CIPSEND=0,5\r"]

    chatting(script)


def test_raw_bytes_that_stay_away_end_in_an_error_and_do_not_eat_the_next_answer() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, b"+CIPRXGET: 2,0,100,0\r\nonly this")
        with pytest.raises(ModemError, match="no answer"):
            await chat.command(b"AT+CIPRXGET=2,0,100", expect=b"+CIPRXGET:2,", raw=count)
        later(serial, 0.1, lines("OK"))
        assert await chat.command(b"AT") == []

    chatting(script)


def test_an_iperror_keeps_the_turn_until_its_own_error_has_come() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, lines("+IPERROR: No data"))
        later(serial, 0.2, lines("ERROR"))
        first = asyncio.create_task(chat.command(b"AT+CIPRXGET=2,0,9"))
        await asyncio.sleep(0)
        later(serial, 0.5, lines("OK"))
        second = asyncio.create_task(chat.command(b"AT+CSQ"))
        with pytest.raises(ModemError, match="IPERROR:No data"):
            await first
        assert await second == []

    chatting(script)


def test_an_iperror_without_its_error_ends_with_the_time_given() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, lines("+IPERROR: Network is already opened"))
        with pytest.raises(ModemError, match="already opened"):
            await chat.command(b"AT+NETOPEN", until=b"+NETOPEN:", timeout_ms=3000)
        assert chat.silences == 0

    chatting(script)


@pytest.mark.parametrize("late", ["OK", "ERROR", "+CME ERROR: SIM busy", "+CSQ: 3,99"])
def test_an_answer_that_comes_after_its_time_and_before_the_next_command_hits_no_other(
    late: str,
) -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        with pytest.raises(ModemError):
            await chat.command(b"AT+CSQ", until=b"+CSQ:", timeout_ms=500)
        serial.say(lines(late))
        await asyncio.sleep(0.1)
        later(serial, 0.1, lines("+CSQ: 20,99", "OK"))
        assert await chat.command(b"AT+CSQ", until=b"+CSQ:") == [b"+CSQ:20,99"]

    chatting(script)


def late(serial: Serial, *answers: tuple[float, bytes]) -> None:
    """A modem that is late: it answers its marks by hand as well."""
    serial.knows_marks = False
    for seconds, text in answers:
        later(serial, seconds, text)


def test_an_answer_later_than_the_next_command_does_not_hit_it() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        with pytest.raises(ModemError):
            await chat.command(b"AT+CFUN=1", timeout_ms=500)
        late(
            serial,
            (0.1, lines("ERROR")),  # of AT+CFUN=1
            (0.2, MARKS[b"AT+CFUN?\r"]),
            (0.3, lines("OK")),  # of AT+CMEE=2
        )
        assert await chat.command(b"AT+CMEE=2") == []
        assert serial.written[-2:] == [b"AT+CFUN?\r", b"AT+CMEE=2\r"]
        serial.written.clear()
        later(serial, 0.1, lines("+CSQ: 20,99", "OK"))
        assert await chat.command(b"AT+CSQ", until=b"+CSQ:") == [b"+CSQ:20,99"]
        assert serial.written == [b"AT+CSQ\r"]  # nothing is owed any more

    chatting(script)


def test_a_mark_that_is_late_itself_is_not_taken_for_the_next_one() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        serial.knows_marks = False
        with pytest.raises(ModemError):
            await chat.command(b"AT+NETOPEN", timeout_ms=500)
        with pytest.raises(ModemError, match="CFUN"):
            await chat.command(b"AT+X")
        late(
            serial,
            (0.1, lines("OK") + MARKS[b"AT+CFUN?\r"]),
            (0.2, MARKS[b"AT+CREG?\r"]),
            (0.3, lines("ERROR")),
        )
        with pytest.raises(ModemError, match="ERROR"):
            await chat.command(b"AT+X")

    chatting(script)


def test_a_modem_that_still_waits_for_data_gets_the_rest_as_empty_lines() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, b"> ")
        with pytest.raises(ModemError, match="no answer"):
            await chat.command(b"AT+CIPSEND=0,5", until=b"+CIPSEND:", data=b"hello")
        later(serial, 0.1, lines("OK"))
        await chat.command(b"AT")
        assert serial.written[1:] == [b"hello", b"\r" * 5, b"AT+CFUN?\r", b"AT\r"]

    chatting(script)


def test_between_ok_and_the_line_that_ends_a_command_others_may_speak() -> None:
    """An opening may take half a minute; what the welder must hear cannot wait for that."""

    async def script(serial: Serial, chat: Chat) -> None:
        later(serial, 0.1, lines("OK"))
        opening = asyncio.create_task(
            chat.command(b"AT+CIPOPEN=0", until=b"+CIPOPEN:0,", timeout_ms=30_000)
        )
        await asyncio.sleep(0.2)
        later(serial, 0.1, lines("+CTTS:", "OK"))
        await chat.command(b"AT+CTTS=1")
        later(serial, 0.1, lines("+CSQ: 20,99", "+CIPOPEN: 0,0", "OK"))
        assert await chat.command(b"AT+CSQ", until=b"+CSQ:") == [b"+CSQ:20,99"]
        assert await opening == [b"+CIPOPEN:0,0"]

    chatting(script)


def test_raw_bytes_may_come_after_the_ok() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        data = b"+CTTS: 0\r\nOK\r\n"
        serial.say(lines("OK") + lines(f"+CCHRECV: DATA,0,{len(data)}").rstrip() + b"\r\n" + data)
        serial.say(lines("+CCHRECV: 0,0"))
        asking = chat.command(
            b"AT+CCHRECV=0", expect=b"+CCHRECV:DATA,0,", until=b"+CCHRECV:0,", raw=count
        )
        assert await asking == data

    chatting(script)


def test_a_late_ok_does_not_end_a_command_that_waits_for_a_line_of_its_own() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        with pytest.raises(ModemError):
            await chat.command(b"AT", timeout_ms=500)
        later(serial, 0.1, lines("OK"))  # of AT
        later(serial, 0.3, lines("+CSQ: 20,99"))
        assert await chat.command(b"AT+CSQ", until=b"+CSQ:") == [b"+CSQ:20,99"]

    chatting(script)


def test_a_cancelled_command_frees_the_line_and_its_late_answer_hits_no_other() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        task = asyncio.create_task(chat.command(b"AT+CSQ", until=b"+CSQ:", timeout_ms=60_000))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        serial.say(lines("+CSQ: 1,99", "OK"))
        await asyncio.sleep(0.1)
        later(serial, 0.1, lines("+CSQ: 2,99", "OK"))
        assert await chat.command(b"AT+CSQ", until=b"+CSQ:") == [b"+CSQ:2,99"]

    chatting(script)


def test_raw_bytes_of_a_cancelled_command_are_not_read_as_lines() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        heard: list[bytes] = []
        chat.on(b"+IPCLOSE:", heard.append)
        task = asyncio.create_task(
            chat.command(b"AT+CIPRXGET=2,0,99", expect=b"+CIPRXGET:2,", raw=count)
        )
        await asyncio.sleep(0)
        serial.say(RAW_HEAD + RAW[:5])
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        serial.say(RAW[5:] + lines("OK"))
        await asyncio.sleep(0.1)
        assert heard == []
        later(serial, 0.1, lines("OK"))
        assert await chat.command(b"AT") == []

    chatting(script)


# --- noise --------------------------------------------------------------------------------------


def test_garbage_without_an_end_is_thrown_away_and_the_next_answer_is_heard() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        serial.most = 512
        serial.say(b"\xff" * 5000)
        await asyncio.sleep(0.1)
        assert len(chat._buffer) <= 1024
        with pytest.raises(ModemError):  # what is left of the garbage spoils one line
            later(serial, 0.1, b"OK\r\n")
            await chat.command(b"AT", timeout_ms=500)
        later(serial, 0.1, lines("OK"))
        assert await chat.command(b"AT") == []

    chatting(script)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)))
@settings(deadline=None, max_examples=100)
def test_any_noise_while_nobody_asks_does_no_more_than_spoil_one_line(
    noise: bytes, places: list[int]
) -> None:
    async def work() -> None:
        chat = Chat(Serial())
        for piece in cut(noise, places):
            chat.feed(piece)
        chat.feed(b"\r\n")
        task = asyncio.create_task(chat.command(b"AT"))
        await asyncio.sleep(0)
        chat.feed(lines("OK"))
        assert await task == []

    run(work())


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
@settings(deadline=None, max_examples=150)
def test_any_noise_during_a_command_ends_in_an_answer_or_a_modem_error(
    noise: bytes, places: list[int]
) -> None:
    told = run(converse(cut(noise, places), until=b"+X:", timeout_ms=1000))
    assert isinstance(told.result, (list, str))


# --- several speakers ---------------------------------------------------------------------------


def test_two_commands_never_mix() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        first = asyncio.create_task(chat.command(b"AT+A", until=b"+A:"))
        second = asyncio.create_task(chat.command(b"AT+B", until=b"+B:"))
        await asyncio.sleep(0.1)
        assert serial.written == [b"AT+A\r"]
        serial.say(lines("+A: 1", "OK"))
        assert await first == [b"+A:1"]
        await asyncio.sleep(0.1)
        assert serial.written == [b"AT+A\r", b"AT+B\r"]
        serial.say(lines("+B: 2", "OK"))
        assert await second == [b"+B:2"]

    chatting(script)


def test_a_failed_command_lets_the_next_one_through() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        first = asyncio.create_task(chat.command(b"AT+A", timeout_ms=300))
        second = asyncio.create_task(chat.command(b"AT+B"))
        with pytest.raises(ModemError):
            await first
        later(serial, 0.1, lines("OK"))
        assert await second == []

    chatting(script)


def test_each_note_goes_to_the_one_who_asked_for_it() -> None:
    async def script(serial: Serial, chat: Chat) -> None:
        heard: list[tuple[str, bytes]] = []
        chat.on(b"+CTTS:0", lambda line: heard.append(("voice", line)))
        chat.on(b"+IPCLOSE:", lambda line: heard.append(("link", line)))
        serial.say(lines("+CTTS: 0", "+IPCLOSE: 0,1", "+CTTS: 0", "*ATREADY: 1"))
        await asyncio.sleep(0.1)
        assert heard == [
            ("voice", b"+CTTS:0"),
            ("link", b"+IPCLOSE:0,1"),
            ("voice", b"+CTTS:0"),
        ]

    chatting(script)
