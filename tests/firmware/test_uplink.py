"""The MQTT session: with a broker that answers, refuses, falls silent or goes away at any byte."""

import asyncio
import hmac
from collections.abc import Callable
from typing import Any

import pytest
from terminal.dialect import ANSWER, EVENT, by_name
from terminal.modem.chat import ModemError
from terminal.modem.socket import Closed
from terminal.policy import Policy
from terminal.settings import identity
from terminal.uplink import Uplink

from .peer import CONNECT, PINGREQ, PUBLISH, SUBSCRIBE, Message, Peer, packet, publish
from .virtual_time import now_ms, run

DEVICE = "HM-1"
UP, DOWN = b"hm/HM-1/up", b"hm/HM-1/down"
STORE = {"device": b"HM-1", "secret": bytes(32), "server": b"broker.example:1883"}
ROUND_TRIP_S = 0.05


class Wire:
    """A socket whose other end is the peer; `cut_after` bytes it is gone, noticed or not."""

    def __init__(self, peer: Peer, cut_after: int | None = None, notice: bool = True) -> None:
        self.sent = self.rcvd = 0
        self.lost = ""
        self.closed = 0
        self.pieces = 7
        self._cut_after, self._notice = cut_after, notice
        self._came = b""
        self._news = asyncio.Event()
        self._link = peer.open(self._later)

    def _later(self, data: bytes) -> None:
        asyncio.get_running_loop().call_later(ROUND_TRIP_S, self._arrive, data)

    def _arrive(self, data: bytes) -> None:
        if not self._is_cut():
            self._came += data
            self._news.set()

    def _is_cut(self) -> bool:
        return self._cut_after is not None and self.sent >= self._cut_after

    def lose(self, why: str = "closed by the other end") -> None:
        self.lost = self.lost or why
        self._news.set()

    async def write(self, data: bytes) -> None:
        await asyncio.sleep(0.002)
        if self.lost:
            raise Closed(self.lost)
        left = len(data) if self._cut_after is None else max(0, self._cut_after - self.sent)
        self.sent += len(data)
        self._link.hear(data[:left])
        if self._is_cut() and self._notice:
            self.lose()

    async def read(self, timeout_ms: int) -> bytes:
        while not self._came:
            if self.lost:
                raise Closed(self.lost)
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), timeout_ms / 1000)
            except TimeoutError:
                return b""
        piece, self._came = self._came[: self.pieces], self._came[self.pieces :]
        self.rcvd += len(piece)
        return piece

    async def close(self) -> None:
        self.closed += 1
        self.lose("closed")


