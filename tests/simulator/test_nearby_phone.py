"""Phone and terminal by Bluetooth: the firmware on its interpreter, bumble's stack on both ends.

`HANMA_AIOBLE=folder pytest tests/simulator/test_nearby_phone.py` runs it with the genuine aioble,
where `folder` holds it; otherwise it is setup/aioble.sh's, or the stand-in.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from simulator import image
from simulator.bench.server import Bench
from simulator.nearby_phone import (
    FIRST,
    JOURNAL,
    LAST,
    NO_PIECE,
    TICKET,
    NearbyError,
    NearbyPhone,
)
from simulator.terminal import Manner, Provision, SimulatedTerminal
from simulator.world.air import Air
from tests.firmware import signing, ticketing
from tests.firmware.signing import DEVICE, SECRET

PROGRAM = Path(__file__).with_name("nearby_board.py")
OTHER = "HM-990101-000002"


def image_with(program: Path, kind: str, folder: Path) -> Path:
    """The module's image with another application on it."""
    return image.make(kind, folder, files=image.sources() | {"start.py": program})


class Scene:
    """Terminals in one air; `phone()` gives one more phone."""

    def __init__(self, kind: str, folder: Path, made: Path) -> None:
        self.air = Air()
        self.phones: list[NearbyPhone] = []
        self._kind, self._folder, self._made = kind, folder, made
        self.terminals: dict[str, SimulatedTerminal] = {}

    async def add(self, device: str = DEVICE) -> SimulatedTerminal:
        self.terminals[device] = terminal = SimulatedTerminal(
            Provision(device, SECRET, "127.0.0.1:1"),
            kind=self._kind,
            image=self._made,
            flash=self._folder / device,
            manner=Manner(),
        )
        self.air.add(terminal.ble)
        await terminal.start()
        return terminal

    @property
    def terminal(self) -> SimulatedTerminal:
        return self.terminals[DEVICE]

    async def phone(self, mtu: int = 247, device: str = DEVICE) -> NearbyPhone:
        phone = NearbyPhone(self.air, f"phone {len(self.phones)}")
        self.phones.append(phone)
        await phone.meet(device, mtu)
        return phone

    def console(self, beginning: str) -> list[str]:
        return [line for _, line in self.terminal.chip.console if line.startswith(beginning)]

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not true():
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for terminal in self.terminals.values():
            await terminal.stop()


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("images")
    return {kind: image_with(PROGRAM, kind, folder / kind) for kind in ("micropython", "cpython")}


@asynccontextmanager
async def opened(kind: str, folder: Path, made: Path) -> AsyncIterator[Scene]:
    scene = Scene(kind, folder, made)
    try:
        await scene.add()
        yield scene
    finally:
        await scene.close()


@pytest.fixture
def play(images: dict[str, Path], tmp_path: Path) -> Callable[..., None]:
    def run(script: Callable[[Scene], Coroutine[Any, Any, None]], kind: str = "micropython"):
        async def whole() -> None:
            async with opened(kind, tmp_path, images[kind]) as scene:
                await script(scene)

        asyncio.run(whole())

    return run


async def on_line(phone: NearbyPhone, **more: Any) -> str:
    challenge = (await phone.identity())["challenge"]
    return ticketing.issue(ticketing.on_line(challenge, **more))


