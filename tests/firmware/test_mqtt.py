"""The adapter round `umqtt.simple`: every byte by MQTT 3.1.1, on 1.3.4 and on the newer calls."""

import importlib.util
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal import mqtt

from . import newer_umqtt
from .conftest import ROOT
from .peer import Connect, Message, Peer, packet, publish, text
from .serials import cut

UP, DOWN = b"hm/HM-1/up", b"hm/HM-1/down"


def beside_newer_umqtt() -> Any:
    """The firmware's own file, read a second time where `umqtt` is the newer one."""
    package = types.ModuleType("umqtt")
    package.simple = newer_umqtt
    kept = {name: sys.modules.get(name) for name in ("umqtt", "umqtt.simple")}
    sys.modules.update({"umqtt": package, "umqtt.simple": newer_umqtt})
    try:
        spec = importlib.util.spec_from_file_location(
            "mqtt_beside_newer_umqtt", ROOT / "firmware" / "terminal" / "mqtt.py"
        )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        for name, known in kept.items():
            sys.modules.pop(name)
            if known:
                sys.modules[name] = known
    return module


MODULES = {"1.3.4": mqtt, "newer": beside_newer_umqtt()}


@pytest.fixture(autouse=True)
def sockets_put_back() -> Iterator[None]:
    """The adapter hands both clients its made-up sockets."""
    clients = [module.simple for module in MODULES.values()]
    real = [client.socket for client in clients]
    yield
    for client, socket in zip(clients, real, strict=True):
        client.socket = socket


@pytest.fixture(params=sorted(MODULES))
def module(request: pytest.FixtureRequest) -> Any:
    return MODULES[request.param]


class Session:
    """A codec with what it has delivered."""

    def __init__(self, module: Any, device: str = "HM-1") -> None:
        self.module = module
        self.delivered: list[tuple[bytes, bytes]] = []
        self.codec = module.Codec(device, device, "ab" * 32, 300, self._deliver)
        self.codec.will(b"hm/%s/up" % device.encode(), b'{"actionCode":"Z0"}')
        self.connect = self.codec.connect()

    def _deliver(self, topic: bytes, body: bytes) -> None:
        self.delivered.append((topic, body))

    def take(self, data: bytes) -> list[tuple]:
        """Feeds the bytes; (packet, reply) for each whole packet."""
        self.codec.feed(data)
        taken = []
        while told := self.codec.next():
            taken.append((told, self.codec.reply()))
        return taken


@pytest.fixture
def session(module: Any) -> Session:
    return Session(module)


# --- what is sent -------------------------------------------------------------------------------


def test_connect_is_byte_for_byte_the_standards(session: Session) -> None:
    will = b'{"actionCode":"Z0"}'
    body = b"\0\x04MQTT\x04\xce\x01\x2c" + text(b"HM-1") + text(UP) + text(will)
    assert session.connect == packet(0x10, body + text(b"HM-1") + text(b"ab" * 32))


def test_subscribe_publish_and_ping_are_byte_for_byte_the_standards(session: Session) -> None:
    codec = session.codec
    assert codec.subscribe(DOWN) == (1, packet(0x82, b"\0\x01" + text(DOWN) + b"\x01"))
    for id, body in ((2, b""), (3, "焊".encode()), (4, b"x" * 200), (5, b"y" * 3000)):
        assert codec.publish(UP, body) == (id, publish(UP, body, id))
    assert codec.ping() == b"\xc0\x00"


@pytest.mark.parametrize("length", [1, 40, 113, 114, 115, 127, 128])
def test_the_longest_device_id_there_may_be_is_spelled_right(module: Any, length: int) -> None:
    device = "d" * length
    session = Session(module, device)
    peer = Peer()
    link = peer.open(lambda data: session.take(data))
    topic = b"hm/%s/down" % device.encode()
    for sent in (session.connect, session.codec.subscribe(topic)[1]):
        link.hear(sent)
    assert peer.connects[0].client == peer.connects[0].user == device.encode()
    assert peer.subscribed == [topic]


@given(st.binary(max_size=3000), st.lists(st.integers(0, 4000), max_size=5))
@settings(deadline=None, max_examples=30)
def test_a_broker_understands_everything_however_it_arrives(
    body: bytes, places: list[int]
) -> None:
    for module in MODULES.values():
        session = Session(module)
        peer = Peer()
        link = peer.open(lambda data: None)
        sent = session.connect + session.codec.subscribe(DOWN)[1]
        sent += session.codec.publish(UP, body)[1] + session.codec.ping()
        for piece in cut(sent, places):
            link.hear(piece)
        assert peer.connects == [
            Connect(b"HM-1", b"HM-1", b"ab" * 32, 300, True, UP, b'{"actionCode":"Z0"}', 1)
        ]
        assert (peer.subscribed, peer.messages) == ([DOWN], [Message(UP, body, 2)])
        assert peer.pings == 1


def test_packet_ids_wrap_before_the_clients_own_limit(session: Session) -> None:
    codec = session.codec
    ids = [codec.publish(b"t", b"")[0] for _ in range(65_002)]
    assert ids == [*range(1, 65_001), 1, 2]
    assert codec.publish(UP, b"x") == (3, publish(UP, b"x", 3))


def test_nothing_waits_for_an_answer(session: Session) -> None:
    """The client's own waits are fed; what it took for answers never was on the wire."""
    assert session.take(b"") == []
    for _ in range(3):
        session.codec.publish(UP, b"x")
    assert session.take(b"") == []


# --- what comes ---------------------------------------------------------------------------------