class Modem:
    """Gives a wire to the peer for each connect; `troubles` are raised first, one a time."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.depths: list[int] = []
        self.called: list[str] = []
        self.gone: set[str] = set()
        self.began_ms: list[int] = []
        self.wires: list[Wire] = []
        self.troubles: list[Exception] = []
        self.cuts: list[dict[str, Any]] = []

    async def ready(self, depth: int) -> None:
        self.depths.append(depth)
        self.began_ms.append(now_ms())

    async def connect(self, host: str, port: int, tls: bool) -> Wire:
        assert (port, tls) == (1883, False)
        self.called.append(host)
        await asyncio.sleep(0.01)
        if host in self.gone:
            raise OSError("refused")
        if self.troubles:
            raise self.troubles.pop(0)
        self.wires.append(Wire(self.peer, **(self.cuts.pop(0) if self.cuts else {})))
        return self.wires[-1]

    @property
    def wire(self) -> Wire:
        return self.wires[-1]

    def pauses_s(self) -> list[float]:
        return [(b - a) / 1000 for a, b in zip(self.began_ms, self.began_ms[1:], strict=False)]


class Stage:
    """An uplink, its modem and its broker."""

    def __init__(self, dialect: str = "native", server: bytes = b"", **peer: Any) -> None:
        self.peer = Peer(**peer)
        self.ids: list[str] = []
        self.modem = Modem(self.peer)
        self.heard: list[bytes] = []
        self.heard_ms: list[int] = []
        self.greeted = 0
        self.answers = False
        self.uplink = Uplink(
            self.modem,
            identity(STORE | {"server": server or STORE["server"]}),
            by_name(dialect, DEVICE, bytes(32)),
            Policy(),
            lambda count: b"\x80" * count,
            self._greet,
            lambda: b"will %d" % self.uplink.conn,
            self._down,
            lambda: 0,
        )

    def _greet(self) -> tuple[bytes, bytes]:
        self.greeted += 1
        return b"login %d" % self.greeted, b"beat %d" % self.greeted

    def _down(self, id: str, body: bytes) -> None:
        self.ids.append(id)
        self.heard.append(body)
        self.heard_ms.append(now_ms())
        if self.answers:
            self.uplink.offer(b"answer to " + body)

    async def on_line(self, greetings: int = 1, limit_s: float = 400) -> None:
        """Until so many greetings were made and the last of them is through."""
        async with asyncio.timeout(limit_s):
            while self.greeted < greetings or not self._is_on_line():
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)

    def _is_on_line(self) -> bool:
        return not self.uplink.connecting and b"beat %d" % self.greeted in self.peer.bodies()


def staged(script: Callable[[Stage], Any], **peer: Any) -> Stage:
    """Runs `script` beside the uplink, which must outlive everything that the script does."""

    async def work() -> Stage:
        stage = Stage(**peer)
        task = asyncio.create_task(stage.uplink.run())
        await script(stage)
        assert not task.done(), task
        task.cancel()
        return stage

    return run(work())


# --- several brokers ----------------------------------------------------------------------------

_THREE = b"a.example:1883,b.example:1883,c.example:1883"


def test_a_broker_that_is_gone_is_left_for_the_next_in_the_list() -> None:
    async def script(stage: Stage) -> None:
        stage.modem.gone = {"a.example", "b.example"}
        await stage.on_line()

    stage = staged(script, server=_THREE)
    assert stage.modem.called == ["a.example", "b.example", "c.example"]
    assert stage.modem.depths == [0, 0, 1]  # the modem is not blamed sooner than with one


def test_a_link_that_is_lost_is_tried_where_it_stood_and_then_all_the_way_round() -> None:
    async def script(stage: Stage) -> None:
        stage.modem.gone = {"a.example"}
        await stage.on_line()
        stage.modem.wire.lose()
        await stage.on_line(2)
        stage.modem.gone = {"b.example", "c.example"}
        stage.modem.wire.lose()
        await stage.on_line(3)

    stage = staged(script, server=_THREE)
    assert [one[0] for one in stage.modem.called] == ["a", "b", "b", "b", "c", "a"]


# --- the ordinary way ---------------------------------------------------------------------------


def test_it_logs_in_subscribes_greets_and_then_sends_what_is_offered() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.uplink.offer(b"one")
        stage.uplink.offer(b"two")
        await asyncio.sleep(1)

    stage = staged(script)
    connect = stage.peer.connects[0]
    key = hmac.digest(bytes(32), b"mqtt", "sha256").hex().encode()
    assert (connect.client, connect.user, connect.password) == (b"HM-1", b"HM-1", key)
    assert (connect.keepalive, connect.clean) == (300, True)
    assert (connect.will_topic, connect.will_body, connect.will_qos) == (UP, b"will 1", 1)
    assert stage.peer.subscribed == [DOWN]
    assert stage.peer.bodies() == [b"login 1", b"beat 1", b"one", b"two"]
    assert {message.topic for message in stage.peer.messages} == {UP}
    assert stage.modem.depths == [0]


def test_a_message_from_the_cloud_is_told_and_acknowledged_with_its_id() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        ids = [stage.peer.link.send(DOWN, body) for body in (b"a", b"b" * 500)]
        await asyncio.sleep(1)
        assert stage.heard == [b"a", b"b" * 500]
        assert stage.peer.acknowledged == ids

    staged(script)


def test_a_message_on_another_topic_is_acknowledged_and_not_told() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        for topic in (b"hm/HM-2/down", b"hm/HM-1/down/x", b"hm/HM-1/up", b""):
            stage.peer.link.send(topic, b"not ours")
        await asyncio.sleep(1)
        assert stage.heard == []
        assert len(stage.peer.acknowledged) == 4

    staged(script)


def test_messages_go_one_at_a_time_each_after_its_own_acknowledgement() -> None:
    def answer_wrongly_first(link: Any, message: Message) -> None:
        link.say(packet(0x40, (message.id + 1).to_bytes(2, "big")))
        link.say(packet(0x40, b"\0\0"))

    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.peer.mute = {PUBLISH}
        stage.peer.on_message = answer_wrongly_first
        for body in (b"one", b"two"):
            stage.uplink.offer(body)
        await asyncio.sleep(5)
        assert stage.peer.bodies()[2:] == [b"one"]
        stage.peer.link.say(packet(0x40, stage.peer.messages[-1].id.to_bytes(2, "big")))
        await asyncio.sleep(1)
        assert stage.peer.bodies()[2:] == [b"one", b"two"]

    staged(script)


def test_an_offer_beyond_eight_drops_the_oldest() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        for number in range(12):
            stage.uplink.offer(b"%d" % number)
        await asyncio.sleep(5)
        assert stage.peer.bodies()[2:] == [b"%d" % number for number in range(4, 12)]

    staged(script)


def test_what_is_offered_off_line_is_dropped() -> None:
    async def script(stage: Stage) -> None:
        stage.uplink.offer(b"too early")
        await asyncio.sleep(0.02)
        stage.uplink.offer(b"still too early")
        await stage.on_line()
        stage.modem.wire.lose()
        await asyncio.sleep(0.1)
        assert stage.uplink.connecting
        stage.uplink.offer(b"between")
        await stage.on_line(2)

    assert staged(script).peer.bodies() == [b"login 1", b"beat 1", b"login 2", b"beat 2"]


def test_the_answer_to_a_command_that_comes_upon_the_login_is_not_lost() -> None:
    """The cloud speaks as soon as it has read `00`, while the first heartbeat is still to go."""

    def speak(link: Any, message: Message) -> None:
        if message.body.startswith(b"login"):
            link.send(DOWN, b"command")

    async def script(stage: Stage) -> None:
        stage.answers = True
        await stage.on_line()
        await asyncio.sleep(1)

    stage = staged(script, on_message=speak)
    assert stage.peer.bodies() == [b"login 1", b"beat 1", b"answer to command"]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 255])
def test_a_refused_login_is_tried_again_ever_more_slowly_and_deeper(code: int) -> None:
    async def script(stage: Stage) -> None:
        await asyncio.sleep(300)
        stage.peer.connack = 0
        await stage.on_line()

    stage = staged(script, connack=code)
    pauses = stage.modem.pauses_s()
    assert pauses[:5] == pytest.approx([1, 2, 5, 10, 20], abs=0.5)
    assert stage.modem.depths[:8] == [0, 0, 1, 0, 2, 0, 0, 3]
    assert stage.greeted == 1
    assert stage.peer.bodies()[0] == b"login 1"


def test_a_refused_subscription_is_a_failed_connection() -> None:
    async def script(stage: Stage) -> None:
        await asyncio.sleep(2)
        assert stage.greeted == 0 and stage.uplink.connecting
        stage.peer.suback = 1
        await stage.on_line()

    assert len(staged(script, suback=0x80).peer.connects) >= 2


@pytest.mark.parametrize("kind", [CONNECT, SUBSCRIBE, PUBLISH])
def test_an_answer_that_never_comes_is_given_twenty_seconds(kind: int) -> None:
    async def script(stage: Stage) -> None:
        await asyncio.sleep(19)
        assert len(stage.peer.connects) == 1
        await asyncio.sleep(4)
        assert len(stage.peer.connects) == 2
        stage.peer.mute.clear()
        await stage.on_line()

    stage = staged(script, mute={kind})
    assert stage.modem.wires[0].closed == 1


def test_a_modem_that_gives_no_connection_is_asked_ever_deeper() -> None:
    async def script(stage: Stage) -> None:
        stage.modem.troubles = [ModemError("connection refused, error 10")] * 7
        await stage.on_line()

    stage = staged(script)
    assert stage.modem.depths == [0, 0, 1, 0, 2, 0, 0, 3]
    assert stage.uplink.conn == 8
    assert stage.peer.connects[0].will_body == b"will 8"


def test_after_a_connection_that_stood_the_pauses_begin_anew() -> None:
    async def script(stage: Stage) -> None:
        stage.modem.troubles = [ModemError("no")] * 4
        await stage.on_line()
        await asyncio.sleep(25)
        stage.modem.wire.lose()
        await asyncio.sleep(3)

    pauses = staged(script).modem.pauses_s()
    assert pauses[:4] == pytest.approx([1, 2, 5, 10], abs=0.5)
    assert pauses[4] < 25 + 3


def test_connections_that_never_stand_are_dialled_less_and_less_often() -> None:
    """Two terminals with one identity displace each other; a cell flaps."""

    async def script(stage: Stage) -> None:
        for _ in range(4):
            await stage.on_line()
            stage.modem.wire.lose()
            await asyncio.sleep(0.1)
        await asyncio.sleep(60)

    pauses = staged(script).modem.pauses_s()
    assert pauses[:4] == pytest.approx([1, 2, 5, 10], abs=0.5)


def test_a_cloud_that_is_away_for_a_day_costs_few_restarts_of_the_modem() -> None:
    async def script(stage: Stage) -> None:
        stage.modem.troubles = [ModemError("no")] * 2000
        await asyncio.sleep(24 * 3600)

    depths = staged(script).modem.depths
    assert 900 < len(depths) < 1600
    assert 60 < depths.count(3) < 150
    assert set(depths[-11:]) == {0, 1, 2, 3}


# --- silence ------------------------------------------------------------------------------------


@pytest.mark.parametrize("alive", [True, False])
def test_a_probe_asks_at_once_and_costs_the_connection_only_where_nothing_answers(
    alive: bool,
) -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        await asyncio.sleep(2)
        stage.peer.mute = set() if alive else {PINGREQ}
        stage.modem.changed()  # a cell was found again
        await asyncio.sleep(1)
        assert stage.peer.pings == 1
        await asyncio.sleep(14)
        assert len(stage.peer.connects) == (1 if alive else 2)
        stage.peer.mute.clear()
        await stage.on_line()

    staged(script)


def test_in_silence_it_pings_and_a_living_broker_keeps_the_connection() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        await asyncio.sleep(3600)

    stage = staged(script)
    assert len(stage.peer.connects) == 1
    assert 16 <= stage.peer.pings <= 18  # every 210 s: none between two idle heartbeats


def test_a_broker_that_answers_no_ping_is_left_after_twelve_seconds() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.peer.mute = {PINGREQ}
        began = now_ms()
        while len(stage.peer.connects) < 2:
            await asyncio.sleep(0.1)
        assert 220_000 < now_ms() - began < 226_000
        stage.peer.mute.clear()
        await stage.on_line()

    assert staged(script).modem.wires[0].closed == 1


@pytest.mark.parametrize("wait_s", [0.0, 0.06, 5.0, 19.0])
def test_what_is_offered_after_a_ping_goes_out_at_once(wait_s: float) -> None:
    """The wait for the ping's answer once held every message up for twenty seconds."""

    async def script(stage: Stage) -> None:
        await stage.on_line()
        while not stage.peer.pings:
            await asyncio.sleep(0.03)
        await asyncio.sleep(wait_s)
        stage.uplink.offer(b"answer")
        await asyncio.sleep(0.3)
        assert stage.peer.bodies()[-1] == b"answer"

    staged(script)