# --- tickets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["micropython", "cpython"])
@pytest.mark.parametrize(("mtu", "room"), [(23, 20), (247, 244)])
def test_an_on_line_ticket_closes_the_relay_on_a_small_and_a_large_link(
    play: Callable, kind: str, mtu: int, room: int
) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone(mtu)
        identity = await phone.identity()
        assert {"d": DEVICE, "mode": "idle", "relay": 0, "job": ""}.items() <= identity.items()
        text = await on_line(phone)
        word, receipt = await phone.give(text)
        assert word == "ok" and phone.room == room
        assert scene.terminal.relay == 1
        assert receipt["id"] == ticketing.id_of(text)
        assert receipt["mac"] == signing.receipt(receipt["id"], receipt, 200)
        assert (receipt["act"], receipt["job"], receipt["relay"]) == ("on", "j0000001", 1)
        heads = [state.piece for state in phone.states if state.word == "-"]
        assert heads[0] & FIRST and heads[-1] & LAST
        # the first piece is a small one whatever the link: its answer tells how long they may be
        assert len(heads) == 1 + -(-(len(text) - 19) // (room - 1))
        await scene.until(lambda: phone.states[-1].mode == "working" or not phone.connected)
        assert (await phone.identity())["job"] == "j0000001"

    play(script, kind)


def test_a_numbered_ticket_resumes_after_a_power_cut_and_then_is_ended_by_another(
    play: Callable,
) -> None:
    async def script(scene: Scene) -> None:
        ticket = ticketing.make(n=5)
        phone = await scene.phone()
        assert (await phone.give(ticket))[0] == "ok"
        await scene.terminal.chip.power_off()
        await scene.until(lambda: not phone.connected)
        assert scene.terminal.relay == 0
        await scene.terminal.chip.power_on()
        await phone.meet(DEVICE)
        assert scene.terminal.relay == 0
        assert (await phone.give(ticket))[0] == "ok"
        assert scene.terminal.relay == 1
        off = ticketing.make(n=6, act="off", lease_s=None)
        assert (await phone.give(off))[0] == "ok"
        assert scene.terminal.relay == 0
        assert (await phone.give(ticket))[0] == "ended"
        assert (await phone.give(ticketing.make(n=5, job="j9")))[0] == "used"
        assert [level for _, level in scene.terminal.moves if level] == [1, 1]

    play(script)


def test_wrong_tickets_are_answered_with_their_words_and_move_nothing(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone()
        good = await on_line(phone)
        for word, text in (
            ("malformed", "x"),
            ("malformed", "焊" * 20),
            ("wrong-device", ticketing.make(d=OTHER)),
            ("bad-mac", ticketing.make(secret=bytes(32))),
            ("stale-challenge", ticketing.issue(ticketing.on_line("00" * 8))),
            ("fire-watch", ticketing.make(fw=ticketing.fw_of("secret"))),
        ):
            told, receipt = await phone.give(text)
            assert (told, receipt["code"], receipt["word"]) == (word, 500, word)
        assert not any(level for _, level in scene.terminal.moves)
        assert (await phone.give(good))[0] == "ok"
        assert (await phone.give(good))[0] == "ok"  # the first receipt again
        assert [level for _, level in scene.terminal.moves if level] == [1]

    play(script)


def test_a_ticket_that_was_heard_on_the_air_is_worth_nothing_elsewhere_and_later(
    play: Callable,
) -> None:
    async def script(scene: Scene) -> None:
        await scene.add(OTHER)
        phone, thief = await scene.phone(), await scene.phone(device=OTHER)
        text = await on_line(phone, act="test", job="i1", lease_s=1)
        assert (await thief.give(text))[0] == "wrong-device"
        assert (await phone.give(text))[0] == "ok"
        await scene.until(lambda: scene.terminal.relay == 0)
        moves = len(scene.terminal.moves)
        word, receipt = await phone.give(text)
        assert (word, receipt["act"]) == ("ok", "test")  # what it got then, and nothing moves
        assert len(scene.terminal.moves) == moves

    play(script)


# --- pieces --------------------------------------------------------------------------------------


def test_garbage_wrong_order_and_too_much_are_refused_and_the_next_ticket_works(
    play: Callable,
) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone()
        for pieces in (
            [b""],
            [b"\x00garbage"],
            [bytes(range(200))],
            [b"\x80one", b"\x02three"],
            [b"\x80one", b"\x01two", b"\x01two"],
            [b"\x80", *[bytes([n]) + b"x" * 243 for n in range(1, 6)]],
        ):
            for piece in pieces:
                state = await phone.write_piece(TICKET, piece)
            assert (state.word, state.piece) == ("pieces", NO_PIECE)
        assert scene.console("hanma ticket") == []
        assert (await phone.give(await on_line(phone)))[0] == "ok"

    play(script)


def test_five_hundred_random_pieces_move_nothing_and_stop_nothing(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phone, rng = await scene.phone(), random.Random(5)
        for _ in range(500):
            head = rng.choice([FIRST, FIRST | LAST, LAST, rng.randrange(256)])
            body = rng.randbytes(rng.randrange(1, 240))
            if rng.random() < 0.3:
                body = ticketing.make(secret=rng.randbytes(32))[: rng.randrange(1, 240)].encode()
            await phone.write_piece(rng.choice([TICKET, JOURNAL]), bytes([head]) + body)
        assert not any(level for _, level in scene.terminal.moves)
        assert (await phone.give(await on_line(phone)))[0] == "ok"
        assert scene.terminal.chip.starts == 1

    play(script)


def test_a_phone_that_goes_in_the_middle_of_a_ticket_can_begin_again(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone(23)
        text = await on_line(phone)
        for number in range(4):
            head = bytes([number | (0 if number else FIRST)])
            await phone.write_piece(TICKET, head + text[number * 19 : number * 19 + 19].encode())
        await phone.part()
        await scene.until(lambda: scene.terminal.ble.connected == 0)
        other = await scene.phone(23)
        rest = bytes([4]) + text[76:95].encode()
        assert (await other.write_piece(TICKET, rest)).word == "pieces"
        await phone.meet(DEVICE, 23)
        assert (await phone.give(text))[0] == "ok"
        assert len(scene.console("hanma ticket")) == 1

    play(script)


# --- several phones, pairing, reach --------------------------------------------------------------


def test_three_phones_at_once_each_get_their_own_answers(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phones = [await scene.phone(mtu) for mtu in (23, 185, 247)]
        assert scene.terminal.ble.connected == 3
        good = await on_line(phones[0])
        told = await asyncio.gather(
            phones[0].give(good),
            phones[1].give(ticketing.make(secret=bytes(32))),
            phones[2].give(ticketing.make(d=OTHER)),
        )
        assert [word for word, _ in told] == ["ok", "bad-mac", "wrong-device"]
        assert told[0][1]["id"] == ticketing.id_of(good)
        assert scene.terminal.relay == 1

    play(script)


def test_wrong_tickets_of_one_phone_do_not_delay_the_good_one_of_another(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        bad, good = await scene.phone(), await scene.phone()
        wrong = ticketing.make(secret=bytes(32))
        stop = asyncio.Event()

        async def flood() -> int:
            count = 0
            while not stop.is_set():
                assert (await bad.give(wrong))[0] == "bad-mac"
                count += 1
            return count

        flooding = asyncio.create_task(flood())
        await scene.until(lambda: len(scene.console("hanma ticket bad-mac")) > 3)
        assert (await good.give(await on_line(good)))[0] == "ok"
        stop.set()
        assert await flooding > 3
        told = scene.console("hanma ticket")
        assert told.count("hanma ticket good") == 1 and scene.terminal.relay == 1

    play(script)


def test_two_phones_with_the_same_challenge_both_count_and_a_third_does_not(
    play: Callable,
) -> None:
    async def script(scene: Scene) -> None:
        one, two = await scene.phone(), await scene.phone()
        first = await on_line(one, job="j1")
        second, third = await on_line(two, job="j2"), await on_line(two, job="j3")
        assert (await one.give(first))[0] == "ok"
        assert (await two.give(second))[0] == "ok"
        assert (await two.give(third))[0] == "stale-challenge"
        assert (await two.identity())["job"] == "j2"

    play(script)


def test_pairing_is_possible_and_changes_nothing(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone()
        await phone.pair()
        assert (await phone.give(await on_line(phone)))[0] == "ok"
        await phone.part()
        await phone.meet(DEVICE)
        assert (await phone.give(await on_line(phone, job="j2")))[0] == "ok"

    play(script)


def test_out_of_reach_and_back(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone()
        scene.terminal.hands["ble"](False)
        await scene.until(lambda: not phone.connected)
        with pytest.raises(TimeoutError):
            await phone.meet(DEVICE, within_s=1.2)
        with pytest.raises(NearbyError):
            await phone._next_state()
        scene.terminal.hands["ble"](True)
        await phone.meet(DEVICE)
        assert (await phone.give(await on_line(phone)))[0] == "ok"

    play(script)


# --- the journal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mtu", [23, 247])
def test_the_journal_is_carried_and_stored_handed_in_after_a_good_ticket(
    play: Callable, mtu: int
) -> None:
    async def script(scene: Scene) -> None:
        phone = await scene.phone(mtu)
        assert (await phone.carry(0))[0] == "closed"
        assert await phone.hand_in(b'"good"') == "closed"
        assert (await phone.give(await on_line(phone)))[0] == "ok"
        carried = b""
        for seq in range(0, 120, 20):
            word, entries = await phone.carry(seq)
            assert word == "ok"
            carried += entries
        for number in range(1, 121):
            assert carried.count(b'{"seq":%d,"kind":"on"}' % number) == 1
        assert await phone.hand_in(b'"good"') == "ok"
        assert await phone.hand_in(b'"forged"') == "bad-mac"
        assert len(scene.console("hanma stored")) == 2

    play(script)


# --- the bench's phone ---------------------------------------------------------------------------


def test_the_bench_lends_its_phone_by_http(play: Callable) -> None:
    async def script(scene: Scene) -> None:
        server = Bench(scene.terminals, asyncio.get_running_loop(), "127.0.0.1", 0)
        server.start()

        async def ask(path: str, value: Any = None) -> tuple[int, dict[str, Any]]:
            body = None if value is None else json.dumps({"value": value}).encode()
            address = f"{server.address}/terminals/{path}"
            request = Request(address, body, {"Content-Type": "application/json"})
            try:
                with await asyncio.to_thread(urlopen, request, timeout=30) as answer:
                    return answer.status, json.load(answer)
            except HTTPError as error:
                with error:
                    return error.code, json.load(error) if error.code == 504 else {}

        try:
            status, identity = await ask(f"{DEVICE}/nearby")
            assert (status, identity["d"]) == (200, DEVICE)
            text = ticketing.issue(ticketing.on_line(identity["challenge"]))
            status, told = await ask(f"{DEVICE}/nearby/ticket", text)
            assert (status, told["word"], told["receipt"]["code"]) == (200, "ok", 200)
            assert scene.terminal.relay == 1
            status, told = await ask(f"{DEVICE}/nearby/carry", 20)
            assert told["word"] == "ok" and json.loads(told["body"])[0]["seq"] == 21
            assert await ask(f"{DEVICE}/nearby/stored", '"good"') == (200, {"word": "ok"})
            assert await ask(f"{DEVICE}/nearby/part", "") == (200, {"word": "ok"})
            scene.terminal.hands["ble"](False)
            status, told = await ask(f"{DEVICE}/nearby")
            assert (status, told) == (504, {"why": "not in reach"})
            assert (await ask("HM-000000-000000/nearby"))[0] == 404
            assert (await ask(f"{DEVICE}/nearby/eat", ""))[0] == 404
        finally:
            server.stop()

    play(script)
