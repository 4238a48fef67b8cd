"""The phone's way in, with made-up phones and made-up time: pieces, answers, who is sent away."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from terminal.nearby import Nearby

from .virtual_time import now_ms, run

IDENTITY, TICKET, STATE, JOURNAL = 2, 3, 4, 5
FIRST, LAST = 0x80, 0x40
OK, PIECES, CLOSED, MALFORMED, BAD_MAC, GAS = 1, 2, 3, 4, 6, 14


class Characteristic:
    def __init__(self) -> None:
        self.value = b""
        self.writes: asyncio.Queue[tuple[Any, bytes]] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        self.value = bytes(data)

    async def written(self) -> tuple[Any, bytes]:
        return await self.writes.get()

    def notify(self, phone: "Phone", data: bytes) -> None:
        phone.hear(self, bytes(data))


class Phone:
    """The connection as the firmware sees it, and what the phone heard."""

    def __init__(self, radio: "Radio", mtu: int | None) -> None:
        self.radio, self.mtu = radio, mtu
        self.heard: list[tuple[int, bytes]] = []
        self.full = 0  # so many notifications find no room
        self.gone_ms: int | None = None

    def is_connected(self) -> bool:
        return self.gone_ms is None

    async def disconnect(self) -> None:
        self.gone_ms = now_ms()

    def hear(self, one: Characteristic, data: bytes) -> None:
        assert self.is_connected()
        assert len(data) <= (self.mtu or 23) - 3
        if self.full:
            self.full -= 1
            raise OSError(12)
        self.heard.append((self.radio.number(one), data))

    @property
    def states(self) -> list[bytes]:
        return [data for of, data in self.heard if of == STATE]

    async def write(self, of: int, data: bytes) -> bytes:
        """One piece; the state after it and after all that it set going."""
        self.radio.made[of].writes.put_nowait((self, data))
        await asyncio.sleep(0.01)
        return self.states[-1]

    async def text(self, of: int, text: bytes, room: int = 19) -> bytes:
        parts = [text[at : at + room] for at in range(0, len(text), room)]
        for number, part in enumerate(parts):
            head = number & 63 | (0 if number else FIRST)
            head |= LAST if number == len(parts) - 1 else 0
            state = await self.write(of, bytes([head]) + part)
        return state

    def answers(self) -> list[bytes]:
        """The long values that came through the journal."""
        told: list[bytes] = []
        for of, data in self.heard:
            if of == JOURNAL:
                told = [*told, b""] if data[0] & FIRST else told
                told[-1] += data[1:]
        return told


class Radio:
    def __init__(self) -> None:
        self.made: dict[int, Characteristic] = {}
        self.name = b""
        self.broken = False
        self.coming: asyncio.Queue[Phone] = asyncio.Queue()

    def serve(self, rows: Any) -> list[Characteristic]:
        if self.broken:
            raise OSError(19)
        self.made = {row[0]: Characteristic() for row in rows}
        return list(self.made.values())

    async def meet(self, name: bytes) -> Phone:
        self.name = name
        return await self.coming.get()

    def number(self, one: Characteristic) -> int:
        return next(number for number, made in self.made.items() if made is one)


class Terminal:
    """Callbacks that note what they were asked; `words` are the answers to tickets by text."""

    def __init__(self) -> None:
        self.radio = Radio()
        self.taken: list[str] = []
        self.words: dict[str, str] = {}
        self.slow_s = 0.0
        self.broken = False
        self.mode, self.relay, self.job = "idle", 0, ""
        self.challenge = "00" * 8
        self.kept: list[bytes] = []
        self.asked: list[int] = []
        self.nearby = Nearby(
            self.radio,
            b"HM-1",
            lambda: (self.take, self.state, self.identity, self.carry, self.stored),
        )

    async def take(self, text: str) -> dict[str, Any]:
        self.taken.append(text)
        await asyncio.sleep(self.slow_s)
        if self.broken:
            raise RuntimeError("flash")
        word = self.words.get(text, "")
        return {"code": 500 if word else 200, "word": word, "id": text[:8]}

    def state(self) -> dict[str, Any]:
        return {"mode": self.mode, "relay": self.relay, "job": self.job}

    def identity(self) -> dict[str, Any]:
        return {"d": "HM-1", "challenge": self.challenge}

    def carry(self, seq: int) -> bytes:
        self.asked.append(seq)
        return b"entries from %d " % seq + b"x" * 1500

    def stored(self, text: bytes) -> str:
        self.kept.append(text)
        return "" if b"good" in text else "bad-mac"

    async def phone(self, mtu: int | None = None) -> Phone:
        phone = Phone(self.radio, mtu)
        self.radio.coming.put_nowait(phone)
        await asyncio.sleep(0.01)
        return phone


def scene(script: Callable[[Terminal], Coroutine[Any, Any, None]]) -> None:
    async def play() -> None:
        terminal = Terminal()
        task = asyncio.create_task(terminal.nearby.run())
        await asyncio.sleep(0.01)
        await script(terminal)
        assert not task.done()

    run(play())


# --- a ticket ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mtu", "room"), [(None, 20), (23, 20), (247, 244), (517, 244)])
def test_a_ticket_comes_in_pieces_and_is_answered_with_state_and_receipt(
    mtu: int | None, room: int
) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone(mtu)
        terminal.mode, terminal.relay, terminal.job = "working", 1, "j0000001"
        text = "t" * 230
        state = await phone.text(TICKET, text.encode(), room - 1)
        assert terminal.taken == [text]
        assert state[:3] == bytes([1, 1, OK])
        assert state[5:] == bytes([room]) + b"j0000001"
        assert json.loads(phone.answers()[0]) == {"code": 200, "word": "", "id": "t" * 8}

    scene(script)


def test_each_piece_is_named_by_the_state_before_the_answer() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        await phone.text(TICKET, b"t" * 50)
        heads = [state[3] for state in phone.states]
        assert heads == [FIRST, 1, LAST | 2, LAST | 2]
        assert [state[2] for state in phone.states] == [0, 0, 0, OK]
        assert [state[4] for state in phone.states] == [TICKET] * 2 + [0] * 2
        assert all(len(state) <= 20 for state in phone.states)

    scene(script)


@pytest.mark.parametrize(
    ("word", "code"), [("bad-mac", BAD_MAC), ("gas", GAS), ("malformed", MALFORMED), ("new", 255)]
)
def test_a_refused_ticket_is_answered_with_its_code(word: str, code: int) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.words["wrong"] = word
        state = await phone.text(TICKET, b"wrong")
        assert state[2] == code
        assert json.loads(phone.answers()[0])["word"] == word
        assert (await phone.text(TICKET, b"right"))[2] == OK

    scene(script)


def test_bytes_that_are_no_letters_are_an_empty_ticket() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.words[""] = "malformed"
        assert (await phone.text(TICKET, b"\xff\xfe\x80"))[2] == MALFORMED

    scene(script)


def test_a_long_job_id_is_cut_so_that_the_state_fits_the_smallest_link() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.job = "j" * 64
        state = await phone.text(TICKET, b"t")
        assert state[6:] == b"j" * 14

    scene(script)


# --- pieces that do not fit ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"\x80"],
        [b"\xc0"],
        [b"\x01x"],
        [b"\x41x"],
        [b"\x81x"],
        [b"\x80x", b"\x02x"],
        [b"\x80x", b"\x01x", b"\x01x"],
        [b"\x80x", b"\x40x"],
        [b"\x80x", b""],
        [b"\xffx"],
        [b"\x80x", *[bytes([n & 63]) + b"y" * 200 for n in range(1, 7)]],
    ],
)
def test_what_does_not_fit_is_told_and_the_next_first_piece_begins_anew(
    pieces: list[bytes],
) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone(247)
        for piece in pieces:
            state = await phone.write(TICKET, piece)
        assert (state[2], state[3]) == (PIECES, 0xFF)
        assert (await phone.write(TICKET, b"\x43x"))[2] == PIECES
        assert terminal.taken == []
        assert (await phone.text(TICKET, b"right"))[2] == OK
        assert terminal.taken == ["right"]

    scene(script)


def test_a_text_belongs_to_one_characteristic() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        await phone.write(TICKET, b"\x80one")
        assert (await phone.write(JOURNAL, b"\x41two"))[2] == PIECES
        assert terminal.taken == [] and terminal.kept == []

    scene(script)


def test_more_than_sixty_four_pieces_go_on_counting_from_nought() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        assert (await phone.text(TICKET, b"t" * 700, 7))[2] == OK
        assert terminal.taken == ["t" * 700]

    scene(script)


@given(
    st.lists(st.tuples(st.sampled_from([TICKET, JOURNAL]), st.binary(max_size=30)), max_size=30)
)
def test_any_garbage_is_survived_and_no_whole_text_is_made_up(
    writes: list[tuple[int, bytes]],
) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone(247)
        for of, data in writes:
            await phone.write(of, data)
        sent = b"".join(data[1:] for _, data in writes)
        assert sum(len(text.encode()) for text in terminal.taken) <= len(sent)
        assert (await phone.text(TICKET, b"right"))[2] == OK

    scene(script)


# --- several phones ------------------------------------------------------------------------------


def test_three_phones_at_once_do_not_disturb_each_other() -> None:
    async def script(terminal: Terminal) -> None:
        phones = [await terminal.phone() for _ in range(3)]
        for number in range(3):
            for phone, letter in zip(phones, b"abc", strict=True):
                head = (FIRST if number == 0 else number) | (LAST if number == 2 else 0)
                state = await phone.write(TICKET, bytes([head, letter]))
                assert state[3] == head
        assert terminal.taken == ["aaa", "bbb", "ccc"]
        for phone, letter in zip(phones, "abc", strict=True):
            assert json.loads(phone.answers()[0])["id"] == letter * 3

    scene(script)


def test_a_fourth_phone_is_met_when_one_has_gone() -> None:
    async def script(terminal: Terminal) -> None:
        phones = [await terminal.phone() for _ in range(3)]
        fourth = await terminal.phone()
        assert terminal.radio.coming.qsize() == 1
        await phones[1].disconnect()
        await asyncio.sleep(2)
        assert terminal.radio.coming.qsize() == 0
        assert (await fourth.text(TICKET, b"t"))[2] == OK

    scene(script)


def test_a_phone_that_sends_wrong_tickets_delays_nobody() -> None:
    async def script(terminal: Terminal) -> None:
        bad, good = await terminal.phone(), await terminal.phone()
        terminal.words["wrong"] = "bad-mac"
        for _ in range(20):
            await bad.text(TICKET, b"wrong")
            assert (await good.text(TICKET, b"right"))[2] == OK
        assert bad.states[-1][2] == BAD_MAC

    scene(script)


def test_a_slow_answer_to_one_phone_does_not_hold_up_another() -> None:
    async def script(terminal: Terminal) -> None:
        slow, quick = await terminal.phone(), await terminal.phone()
        terminal.slow_s = 0.3
        state = await slow.text(TICKET, b"slow")
        assert state[2] == 0
        assert (await slow.write(TICKET, b"\xc0x"))[2] == PIECES
        terminal.slow_s = 0
        assert (await quick.text(TICKET, b"quick"))[2] == OK
        await asyncio.sleep(0.4)
        assert slow.states[-1][2] == OK

    scene(script)


def test_a_phone_that_goes_in_the_middle_of_a_ticket_leaves_nothing_behind() -> None:
    async def script(terminal: Terminal) -> None:
        first = await terminal.phone()
        await first.write(TICKET, b"\x80half a ")
        await first.disconnect()
        await asyncio.sleep(2)
        second = await terminal.phone()
        assert (await second.write(TICKET, b"\x41ticket"))[2] == PIECES
        assert (await second.text(TICKET, b"whole"))[2] == OK
        assert terminal.taken == ["whole"]

    scene(script)


def test_a_phone_that_goes_before_its_answer_hurts_nobody() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.slow_s = 0.3
        await phone.text(TICKET, b"t")
        await phone.disconnect()
        await asyncio.sleep(2)
        assert terminal.taken == ["t"]
        assert (await (await terminal.phone()).write(TICKET, b"\x80x"))[3] == FIRST

    scene(script)


def test_a_full_chip_is_asked_again() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        phone.full = 5
        terminal.radio.made[TICKET].writes.put_nowait((phone, b"\xc0t"))
        await asyncio.sleep(1)
        assert [state[2] for state in phone.states] == [0, OK]

    scene(script)


# --- who stays -----------------------------------------------------------------------------------


def test_who_brings_no_good_ticket_is_sent_away_after_thirty_seconds() -> None:
    async def script(terminal: Terminal) -> None:
        phone, came_ms = await terminal.phone(), now_ms()
        terminal.words["wrong"] = "bad-mac"
        for _ in range(12):
            await phone.text(TICKET, b"wrong")
            await asyncio.sleep(2)
        assert phone.is_connected()
        await asyncio.sleep(20)
        assert phone.gone_ms is not None
        assert 29_000 <= phone.gone_ms - came_ms <= 31_500

    scene(script)


def test_who_has_brought_one_may_stay_to_carry_the_journal_and_not_for_ever() -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        await phone.text(TICKET, b"right")
        await asyncio.sleep(250)
        assert (await phone.text(JOURNAL, b'{"from":1}'))[2] == OK
        await asyncio.sleep(250)
        assert phone.is_connected()
        await asyncio.sleep(100)
        assert not phone.is_connected()

    scene(script)


# --- journal, identity, state --------------------------------------------------------------------


@pytest.mark.parametrize("text", [b'{"from":1}', b'{"good":1}', b"x"])
def test_the_journal_is_closed_before_a_good_ticket(text: bytes) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.words["wrong"] = "used"
        await phone.text(TICKET, b"wrong")
        assert (await phone.text(JOURNAL, text))[2] == CLOSED
        assert terminal.asked == [] and terminal.kept == []

    scene(script)


@pytest.mark.parametrize("mtu", [23, 247])
def test_entries_come_in_pieces_of_the_link_and_stored_goes_back(mtu: int) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone(mtu)
        await phone.text(TICKET, b"right")
        assert (await phone.text(JOURNAL, b'{"from":7}'))[2] == OK
        assert phone.answers()[-1] == b"entries from 7 " + b"x" * 1500
        assert (await phone.text(JOURNAL, b'{"good":1}'))[2] == OK
        assert (await phone.text(JOURNAL, b'{"forged":1}'))[2] == BAD_MAC
        assert terminal.kept == [b'{"good":1}', b'{"forged":1}']

    scene(script)


@pytest.mark.parametrize("text", [b"x", b"{", b"[" * 500, b"\xff", b'{"from":'])
def test_what_is_not_json_is_malformed(text: bytes) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone(247)
        await phone.text(TICKET, b"right")
        assert (await phone.text(JOURNAL, text, 200))[2] == MALFORMED
        assert terminal.kept == []

    scene(script)


def test_identity_and_state_are_there_to_be_read_and_follow_what_changes() -> None:
    async def script(terminal: Terminal) -> None:
        made = terminal.radio.made
        assert made[IDENTITY].value == b""  # nobody is there to read it
        phone = await terminal.phone()
        assert json.loads(made[IDENTITY].value) == {"d": "HM-1", "challenge": "00" * 8}
        await phone.text(TICKET, b"right")
        told = len(phone.states)
        terminal.challenge, terminal.mode, terminal.relay = "11" * 8, "locked", 1
        await asyncio.sleep(1.1)
        assert json.loads(made[IDENTITY].value)["challenge"] == "11" * 8
        assert made[STATE].value[:2] == bytes([5, 1])
        assert phone.states[told][:2] == bytes([5, 1])

    scene(script)


def test_a_callback_that_fails_is_told_and_the_next_ticket_works(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def script(terminal: Terminal) -> None:
        phone = await terminal.phone()
        terminal.broken = True
        assert (await phone.text(TICKET, b"t"))[2] == 255
        terminal.broken = False
        assert (await phone.text(TICKET, b"t"))[2] == OK

    scene(script)
    assert "RuntimeError: flash" in capsys.readouterr().err


def test_a_radio_that_does_not_work_is_tried_again_and_ends_nothing() -> None:
    async def play() -> None:
        terminal = Terminal()
        terminal.radio.broken = True
        task = asyncio.create_task(terminal.nearby.run())
        await asyncio.sleep(300)
        assert not task.done() and terminal.radio.made == {}
        terminal.radio.broken = False
        await asyncio.sleep(61)
        phone = await terminal.phone()
        assert (await phone.text(TICKET, b"t"))[2] == OK

    run(play())
