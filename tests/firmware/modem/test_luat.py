"""The Air780E driver against written dialogues (EC718 family manual, reference page 3.3)."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from terminal.modem import choose
from terminal.modem.chat import Chat, ModemError
from terminal.modem.driver import CONTEXT
from terminal.modem.luat import Luat
from terminal.modem.simcom import Simcom
from terminal.modem.socket import Closed

from ..serials import Dialogue, lines
from ..virtual_time import run

OK = lines("OK")
ERROR = lines("ERROR")
REFUSED = lines("+CME ERROR: operation not allowed")

WAKE = [(b"AT", OK), (b"ATE0", OK), (b"AT+CMEE=2", OK)]
SIM = [
    (b"AT+CPIN?", lines("+CPIN: READY", "OK")),
    (b"AT+CGSN", lines("860000000000001", "OK")),
    (b"AT+CIMI", lines("460001234567890", "OK")),
    (b"AT+ICCID", lines("+ICCID: 89860000000000000001", "OK")),
    (b'AT+CGDCONT=1,"IP","cmnet"', OK),
    (b"AT+CTZU=1", ERROR),
    (b"AT+CEREG=1", OK),
]
PROBES = [
    (b"AT+CTTS=?", OK),
    (b"AT+CIPGSMLOC=?", OK),
    (b"AT+CIPSSL=?", lines("+CIPSSL: (0-1)", "OK")),
]
MUTE = [(b"AT+CTTS=?", ERROR), (b"AT+CIPGSMLOC=?", OK), (b"AT+CIPSSL=?", ERROR)]
REGISTERED = [(b"AT+CEREG?", lines("+CEREG: 1,1", "OK"))]
SHUT = [(b"AT+CIPSHUT", lines("SHUT OK"))]
MODES = [(b"AT+CIPRXGET=1", OK), (b"AT+CIPMUX=1", OK), (b"AT+CIPQSEND=1", OK)]
ADDRESS = [(b"AT+CSTT", OK), (b"AT+CIICR", OK), (b"AT+CIFSR", lines("010.087.003.021"))]
NETWORK = [*REGISTERED, *SHUT, *MODES, *ADDRESS]
START = [*WAKE, *SIM, *PROBES, *NETWORK]
AGAIN = [*WAKE, *SIM, *NETWORK]
CLOSE = (b"AT+CIPCLOSE=0", REFUSED)
PLAIN = (b"AT+CIPSSL=0", OK)
TO_HOST = b'AT+CIPSTART=0,"TCP","h.example",1883'
CA = b"hm" + sha256(b"PEM").digest()[:6].hex().encode() + b".crt"  # the file's name
OPEN = [CLOSE, PLAIN, (TO_HOST, lines("OK", "0, CONNECT OK"))]


class Board:
    """The power key, and the platform's CA."""

    def __init__(self) -> None:
        self.held_ms: list[int] = []

    async def press_power_key(self, held_ms: int) -> None:
        self.held_ms.append(held_ms)
        await asyncio.sleep_ms(held_ms)

    def ca(self) -> bytes:
        return b"PEM"


class Luatic(Dialogue):
    """Checks that each command line ends as this module wants it."""

    def write(self, data: bytes) -> None:
        if data.startswith(b"AT"):
            assert data.endswith(b"\r\n"), data
            data = data[:-2]
        super().write(data)


def driving(
    script: Callable[[Luat, Luatic], Any], *steps: tuple[bytes, bytes | None], **options: Any
) -> None:
    """Runs `script` with a driver on the dialogue, which must be over afterwards."""

    async def work() -> None:
        dialogue = Luatic(*steps)
        chat = Chat(dialogue)
        modem = Luat(chat, options.pop("board", Board()), **options)
        reader = asyncio.create_task(chat.run())
        try:
            await script(modem, dialogue)
        finally:
            reader.cancel()
        assert (dialogue.left, dialogue.surprises) == ([], [])

    run(work())


async def on_line(modem: Luat, tls: bool = False) -> Any:
    await modem.ready()
    return await modem.connect("h.example", 1883, tls)


# --- from power to the network ------------------------------------------------------------------


def test_a_module_that_is_on_is_brought_to_the_network() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.ready()
        assert (modem.imei, modem.operator) == ("860000000000001", "CMCC")
        assert modem.iccid == "89860000000000000001"
        assert modem.capabilities == {"udp", "tts", "lbs", "tls"}

    driving(script, *START)


