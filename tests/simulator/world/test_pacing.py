import random

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.world.pacing import Wire, as_heard, carry_ns

BYTE_NS = carry_ns(1, 115_200)


def drained(wire: Wire, now_ns: int) -> bytes:
    return b"".join(wire.due(now_ns))


def test_a_byte_takes_ten_bit_times():
    assert carry_ns(960, 9_600) == 1_000_000_000


def test_a_byte_is_there_when_its_stop_bit_is_over_and_not_before():
    wire = Wire(115_200)
    wire.push(b"AT", 1_000)
    assert wire.due(1_000 + BYTE_NS - 1) == []
    assert wire.due(1_000 + BYTE_NS) == [b"A"]
    assert wire.due(1_000 + 2 * BYTE_NS) == [b"T"]
    assert wire.pending == 0


def test_a_late_look_gets_all_that_has_arrived():
    wire = Wire(9_600)
    wire.push(bytes(100), 0)
    assert len(drained(wire, 10**9)) == 96 + 4


def test_bytes_put_in_while_the_wire_is_busy_follow_without_a_gap():
    wire = Wire(115_200)
    for _ in range(1_000):
        wire.push(b"x", 0)
    assert 0 <= wire.free_ns - carry_ns(1_000, 115_200) <= 1_000  # one nanosecond each at most


def test_an_idle_wire_starts_at_the_moment_of_writing():
    wire = Wire(115_200)
    wire.push(b"a", 0)
    wire.due(10**9)
    wire.push(b"b", 5 * 10**9)
    assert wire.next_ns(5 * 10**9, 1_000_000) == 5 * 10**9 + BYTE_NS


def test_it_asks_to_be_looked_at_within_a_slice_and_never_when_empty():
    wire = Wire(9_600)
    assert wire.next_ns(0, 1_000_000) is None
    wire.push(bytes(50), 0)
    first = carry_ns(1, 9_600)
    assert wire.next_ns(0, 1_000_000) == first
    wire.due(first)
    assert wire.next_ns(first, 1_000_000) == carry_ns(2, 9_600)


def test_a_cut_wire_delivers_nothing_more():
    wire = Wire(9_600)
    wire.push(b"gone", 0)
    wire.clear()
    assert wire.due(10**12) == [] and wire.pending == 0


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(0, 2**32))
def test_fragments_are_one_to_eight_bytes_in_order_and_never_early(chunks, seed):
    wire = Wire(115_200, random.Random(seed))
    for chunk in chunks:
        wire.push(chunk, 0)
    sent, got, now_ns = b"".join(chunks), b"", 0
    while (soonest := wire.next_ns(now_ns, 1_000_000)) is not None:
        now_ns = soonest
        for piece in wire.due(now_ns):
            assert 1 <= len(piece) <= 8
            got += piece
        assert now_ns >= carry_ns(len(got), 115_200)
    assert got == sent


@settings(deadline=None)
@given(st.binary(max_size=60), st.lists(st.integers(0, 3_000_000), max_size=60))
def test_however_it_is_looked_at_every_byte_comes_once_and_not_before_its_time(data, steps):
    wire, got, now_ns = Wire(115_200), b"", 0
    wire.push(data, 0)
    for step in steps:
        now_ns += step
        got += drained(wire, now_ns)
        assert now_ns >= carry_ns(len(got), 115_200)
    assert got + drained(wire, 10**12) == data


def test_equal_and_nearly_equal_rates_are_understood():
    assert as_heard(b"AT\r", 115_200, 115_200) == b"AT\r"
    assert as_heard(b"AT\r", 115_200, 113_500) == b"AT\r"


def test_a_receiver_at_the_wrong_rate_hears_garbage():
    text = b"AT+CSQ\r"
    for sent, heard in ((115_200, 9_600), (9_600, 115_200), (115_200, 57_600), (57_600, 115_200)):
        noise = as_heard(text, sent, heard)
        assert noise and noise != text and b"AT" not in noise


def test_a_slow_sender_gives_a_fast_receiver_many_bytes_and_a_fast_one_few():
    assert len(as_heard(bytes(10), 9_600, 115_200)) > 10
    assert len(as_heard(bytes(120), 115_200, 9_600)) < 20