def test_commands_are_told_at_once_whatever_the_sender_waits_for() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.peer.mute = {PUBLISH}
        stage.uplink.offer(b"never acknowledged")
        await asyncio.sleep(3)
        began = now_ms()
        stage.peer.link.send(DOWN, b"off")
        await asyncio.sleep(1)
        assert stage.heard_ms[0] - began <= 60

    staged(script)


# --- the link goes ------------------------------------------------------------------------------


def test_a_link_that_is_lost_at_any_byte_is_opened_again() -> None:
    async def whole() -> int:
        stage = Stage()
        task = asyncio.create_task(stage.uplink.run())
        await stage.on_line()
        task.cancel()
        return stage.modem.wire.sent

    length = run(whole())
    assert length > 150

    async def script(stage: Stage, cut_after: int, notice: bool) -> None:
        stage.modem.cuts = [{"cut_after": cut_after, "notice": notice}]
        while len(stage.modem.wires) < 2:
            await asyncio.sleep(0.05)
        await stage.on_line()
        stage.uplink.offer(b"after")
        await asyncio.sleep(1)
        assert stage.peer.bodies()[-1] == b"after"
        assert stage.modem.wires[0].closed == 1

    for cut_after in range(1, length + 1, 3):
        staged(lambda stage, at=cut_after: script(stage, at, True))
    for cut_after in (1, 60, length - 30, length):
        staged(lambda stage, at=cut_after: script(stage, at, False))