def test_answers_are_told_with_their_id_and_code(session: Session) -> None:
    assert session.take(packet(0x20, b"\0\0")) == [((0x20, None, 0), b"")]
    assert session.take(packet(0x20, b"\0\x05")) == [((0x20, None, 5), b"")]
    assert session.take(packet(0x40, b"\x12\x34")) == [((0x40, 0x1234, 0), b"")]
    assert session.take(packet(0x90, b"\0\x01\x01")) == [((0x90, 1, 1), b"")]
    assert session.take(packet(0x90, b"\0\x01\x80")) == [((0x90, 1, 0x80), b"")]
    assert session.take(b"\xd0\x00") == [((0xD0, None, 0), b"")]


@pytest.mark.parametrize("size", [0, 1, 120, 121, 122, 123, 200, 4000])
def test_a_message_is_delivered_whole_and_acknowledged_with_its_own_id(
    session: Session, size: int
) -> None:
    body = bytes(n % 256 for n in range(size))
    taken = session.take(publish(DOWN, body, 0xABCD))
    assert taken == [((0x30, None, None), b"\x40\x02\xab\xcd")]
    assert session.delivered == [(DOWN, body)]


def test_a_message_without_acknowledgement_is_delivered_without_one(session: Session) -> None:
    assert session.take(publish(DOWN, b"x", qos=0)) == [((0x30, None, None), b"")]
    assert session.delivered == [(DOWN, b"x")]


def test_a_message_cut_at_every_byte_is_never_delivered_short(module: Any) -> None:
    whole = publish(DOWN, b'{"id":"c1"}' * 20)
    for length in range(len(whole)):
        session = Session(module)
        assert session.take(whole[:length]) == []
        assert session.delivered == []
        assert len(session.take(whole[length:])) == 1
        assert session.delivered == [(DOWN, b'{"id":"c1"}' * 20)]


@given(
    st.lists(st.sampled_from([0, 1, 2, 3, 4]), max_size=8),
    st.lists(st.integers(0, 1000), max_size=10),
)
@settings(deadline=None, max_examples=60)
def test_any_packets_in_any_pieces_come_out_one_by_one(
    kinds: list[int], places: list[int]
) -> None:
    made = [
        (packet(0x40, b"\0\x07"), (0x40, 7, 0)),
        (publish(DOWN, b"a" * 150, 3), (0x30, None, None)),
        (publish(DOWN, b"", 4), (0x30, None, None)),
        (b"\xd0\x00", (0xD0, None, 0)),
        (packet(0x90, b"\0\x01\x01"), (0x90, 1, 1)),
    ]
    for module in MODULES.values():
        session = Session(module)
        taken = []
        for piece in cut(b"".join(made[kind][0] for kind in kinds), places):
            taken += [told for told, _ in session.take(piece)]
        assert taken == [made[kind][1] for kind in kinds]
        assert len(session.delivered) == sum(kind in (1, 2) for kind in kinds)


def test_the_same_message_twice_is_delivered_and_acknowledged_twice(session: Session) -> None:
    """At least once on the wire: the command's own id makes it once."""
    both = publish(DOWN, b"x", 7) + publish(DOWN, b"x", 7, dup=True)
    assert [reply for _, reply in session.take(both)] == [b"\x40\x02\0\x07"] * 2
    assert session.delivered == [(DOWN, b"x")] * 2


@pytest.mark.parametrize(
    "bad",
    [
        publish(DOWN, b"x", qos=2),
        publish(DOWN, b"x", qos=3),
        packet(0x30, b""),
        packet(0x32, b"\0"),
        packet(0x32, b"\0\x05abc"),
        packet(0x32, b"\xff\xff" + b"x" * 100),
        packet(0x32, text(DOWN)),
        packet(0x32, text(DOWN) + b"\0"),
        packet(0x20, b"\0"),
        packet(0x20, b"\0\0\0"),
        packet(0x40, b"\0"),
        packet(0x90, b""),
        packet(0x10, b"\0\x04MQTT\x04\x02\0\0\0\0"),
        packet(0x50, b"\0\x01"),
        packet(0x62, b"\0\x01"),
        packet(0x82, b"\0\x01"),
        packet(0xE0, b""),
        packet(0xF0, b""),
        b"\0\0",
        b"\x30\xff\xff\xff\xff\x01",
        b"\x30\x80\x80\x80\x80",
    ],
    ids=lambda bad: bad[:6].hex(),
)
def test_a_packet_against_the_standard_is_a_protocol_error_and_delivers_nothing(
    session: Session, bad: bytes
) -> None:
    with pytest.raises(session.module.ProtocolError):
        session.take(bad)
    assert session.delivered == []


@pytest.mark.parametrize("size", [4097, 4098, 70_000, 268_435_455])
def test_a_packet_over_four_kilobytes_is_refused_from_its_length_alone(
    session: Session, size: int
) -> None:
    length = packet(0x32, b"")[:1]
    rest = size
    while True:
        rest, digit = divmod(rest, 128)
        length += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            break
    with pytest.raises(session.module.ProtocolError, match="bytes"):
        session.take(length)


def test_a_packet_of_just_four_kilobytes_is_taken(session: Session) -> None:
    body = b"x" * (4096 - 3 - 2 - len(DOWN) - 2)
    whole = publish(DOWN, body)
    assert len(whole) == 4096
    session.take(whole)
    assert session.delivered == [(DOWN, body)]
    with pytest.raises(session.module.ProtocolError):
        session.take(publish(DOWN, body + b"x"))


@given(st.binary(max_size=40))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_packets_or_a_protocol_error(data: bytes) -> None:
    for module in MODULES.values():
        session = Session(module)
        try:
            session.take(data)
        except module.ProtocolError as error:
            assert isinstance(error, OSError)