def test_a_firmware_without_speech_and_tls_is_known_by_its_errors() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.ready()
        assert modem.capabilities == {"udp", "lbs"}
        with pytest.raises(ModemError, match="no voice"):
            await modem.speak("A")
        await modem.connect("h.example", 1883)  # asks nothing of TLS

    driving(script, *WAKE, *SIM, *MUTE, *NETWORK, CLOSE, OPEN[2])


def test_the_power_key_is_held_as_long_as_this_module_needs() -> None:
    board = Board()

    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.ready()
        assert board.held_ms == [1300]

    silent = [(b"AT", None)] * 3
    fill = (b"", None)  # empty lines
    settled = (b"AT+CFUN?", lines("+CFUN: 1", "OK"))  # nothing is owed any more
    driving(script, *silent[:2], fill, silent[2], START[0], settled, *START[1:], board=board)


def test_the_access_point_of_the_bench_goes_before_the_networks_own() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.ready()

    own = [(text.replace(b"cmnet", b"private"), answer) for text, answer in SIM]
    named = [(b'AT+CSTT="private"', OK), *ADDRESS[1:]]
    driving(script, *WAKE, *own, *PROBES, *REGISTERED, *SHUT, *MODES, *named, apn="private")


@pytest.mark.parametrize(
    "failing",
    [
        [(b"AT+CSTT", REFUSED)],
        [(b"AT+CSTT", OK), (b"AT+CIICR", ERROR)],
        [(b"AT+CSTT", OK), (b"AT+CIICR", None)],
        [(b"AT+CSTT", OK), (b"AT+CIICR", OK), (b"AT+CIFSR", REFUSED)],
        [(b"AT+CSTT", OK), (b"AT+CIICR", OK), (b"AT+CIFSR", None)],
    ],
)
def test_an_address_that_cannot_be_had_is_a_modem_error(
    failing: list[tuple[bytes, bytes | None]],
) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        with pytest.raises(ModemError):
            await modem.ready()

    driving(script, *WAKE, *SIM, *PROBES, *REGISTERED, *SHUT, *MODES, *failing)


@pytest.mark.parametrize("note", ["+PDP: DEACT", "RDY"])
def test_a_lost_context_or_a_restart_ends_the_links_and_is_built_anew(note: str) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        sock = await on_line(modem)
        dialogue.say(lines(note))
        with pytest.raises(Closed):
            await sock.read(1000)
        await modem.ready()

    driving(script, *START, *OPEN, *AGAIN)


def test_the_first_rung_shuts_the_context() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.ready()
        await modem.ready(CONTEXT)
        assert modem.ladder == [0, 1, 0, 0]

    driving(script, *START, *SHUT, *AGAIN)


# --- links --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [lines("OK", "0,CONNECT OK"), lines("0, CONNECT OK", "OK"), lines("OK", "0, CONNECT OK")],
)
def test_a_link_is_open_in_both_spellings_and_orders(answer: bytes) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await on_line(modem)

    driving(script, *START, *OPEN[:2], (TO_HOST, answer))


@pytest.mark.parametrize(
    "answer",
    [
        lines("OK", "0, CONNECT FAIL"),
        lines("OK", "0,ALREADY CONNECT"),
        lines("OK", "0, CLOSED"),
        lines("OK", "1, CONNECT OK"),
        REFUSED,
        OK,
        None,
    ],
)
def test_a_link_that_cannot_be_had_is_a_modem_error(answer: bytes | None) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        with pytest.raises(ModemError):
            await on_line(modem)

    driving(script, *START, *OPEN[:2], (TO_HOST, answer))


def test_bytes_are_accepted_and_none_is_swallowed() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        sock = await on_line(modem)
        await sock.write(b"\nhello")
        assert sock.sent == 6

    sending = [(b"AT+CIPSEND=0,6", b"\r\n> "), (b"\nhello", lines("DATA ACCEPT:0,6"))]
    driving(script, *START, *OPEN, *sending)