def test_a_link_lost_while_a_message_waits_for_its_acknowledgement_is_opened_at_once() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.peer.mute = {PUBLISH}
        stage.uplink.offer(b"one")
        await asyncio.sleep(1)
        stage.modem.wire.lose()
        stage.peer.mute = set()
        await stage.on_line(2, limit_s=3)
        assert len(stage.peer.connects) == 2

    staged(script)


def test_a_link_lost_in_idle_is_opened_at_once() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.modem.wire.lose()
        await asyncio.sleep(3)
        assert len(stage.peer.connects) == 2

    staged(script)


@pytest.mark.parametrize(
    "bad",
    [
        publish(DOWN, b"x" * 5000),
        b"\x32\xff\xff\xff\x7f",
        packet(0x20, b"\0\0\0"),
        packet(0x32, b"\xff\xffxx"),
        publish(DOWN, b"x", qos=2),
        b"\x00\x00",
    ],
    ids=["5000 bytes", "256 MB", "long connack", "bad topic", "qos 2", "kind 0"],
)
def test_a_packet_too_large_or_against_the_standard_closes_the_link(bad: bytes) -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.peer.link.say(bad)
        await asyncio.sleep(3)
        assert stage.modem.wires[0].closed == 1
        assert len(stage.peer.connects) == 2
        stage.peer.link.send(DOWN, b"good")
        await asyncio.sleep(1)
        assert stage.heard == [b"good"]

    staged(script)


