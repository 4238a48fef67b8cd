"""The way out to one client, on a line that is written down."""

import asyncio
import struct

from cloud.mqtt.limits import Quota
from cloud.mqtt.packets import Message
from cloud.mqtt.rights import Account
from cloud.mqtt.session import Session

QUOTA = Quota(messages=4, bytes=1000, in_flight=2)


class Paper:
    """A line that keeps what is written: (payload, packet id, sent before)."""

    def __init__(self) -> None:
        self.written: list[tuple[str, int | None, bool]] = []
        self.takes = True

    def ready(self) -> bool:
        return self.takes

    def write(self, data: bytes) -> None:
        packet_id = struct.unpack("!H", data[5:7])[0] if data[0] & 6 else None
        payload = data[7:] if packet_id else data[5:]
        self.written.append((payload.decode(), packet_id, bool(data[0] & 8)))

    def cut(self, why: str) -> None: ...

    @property
    def payloads(self) -> list[str]:
        return [payload for payload, _, _ in self.written]


def session(clean: bool = True, quota: Quota = QUOTA) -> tuple[Session, Paper]:
    one, paper = Session(Account("x"), quota, clean), Paper()
    one.attach(paper)
    return one, paper


def message(text: str, qos: int = 1) -> Message:
    return Message("t", text.encode(), qos)


def test_no_more_is_in_flight_than_allowed():
    one, paper = session()
    for text in "abcd":
        assert one.offer(message(text))
    assert paper.payloads == ["a", "b"]
    one.acknowledged(1)
    assert paper.payloads == ["a", "b", "c"]


def test_order_is_kept_also_between_the_two_qos():
    one, paper = session()
    for text, qos in zip("abcde", (1, 1, 1, 0, 1), strict=True):
        one.offer(message(text, qos))
    for packet_id in (1, 2, 3):
        one.acknowledged(packet_id)
    assert paper.payloads == ["a", "b", "c", "d", "e"]


def test_a_full_queue_says_no_and_tells_when_there_is_room():
    one, _ = session()
    for text in "abcdef":
        assert one.offer(message(text))
    assert not one.offer(message("g"))
    assert not one.room.is_set()
    one.acknowledged(1)
    assert not one.room.is_set()
    one.acknowledged(2)
    assert one.room.is_set()


def test_bytes_count_as_well_as_messages():
    one, _ = session(quota=Quota(messages=100, bytes=100, in_flight=1))
    assert one.offer(message("x" * 120))
    assert not one.offer(message("y"))
    one.acknowledged(1)
    assert one.offer(message("y"))


def test_a_line_that_takes_nothing_is_waited_for():
    one, paper = session()
    paper.takes = False
    for text in "abcd":
        assert one.offer(message(text, 0))
    assert not one.offer(message("e", 0))
    paper.takes = True
    one.pump()
    assert paper.payloads == ["a", "b", "c", "d"]
    assert one.room.is_set()
    assert one._bytes == 0


def test_an_acknowledgement_for_nothing_is_ignored():
    one, _ = session()
    one.acknowledged(77)
    one.offer(message("a"))
    one.acknowledged(1)
    one.acknowledged(1)
    assert one._bytes == 0


def test_a_kept_session_sends_again_what_was_in_flight_then_what_waited():
    one, _ = session(clean=False)
    for text in "abc":
        one.offer(message(text))
    one.detach()
    one.offer(message("d"))
    paper = Paper()
    one.attach(paper)
    assert paper.written == [("a", 1, True), ("b", 2, True)]
    one.acknowledged(2)
    one.acknowledged(1)
    assert paper.written[2:] == [("c", 3, False), ("d", 4, False)]


def test_a_clean_session_forgets_when_it_is_left():
    one, _ = session()
    one.offer(message("a"))
    one.detach()
    paper = Paper()
    one.attach(paper)
    assert paper.written == []


def test_packet_ids_go_round_and_pass_over_those_in_use():
    one, paper = session(quota=Quota(messages=10, bytes=1000, in_flight=5))
    one.offer(message("a"))
    one._last_id = 65534
    for text in "bcd":
        one.offer(message(text))
    assert [packet_id for _, packet_id, _ in paper.written] == [1, 65535, 2, 3]


def test_a_publisher_that_waits_is_woken():
    async def scene() -> None:
        one, _ = session()
        for text in "abcdef":
            one.offer(message(text))
        assert not one.offer(message("g"))
        waiting = asyncio.ensure_future(one.room.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        one.acknowledged(1)
        one.acknowledged(2)
        await waiting

    asyncio.run(scene())