@pytest.mark.parametrize(
    "answer",
    [
        lines("DATA ACCEPT:0,4"),
        lines("DATA ACCEPT:1,5"),
        lines("DATA ACCEPT:0,"),
        lines("0, SEND FAIL"),
        lines("0,SEND OK"),  # that is how slow sending speaks, which nobody asked for
        REFUSED,
        None,
    ],
)
def test_bytes_that_were_not_all_accepted_end_the_link(answer: bytes | None) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        sock = await on_line(modem)
        with pytest.raises(ModemError):
            await sock.write(b"hello")
        with pytest.raises(Closed):
            await sock.write(b"more")

    driving(script, *START, *OPEN, (b"AT+CIPSEND=0,5", b"> "), (b"hello", answer))


@pytest.mark.parametrize("closed", ["0, CLOSED", "0,CLOSED"])
def test_what_came_before_the_end_is_read_first(closed: str) -> None:
    read = lines("+CIPRXGET: 2,0,3,0").lstrip() + b"bye" + OK

    async def script(modem: Luat, dialogue: Luatic) -> None:
        sock = await on_line(modem)
        dialogue.say(lines("+CIPRXGET: 1,0", closed))
        assert await sock.read(1000) == b"bye"
        with pytest.raises(Closed, match="other end"):
            await sock.read(1000)

    driving(script, *START, *OPEN, (b"AT+CIPRXGET=2,0,1460", read))


def test_a_secure_link_has_its_own_context_with_ca_and_host_name() -> None:
    upload = [
        (b'AT+FSFLSIZE="%s"' % CA, REFUSED),
        (b'AT+FSCREATE="%s"' % CA, OK),
        (b'AT+FSWRITE="%s",0,3,10' % CA, b"\r\n>"),
        (b"PEM", OK),
    ]
    settings = [
        (b'AT+SSLCFG="sslversion",0,3', OK),
        (b'AT+SSLCFG="seclevel",0,1', OK),
        (b'AT+SSLCFG="ignorelocaltime",0,1', OK),
        (b'AT+SSLCFG="cacert",0,"%s"' % CA, OK),
        (b'AT+SSLCFG="hostname",0,"h.example"', OK),
        (b"AT+CIPSSL=1", OK),
    ]

    async def script(modem: Luat, dialogue: Luatic) -> None:
        await on_line(modem, tls=True)

    driving(script, *START, *upload, CLOSE, *settings, OPEN[2])


def test_half_a_certificate_is_replaced() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        await modem.install_ca(b"PEM")

    driving(
        script,
        (b'AT+FSFLSIZE="%s"' % CA, lines("+FSFLSIZE: 2", "OK")),
        (b'AT+FSDEL="%s"' % CA, OK),
        (b'AT+FSCREATE="%s"' % CA, OK),
        (b'AT+FSWRITE="%s",0,3,10' % CA, b"\r\n>"),
        (b"PEM", OK),
    )


# --- place and voice ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("0,034.7983328,114.3214505,2023/06/05,14:38:50", (34_798_332, 114_321_450, 1000)),
        ("0,000.0000000,000.0000000,2023/06/05,14:38:50", None),
        ("0,114.3214505,034.7983328,2023/06/05,14:38:50", None),
        ("601", None),
        ("0", None),
        ("", None),
    ],
)
def test_a_place_is_asked_for_in_a_context_of_its_own(line: str, place: Any) -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        if place:
            assert await modem.locate() == place
            return
        with pytest.raises(ModemError, match="no position"):
            await modem.locate()

    driving(
        script,
        (b'AT+SAPBR=3,1,"CONTYPE","GPRS"', OK),
        (b'AT+SAPBR=3,1,"APN",""', OK),
        (b"AT+SAPBR=1,1", REFUSED),  # open already
        (b"AT+CIPGSMLOC=1,1", lines("+CIPGSMLOC: " + line, "OK")),
    )


def test_a_text_that_is_broken_off_ends_without_a_note() -> None:
    async def script(modem: Luat, dialogue: Luatic) -> None:
        modem.imei, modem.capabilities = "1", {"tts"}
        asyncio.get_running_loop().call_later(1, asyncio.ensure_future, modem.hush())
        await modem.speak("A")

    driving(script, (b'AT+CTTS=1,"0041"', OK), (b"AT+CTTS=0", OK))


def test_the_setting_names_the_driver() -> None:
    assert [choose(name) for name in ("a7670", "air780e")] == [Simcom, Luat]