def test_a_light_message_waits_for_nobody_while_the_line_is_known_to_live() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        for _ in range(4):
            await asyncio.sleep(60)
            stage.uplink.offer(b"light", light=True)
            await asyncio.sleep(1)
        ids = [message.id for message in stage.peer.messages if message.body == b"light"]
        assert ids[:3] == [0, 0, 0] and ids[3] > 0
        assert stage.peer.pings == 0

    staged(script)


def test_the_last_words_go_before_what_waits_and_stay_the_last() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        for number in range(2):
            stage.uplink.offer(b"%d" % number)
        stage.uplink.last(b"last words")
        await asyncio.sleep(1)
        assert stage.peer.bodies()[-4:] == [b"last words", b"0", b"1", b"last words"]
        assert stage.uplink.leaving()
        stage.uplink.offer(b"news")
        await asyncio.sleep(1)
        assert stage.peer.bodies()[-2:] == [b"news", b"last words"]

    staged(script)


@pytest.mark.parametrize("back", [True, False])
def test_who_lives_on_after_the_last_words_may_talk_again(back: bool) -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        stage.uplink.last(b"last words")
        await asyncio.sleep(1 if back else 31)
        if back:
            stage.uplink.back()
        assert not stage.uplink.leaving()
        stage.uplink.offer(b"news")
        await asyncio.sleep(1)
        assert stage.peer.bodies()[-2:] == [b"last words", b"news"]

    staged(script)


def test_the_other_dialect_logs_in_answers_and_talks_of_events_on_its_own_topics() -> None:
    async def script(stage: Stage) -> None:
        await stage.on_line()
        base = b"$oc/devices/%s/sys/" % DEVICE.encode()
        assert stage.peer.connects[0].client.startswith(DEVICE.encode() + b"_0_0_")
        assert stage.peer.subscribed == [base + b"commands/#"]
        stage.peer.link.send(base + b"commands/request_id=c7", b"{}")
        await asyncio.sleep(1)
        assert stage.ids == ["c7"]
        stage.uplink.offer(b"done", ANSWER, "c7")
        await asyncio.sleep(1)
        assert stage.peer.messages[-1].topic == base + b"commands/response/request_id=c7"
        stage.peer.link.send(base + b"events/down", b"asked")
        await asyncio.sleep(1)
        assert (stage.ids[-1], stage.heard[-1]) == ("", b"asked")
        stage.uplink.offer(b"told", EVENT)
        await asyncio.sleep(1)
        assert stage.peer.messages[-1].topic == base + b"events/up"

    staged(script, dialect="iotda")
