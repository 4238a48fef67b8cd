"""The SIMCom driver against written dialogues (A76XX manual V1.09, reference page 3.1)."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from terminal.modem import driver
from terminal.modem.chat import Chat, ModemError
from terminal.modem.simcom import CONTEXT, POWER, RADIO, Simcom
from terminal.modem.socket import Closed, Socket

from ..serials import Dialogue, lines
from ..virtual_time import now_ms, run

OK = lines("OK")
ERROR = lines("ERROR")
CIPSEND_OK = lines("OK", "+CIPSEND: 0,5,5")

WAKE = [(b"AT", OK), (b"ATE0", OK), (b"AT+CMEE=2", OK)]
SIM = [
    (b"AT+CPIN?", lines("+CPIN: READY", "OK")),
    (b"AT+CGSN", lines("860000000000001", "OK")),
    (b"AT+CIMI", lines("460001234567890", "OK")),
    (b"AT+CICCID", lines("+ICCID: 89860000000000000001", "OK")),
    (b'AT+CGDCONT=1,"IP","cmnet"', OK),
    (b"AT+CTZU=1", OK),
    (b"AT+CEREG=1", OK),
]
PROBES = [(b"AT+CTTS=?", OK), (b"AT+CLBS=?", OK), (b"AT+CCHOPEN=?", OK)]
NETWORK = [
    (b"AT+CEREG?", lines("+CEREG: 0,1", "OK")),
    (b"AT+CIPRXGET=1", OK),
    (b"AT+CIPTIMEOUT=60000,30000,20000", OK),
    (b"AT+NETOPEN?", lines("+NETOPEN: 0", "OK")),
    (b"AT+NETOPEN", lines("OK", "+NETOPEN: 0")),
]
OPEN_ALREADY = [*NETWORK[:3], (b"AT+NETOPEN?", lines("+NETOPEN: 1", "OK"))]
OPEN = [
    (b"AT+CIPCLOSE=0", lines("+CIPCLOSE: 0,2", "ERROR")),
    (b'AT+CIPOPEN=0,"TCP","h.example",1883', lines("OK", "+CIPOPEN: 0,0")),
]


class Board:
    """The power key: how long it was held, and what that does to the dialogue."""

    def __init__(self) -> None:
        self.held_ms: list[int] = []

    async def press_power_key(self, held_ms: int) -> None:
        self.held_ms.append(held_ms)
        await asyncio.sleep_ms(held_ms)


def driving(
    dialogue: Dialogue, script: Callable[[Simcom, Board], Any], apn: str = "", over: bool = True
) -> Any:
    """Runs `script` with a driver on the dialogue, which must be over afterwards."""

    async def work() -> Any:
        chat, board = Chat(dialogue), Board()
        modem = Simcom(chat, board, apn)
        reader = asyncio.create_task(chat.run())
        try:
            return await script(modem, board)
        finally:
            reader.cancel()
            if over:
                assert (dialogue.left, dialogue.surprises) == ([], [])

    return run(work())


# --- from power to the network ------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 8, 512])
def test_a_modem_that_is_on_is_brought_to_the_network(most: int) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        assert modem.imei == "860000000000001"
        assert modem.iccid == "89860000000000000001"
        assert modem.operator == "CMCC"
        assert board.held_ms == []
        await modem.ready()  # already there: not a word

    driving(Dialogue(*WAKE, *SIM, *PROBES, *NETWORK, most=most), script)


def test_a_modem_that_is_off_is_switched_on_and_waited_for() -> None:
    dialogue = Dialogue(*[(b"AT", None)] * 20, *WAKE, *SIM, *PROBES, *NETWORK)

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        assert board.held_ms == [100]

    driving(dialogue, script)


def test_a_modem_that_never_starts_is_an_error_within_half_a_minute() -> None:
    async def script(modem: Simcom, board: Board) -> None:
        before = now_ms()
        with pytest.raises(ModemError, match="does not start"):
            await modem.ready()
        assert now_ms() - before < 30_000

    driving(Dialogue(*[(b"AT", None)] * 53), script)


def test_boot_notes_and_the_echo_do_not_disturb_the_start() -> None:
    notes = lines("*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE", "+CGEV: EPS PDN ACT 1")
    echoed = [(text, text + b"\r" + notes + answer) for text, answer in WAKE]

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()

    driving(Dialogue(*echoed, *SIM, *PROBES, *NETWORK), script)


def test_a_sim_that_is_still_starting_is_asked_again() -> None:
    busy = [
        (b"AT+CPIN?", lines("+CME ERROR: SIM busy")),
        (b"AT+CPIN?", lines("+CPIN: SIM PIN", "OK")),
        (b"AT+CPIN?", None),
    ]

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()

    driving(Dialogue(*WAKE, *busy, *SIM, *PROBES, *NETWORK), script)


def test_no_sim_is_an_error_in_the_modems_own_words() -> None:
    missing = [(b"AT+CPIN?", lines("+CME ERROR: SIM not inserted"))] * 20

    async def script(modem: Simcom, board: Board) -> None:
        with pytest.raises(ModemError, match="SIM not inserted"):
            await modem.ready()

    driving(Dialogue(*WAKE, *missing), script)


def test_the_access_point_of_the_bench_goes_before_the_sims() -> None:
    own = [(text.replace(b"cmnet", b"private.apn"), answer) for text, answer in SIM]

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()

    driving(Dialogue(*WAKE, *own, *PROBES, *NETWORK), script, apn="private.apn")


def test_an_unknown_sim_gets_no_access_point() -> None:
    foreign = [
        (text, answer.replace(b"46000", b"26201"))
        for text, answer in SIM
        if not text.startswith(b"AT+CGDCONT")
    ]

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        assert modem.operator == ""

    driving(Dialogue(*WAKE, *foreign, *PROBES, *NETWORK), script)


@pytest.mark.parametrize(
    "first", ["+CEREG: 0,0", "+CEREG: 0,2", "+CEREG: 0,3", "+CEREG: 1", "+CEREG: 0,x", "+CEREG:"]
)
@pytest.mark.parametrize("then", ["+CEREG: 0,1", '+CEREG: 2,5,"1A2B","01",7'])
def test_registration_at_home_or_roaming_is_waited_for(first: str, then: str) -> None:
    waiting = [(b"AT+CEREG?", lines(first, "OK"))] * 3
    registered = (b"AT+CEREG?", lines(then, "OK"))

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()

    driving(Dialogue(*WAKE, *SIM, *PROBES, *waiting, registered, *NETWORK[1:]), script)


def test_no_registration_in_two_minutes_is_an_error() -> None:
    waiting = [(b"AT+CEREG?", lines("+CEREG: 0,2", "OK"))] * 120

    async def script(modem: Simcom, board: Board) -> None:
        before = now_ms()
        with pytest.raises(ModemError, match="registration"):
            await modem.ready()
        assert 115_000 < now_ms() - before < 125_000

    driving(Dialogue(*WAKE, *SIM, *PROBES, *waiting), script)


def test_a_data_context_that_is_open_already_is_used() -> None:
    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()

    driving(Dialogue(*WAKE, *SIM, *PROBES, *OPEN_ALREADY), script)


@pytest.mark.parametrize(
    "answer",
    [
        lines("OK", "+NETOPEN: 1"),
        lines("OK", "+NETOPEN: x"),
        lines("+IPERROR: Network is already opened", "ERROR"),
        ERROR,
        lines("+CME ERROR: no network service"),
        None,
    ],
)
def test_a_data_context_that_cannot_be_had_is_an_error(answer: bytes | None) -> None:
    failing = [*NETWORK[:4], (b"AT+NETOPEN", answer)]

    async def script(modem: Simcom, board: Board) -> None:
        with pytest.raises(ModemError):
            await modem.ready()

    driving(Dialogue(*WAKE, *SIM, *PROBES, *failing), script)


# --- recovery -----------------------------------------------------------------------------------

FIRST = [*WAKE, *SIM, *PROBES, *NETWORK]
AGAIN = [*WAKE, *SIM, *NETWORK]
DOWN = {
    CONTEXT: [(b"AT+NETCLOSE", lines("OK", "+NETCLOSE: 0"))],
    RADIO: [(b"AT+CFUN=0", OK), (b"AT+CFUN=1", OK)],
    POWER: [(b"AT", None)] * 3,
}


@pytest.mark.parametrize("depth", [CONTEXT, RADIO, POWER])
def test_each_depth_of_recovery_tears_down_that_much_and_comes_back(depth: int) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        await modem.ready(depth)
        assert board.held_ms == ([2600, 100] if depth == POWER else [])

    driving(Dialogue(*FIRST, *DOWN[depth], *AGAIN), script)


@pytest.mark.parametrize("answer", [None, ERROR, lines("+CME ERROR: unknown error")])
def test_a_tear_down_that_fails_does_not_end_the_recovery(answer: bytes | None) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        await modem.ready(CONTEXT)

    driving(Dialogue(*FIRST, (b"AT+NETCLOSE", answer), *AGAIN), script)


def test_a_modem_that_falls_silent_is_looked_for_and_then_switched_off_and_on() -> None:
    """At ours, at every other rate, at ours while it may be starting; then its key."""
    tries = 3 + 2 * 5 + 2 + 12
    silent = [(b"AT+CSQ", None), *[(b"AT", None)] * tries]

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        with pytest.raises(ModemError):
            await modem.signal()
        await modem.ready()
        assert board.held_ms == [2600, 100]
        assert modem.ladder == [1, 0, 0, 1]

    driving(Dialogue(*FIRST, *silent, *AGAIN), script)


def test_a_modem_that_answers_again_is_not_switched_off() -> None:
    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        with pytest.raises(ModemError):
            await modem.signal()
        await modem.ready()
        assert board.held_ms == []

    driving(Dialogue(*FIRST, (b"AT+CSQ", None), *WAKE, *SIM, *OPEN_ALREADY), script)


def test_a_modem_at_another_rate_is_met_there_and_told_ours() -> None:
    found = [*[(b"AT", None)] * 5, (b"AT", OK), (b"AT+IPR=115200", OK)]
    dialogue = Dialogue(*FIRST, (b"AT+CSQ", None), *found, *WAKE, *SIM, *OPEN_ALREADY)

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        with pytest.raises(ModemError):
            await modem.signal()
        await modem.ready()
        assert board.held_ms == []
        assert dialogue.bauds == [9600, 57600, 115200]

    driving(dialogue, script)


@pytest.mark.parametrize("note", ["*ATREADY: 1", "+CIPEVENT: NETWORK CLOSED UNEXPECTEDLY"])
def test_a_modem_that_restarts_or_loses_its_network_is_started_anew(note: str) -> None:
    dialogue = Dialogue(*FIRST, *OPEN, *AGAIN)

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        sock = await modem.connect("h.example", 1883)
        dialogue.say(lines(note))
        with pytest.raises(Closed):
            await sock.read(1000)
        with pytest.raises(Closed):
            await sock.write(b"lost")
        await modem.ready()

    driving(dialogue, script)


def test_a_peer_that_closes_costs_only_the_socket() -> None:
    dialogue = Dialogue(*FIRST, *OPEN, *OPEN)

    async def script(modem: Simcom, board: Board) -> None:
        await modem.ready()
        sock = await modem.connect("h.example", 1883)
        dialogue.say(lines("+IPCLOSE: 0,1"))
        with pytest.raises(Closed, match="other end"):
            await sock.read(1000)
        await modem.ready()
        again = await modem.connect("h.example", 1883)
        assert again is not sock

    driving(dialogue, script)


# --- one TCP connection -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        lines("OK", "+CIPOPEN: 0,0"),
        lines("OK", "+CIPOPEN:0,0"),
        lines("OK", "+CIPOPEN: 0, 0"),
        lines("+CIPOPEN: 0,0", "OK"),
    ],
)
def test_a_connection_is_open_in_both_spellings_and_orders(answer: bytes) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        assert isinstance(await modem.connect("h.example", 1883), Socket)

    driving(Dialogue(OPEN[0], (OPEN[1][0], answer)), script)


@pytest.mark.parametrize(
    "answer",
    [lines("OK", f"+CIPOPEN: 0,{error}") for error in range(1, 13)]
    + [
        lines("+CIPOPEN: 0,4", "ERROR"),
        lines("+CIPOPEN: 0,x", "OK"),
        lines("+CIPOPEN:", "OK"),
        ERROR,
        lines("+IPERROR: Network not opened", "ERROR"),
        OK,
        None,
    ],
)
def test_a_connection_that_cannot_be_had_is_a_modem_error(answer: bytes | None) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        with pytest.raises(ModemError):
            await modem.connect("h.example", 1883)

    driving(Dialogue(OPEN[0], (OPEN[1][0], answer)), script)


def test_the_late_half_of_a_refused_close_does_not_spoil_the_opening() -> None:
    """`+IPERROR` and `ERROR` in two reads: the ERROR once ended the command that came next."""
    dialogue = Dialogue((OPEN[0][0], lines("+IPERROR: 4")), OPEN[1])

    async def script(modem: Simcom, board: Board) -> None:
        asyncio.get_running_loop().call_later(0.5, dialogue.say, ERROR)
        await modem.connect("h.example", 1883)

    driving(dialogue, script)


def test_a_new_connection_replaces_an_old_one() -> None:
    closing = (OPEN[0][0], lines("OK", "+CIPCLOSE: 0,0"))

    async def script(modem: Simcom, board: Board) -> None:
        old = await modem.connect("h.example", 1883)
        new = await modem.connect("h.example", 1883)
        with pytest.raises(Closed, match="replaced"):
            await old.write(b"x")
        assert new is not old

    driving(Dialogue(*OPEN, closing, OPEN[1]), script)


def test_bytes_are_sent_after_the_prompt_and_confirmed() -> None:
    sending = [(b"AT+CIPSEND=0,5", b"\r\n> "), (b"hello", CIPSEND_OK)]

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        await sock.write(b"hello")
        assert sock.sent == 5

    driving(Dialogue(*OPEN, *sending), script)


def test_a_long_text_goes_out_in_pieces_that_the_modem_takes() -> None:
    text = bytes(range(250)) * 16
    sending: list[tuple[bytes, bytes]] = []
    for start in range(0, len(text), 1460):
        piece = text[start : start + 1460]
        confirmed = lines("OK", f"+CIPSEND:0,{len(piece)},{len(piece)}")
        sending += [(b"AT+CIPSEND=0,%d" % len(piece), b">"), (piece, confirmed)]

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        await sock.write(text)

    driving(Dialogue(*OPEN, *sending, most=512), script)


@pytest.mark.parametrize(
    "answer",
    [
        lines("OK", "+CIPSEND: 0,5,4"),
        lines("OK", "+CIPSEND: 0,5,-1"),
        lines("OK", "+CIPSEND: 0,5"),
        lines("+CIPERROR: 4", "ERROR"),
        ERROR,
        None,
    ],
)
def test_bytes_that_were_not_all_confirmed_are_a_modem_error(answer: bytes | None) -> None:
    sending = [(b"AT+CIPSEND=0,5", b"> "), (b"hello", answer)]

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        with pytest.raises(ModemError):
            await sock.write(b"hello")
        assert sock.sent == 0

    driving(Dialogue(*OPEN, *sending), script)


def test_bytes_are_fetched_when_the_modem_says_that_there_are_some() -> None:
    raw = b"\r\nOK\r\n+IPCLOSE: 0,1\r\n>"
    first = lines(f"+CIPRXGET: 2,0,{len(raw)},3").lstrip() + raw + OK
    rest = lines("+CIPRXGET: 2,0,3,0").lstrip() + b"end" + OK
    dialogue = Dialogue(*OPEN, (b"AT+CIPRXGET=2,0,1460", first), (b"AT+CIPRXGET=2,0,1460", rest))

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        asyncio.get_running_loop().call_later(0.2, dialogue.say, lines("+CIPRXGET: 1,0"))
        assert await sock.read(1000) == raw
        assert await sock.read(1000) == b"end"
        assert sock.rcvd == len(raw) + 3

    driving(dialogue, script)


@pytest.mark.parametrize(
    "nothing", [lines("+IPERROR: No data", "ERROR"), lines("+CIPRXGET: 2,0,0,0", "OK")]
)
def test_without_a_note_the_terminal_looks_for_itself_and_nothing_there_is_no_fault(
    nothing: bytes,
) -> None:
    found = lines("+CIPRXGET: 2,0,2,0").lstrip() + b"hi" + OK
    asked = [(b"AT+CIPRXGET=2,0,1460", nothing), (b"AT+CIPRXGET=2,0,1460", found)]

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        assert await sock.read(1000) == b""
        assert await sock.read(1000) == b""
        assert await sock.read(1000) == b"hi"

    driving(Dialogue(*OPEN, *asked), script)


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        lines("+CIPRXGET: 2,0,5", "OK"),
        lines("+CIPRXGET: 2,0,-5,0", "OK"),
        lines("+CIPRXGET: 2,0,x,0", "OK"),
        lines("+CIPRXGET: 2,", "OK"),
        lines("+CIPRXGET: 2,0,99999,0") + b"x" * 40 + OK,
        lines("+CIPRXGET: 2,0,9,0").lstrip() + b"short",
        ERROR,
        None,
    ],
)
def test_bytes_that_cannot_be_fetched_whole_are_a_modem_error(answer: bytes | None) -> None:
    dialogue = Dialogue(*OPEN, (b"AT+CIPRXGET=2,0,1460", answer))

    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        sock.arrived()
        with pytest.raises(ModemError):
            await sock.read(1000)
        assert sock.rcvd == 0
        dialogue.then((b"AT+CSQ", lines("+CSQ: 20,99", "OK")))
        await asyncio.sleep(1)
        assert await modem.signal() == 20

    driving(dialogue, script)


@pytest.mark.parametrize("answer", [lines("OK", "+CIPCLOSE: 0,0"), ERROR, None])
def test_closing_always_ends_the_socket(answer: bytes | None) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        sock = await modem.connect("h.example", 1883)
        await sock.close()
        with pytest.raises(Closed):
            await sock.read(10)

    driving(Dialogue(*OPEN, (b"AT+CIPCLOSE=0", answer)), script)


# --- signal and voice ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "strength"),
    [("0,0", 0), ("31,99", 31), ("99,99", 99), ("32,0", 99), ("-1,0", 99), ("x", 99), ("", 99)],
)
def test_the_signal_is_a_strength_or_not_known(line: str, strength: int) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        assert await modem.signal() == strength

    driving(Dialogue((b"AT+CSQ", lines("+CSQ: " + line, "OK"))), script)


def started(modem: Simcom) -> Simcom:
    modem.imei = "860000000000001"
    modem.capabilities = {"tts"}
    return modem


def test_a_text_is_spoken_in_two_byte_letters_and_waited_for() -> None:
    dialogue = Dialogue((b'AT+CTTS=1,"710a673a0041"', lines("+CTTS:", "OK")))

    async def script(modem: Simcom, board: Board) -> None:
        before = now_ms()
        asyncio.get_running_loop().call_later(2, dialogue.say, lines("+CTTS: 0"))
        await started(modem).speak("焊机A")
        assert now_ms() - before == 2000

    driving(dialogue, script)


def test_letters_beyond_two_bytes_are_left_out() -> None:
    dialogue = Dialogue((b'AT+CTTS=1,"0041"', lines("+CTTS:", "OK", "+CTTS: 0")))

    async def script(modem: Simcom, board: Board) -> None:
        await started(modem).speak("\U0001f525A")

    driving(dialogue, script)


@pytest.mark.parametrize("answer", [ERROR, lines("+CME ERROR: operation not supported"), None, OK])
def test_a_voice_that_fails_is_a_modem_error_and_holds_nobody_up_for_long(
    answer: bytes | None,
) -> None:
    async def script(modem: Simcom, board: Board) -> None:
        before = now_ms()
        with pytest.raises(ModemError):
            await started(modem).speak("A")
        assert now_ms() - before <= driver._SPEECH_MS + 5000

    driving(Dialogue((b'AT+CTTS=1,"0041"', answer)), script)


def test_what_is_hushed_is_over_at_once() -> None:
    dialogue = Dialogue(
        (b'AT+CTTS=1,"0041"', lines("+CTTS:", "OK")),
        (b"AT+CTTS=0", lines("+CTTS: 0", "OK")),
        (b'AT+CTTS=1,"0042"', lines("+CTTS:", "OK", "+CTTS: 0")),
    )

    async def script(modem: Simcom, board: Board) -> None:
        before = now_ms()
        speaking = asyncio.create_task(started(modem).speak("A"))
        await asyncio.sleep(0.5)
        await modem.hush()
        await speaking
        assert now_ms() - before == 500
        await modem.speak("B")

    driving(dialogue, script)


def test_the_end_of_what_was_hushed_is_not_taken_for_the_end_of_the_next() -> None:
    """The hushed one is over with its note, and the next begins before the hush had its OK."""
    dialogue = Dialogue(
        (b'AT+CTTS=1,"0041"', lines("+CTTS:", "OK")),
        (b"AT+CTTS=0", lines("+CTTS: 0", "OK")),
        (b'AT+CTTS=1,"0042"', lines("+CTTS:", "OK")),
        most=1,
    )

    async def script(modem: Simcom, board: Board) -> None:
        async def both() -> None:
            await started(modem).speak("A")
            await modem.speak("B")

        speaking = asyncio.create_task(both())
        await asyncio.sleep(0.5)
        await modem.hush()
        await asyncio.sleep(1)
        assert not speaking.done()
        dialogue.say(lines("+CTTS: 0"))
        await speaking

    driving(dialogue, script)


def test_a_modem_that_was_not_started_speaks_not_and_is_not_asked() -> None:
    async def script(modem: Simcom, board: Board) -> None:
        with pytest.raises(ModemError, match="no voice"):
            await modem.speak("A")

    driving(Dialogue(), script)
