"""Which tickets are obeyed: form, mac, challenge, number, lease, expiry, fire watch's secret."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal.authority import Authority
from terminal.tickets import TEXT_MAX, Tickets

from . import signing, ticketing
from .signing import DEVICE, EPOCH, IAT, SECRET
from .ticketing import CHALLENGE, HOUR_MS, WATCH_SECRET, fields, fw_of, issue, make, on_line

VECTORS = json.loads(ticketing.VECTORS.read_text("utf-8"))
MINUTE_MS = 60_000


class Memory:
    """`tickets` survives; each writing is counted."""

    def __init__(self) -> None:
        self._tickets = ""
        self.writes = 0

    @property
    def tickets(self) -> str:
        return self._tickets

    @tickets.setter
    def tickets(self, text: str) -> None:
        self._tickets, self.writes = text, self.writes + 1


class Random:
    """First the vectors' challenge, then another one each time."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, count: int) -> bytes:
        self.given += 1
        return bytes.fromhex(CHALLENGE) if self.given == 1 else bytes([self.given]) * count


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def tickets(memory: Memory) -> Tickets:
    return start(memory)


def start(memory: Memory) -> Tickets:
    return Tickets(DEVICE, SECRET, Random(), memory)


def obey(tickets: Tickets, text: str, up: int = 0) -> str:
    """The word; a good ticket is spent."""
    word, ticket = tickets.judge(text, up)
    if not word:
        tickets.spend(ticket, up)
    return word


# --- the shared vectors -------------------------------------------------------------------------


def test_the_vectors_are_what_the_plain_implementation_makes() -> None:
    assert ticketing.VECTORS.read_text("utf-8") == ticketing.as_written()


@pytest.mark.parametrize("case", VECTORS["tickets"], ids=lambda case: case["name"])
def test_every_ticket_of_the_vectors_is_good_and_read_whole(
    tickets: Tickets, case: dict[str, Any]
) -> None:
    text = case["text"] + (f".{VECTORS['watch_secret']}" if "fw" in case["fields"] else "")
    word, ticket = tickets.judge(text, 1000)
    assert word == ""
    assert ticket.id == case["id"]
    lacking = {"lease_s": 0, "n": 0, "ch": "", "fw": ""}
    wanted = {name: case["fields"].get(name, lacking.get(name)) for name in ticket._fields[1:]}
    assert dict(zip(ticket._fields[1:], ticket[1:], strict=True)) == wanted


@pytest.mark.parametrize("case", VECTORS["judged"], ids=lambda case: case["word"])
def test_the_vectors_words_come_out(tickets: Tickets, case: dict[str, Any]) -> None:
    word, ticket = tickets.judge(case["text"], 1000, case["now_ms"], case["tickets_from"])
    assert word == case["word"]
    assert (ticket is None) == (word in ("malformed", "wrong-device", "bad-mac"))


@pytest.mark.parametrize("case", VECTORS["receipts"], ids=lambda case: case["receipt"]["word"])
def test_the_vectors_receipts_come_out(tickets: Tickets, case: dict[str, Any]) -> None:
    wanted = case["receipt"]
    authority = Authority(DEVICE, SECRET, EPOCH)
    authority.n = wanted["n"]
    _, ticket = tickets.judge(issue(case["fields"]), 0)
    up, relay = wanted["up"], wanted["relay"]
    assert tickets.receipt(ticket, wanted["word"], authority, up, relay) == wanted


# --- form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        "ticket",
        7,
        None,
        fields(v=None),
        fields(v="1"),
        fields(d=["x"]),
        fields(act=None),
        fields(act="open"),
        fields(act=["on"]),
        fields(job=None),
        fields(job=""),
        fields(act="off", job="", lease_s=None),
        fields(job="x" * 65),
        fields(job=7),
        fields(who="x" * 65),
        fields(who={}),
        fields(lease_s=None),
        fields(lease_s=0),
        fields(lease_s=-1),
        fields(lease_s=True),
        fields(lease_s="60"),
        fields(lease_s=43_201),
        fields(act="off"),
        fields(act="test", lease_s=61),
        fields(iat=None),
        fields(exp=None),
        fields(exp=IAT),
        fields(exp=IAT + 12 * HOUR_MS + 1),
        fields(iat=-5),
        fields(n=0),
        fields(n=-1),
        fields(n="1"),
        fields(n=1 << 53),
        fields(n=None),
        on_line(""),
        on_line("0011"),
        on_line("0" * 17),
        fields(ch=CHALLENGE),
        fields(fw=7),
        fields(fw="0" * 65),
    ],
)
def test_what_has_not_the_form_is_malformed(tickets: Tickets, content: Any) -> None:
    assert tickets.judge(issue(content), 0) == ("malformed", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "....",
        "abc",
        "焊.码",
        "\x00.\x00",
        "AAAA.AAAA",
        make() + ".x.y",
        make() + "." + "x" * TEXT_MAX,
        "x" * (TEXT_MAX + 1),
        make().replace(".", ""),
        " " + make(),
        make().replace(".", "=."),
        make().replace(".", "\n."),
        ticketing.base64url(b"[" * 500) + "." + make().split(".")[1],
        ticketing.base64url(b"\xff" * 30) + "." + make().split(".")[1],
    ],
)
def test_texts_that_are_no_ticket_are_malformed(tickets: Tickets, text: str) -> None:
    assert tickets.judge(text, 0) == ("malformed", None)


def test_a_second_spelling_of_a_ticket_is_no_second_ticket(tickets: Tickets) -> None:
    body, told = make(job="j00000012").split(".")
    spare_bits = body[:-1] + chr(ord(body[-1]) + 1)
    for other in (body + "!", "-" + body, body[:8] + "*" + body[8:], spare_bits):
        assert tickets.judge(f"{other}.{told}", 0)[0] in ("malformed", "bad-mac")
    for other in (told + "=", told + "!", "", told[:-1]):
        assert tickets.judge(f"{body}.{other}", 0)[0] == "bad-mac"


def test_unknown_fields_are_let_be(tickets: Tickets) -> None:
    word, ticket = tickets.judge(make(more={"a": [1]}), 0)
    assert (word, ticket.job) == ("", "j0000001")


def test_a_ticket_for_another_terminal_moves_nothing(tickets: Tickets, memory: Memory) -> None:
    assert tickets.judge(make(d="HM-990101-000002"), 0) == ("wrong-device", None)
    assert tickets.judge(make(secret=bytes(32)), 0) == ("bad-mac", None)
    assert memory.writes == 0


@given(st.text(max_size=60), st.text(max_size=40))
def test_any_text_without_the_key_is_refused(one: str, other: str) -> None:
    memory = Memory()
    tickets = start(memory)
    body = ticketing.base64url(one.encode("utf-8", "replace"))
    for text in (one, f"{one}.{other}", f"{body}.{other}", f"{make().split('.')[0]}.{other}"):
        word, ticket = tickets.judge(text, 0)
        assert word in ("malformed", "wrong-device", "bad-mac")
        assert ticket is None
    assert memory.writes == 0


@given(st.integers(0, len(make()) - 1), st.integers(0, 6))
def test_a_flipped_bit_is_refused(at: int, bit: int) -> None:
    good = make()
    text = good[:at] + chr(ord(good[at]) ^ 1 << bit) + good[at + 1 :]
    assert start(Memory()).judge(text, 0)[0] in ("malformed", "wrong-device", "bad-mac")


# --- challenge ----------------------------------------------------------------------------------


def test_the_challenge_changes_every_minute_and_the_one_before_still_counts(
    tickets: Tickets,
) -> None:
    first = tickets.challenge(0)
    assert first == CHALLENGE
    assert tickets.challenge(MINUTE_MS - 1) == first
    second = tickets.challenge(MINUTE_MS)
    assert second != first and len(second) == 16
    for ch in (first, second):
        assert tickets.judge(issue(on_line(ch)), 2 * MINUTE_MS - 1)[0] == ""
    assert tickets.judge(issue(on_line(first)), 2 * MINUTE_MS)[0] == "stale-challenge"
    assert tickets.judge(issue(on_line(second)), 2 * MINUTE_MS)[0] == ""
    assert tickets.judge(issue(on_line(second)), 3 * MINUTE_MS)[0] == "stale-challenge"


def test_a_challenge_grows_old_also_when_nobody_asks_for_the_next_one(tickets: Tickets) -> None:
    assert tickets.judge(issue(on_line()), 2 * MINUTE_MS)[0] == "stale-challenge"


def test_a_good_ticket_changes_the_challenge_and_a_second_phone_may_still_use_its_own(
    tickets: Tickets,
) -> None:
    assert obey(tickets, issue(on_line()), 1000) == ""
    fresh = tickets.challenge(1000)
    assert fresh != CHALLENGE
    assert obey(tickets, issue(on_line(job="j2")), 2000) == ""
    assert tickets.judge(issue(on_line(job="j3")), 3000)[0] == "stale-challenge"
    assert tickets.judge(issue(on_line(fresh, job="j4")), 3000)[0] == ""


def test_a_refused_ticket_changes_nothing(tickets: Tickets, memory: Memory) -> None:
    for _ in range(50):
        assert tickets.judge(issue(on_line("00" * 8)), 1000)[0] == "stale-challenge"
    assert tickets.challenge(1000) == CHALLENGE
    assert memory.writes == 0


def test_the_same_on_line_ticket_works_once(tickets: Tickets) -> None:
    text = issue(on_line(act="test", job="i1", lease_s=60))
    assert obey(tickets, text, 1000) == ""
    assert obey(tickets, text, 1001) == "used"


def test_an_on_line_ticket_leaves_the_numbers_alone(tickets: Tickets, memory: Memory) -> None:
    assert obey(tickets, issue(on_line()), 0) == ""
    assert memory.writes == 0


def test_after_a_restart_there_is_another_challenge(memory: Memory) -> None:
    def random(count: int) -> bytes:
        return b"\xee" * count

    after = Tickets(DEVICE, SECRET, random, memory)
    assert after.judge(issue(on_line()), 0)[0] == "stale-challenge"


# --- numbers ------------------------------------------------------------------------------------


def test_a_number_works_once_and_that_is_in_flash(tickets: Tickets, memory: Memory) -> None:
    off = make(n=7, act="off", lease_s=None)
    assert obey(tickets, off) == ""
    assert obey(tickets, off) == "used"
    assert obey(start(memory), off) == "used"


def test_numbers_may_come_out_of_order_within_the_window(tickets: Tickets) -> None:
    def off(n: int) -> str:
        return make(n=n, act="off", lease_s=None)

    assert obey(tickets, off(100)) == ""
    for n in (99, 37, 64, 101):
        assert obey(tickets, off(n)) == ""
        assert obey(tickets, off(n)) == "used"
    assert obey(tickets, off(37)) == "used"
    assert obey(tickets, off(36)) == "used"
    assert obey(tickets, off(38)) == ""


def test_a_great_leap_empties_the_window(tickets: Tickets, memory: Memory) -> None:
    assert obey(tickets, make(n=5)) == ""
    assert obey(tickets, make(n=1 << 40)) == ""
    assert obey(tickets, make(n=5)) == "used"
    assert obey(tickets, make(n=(1 << 40) - 63)) == ""
    assert len(memory.tickets) < 100


@given(st.lists(st.tuples(st.integers(1, 150), st.booleans()), max_size=60))
def test_no_number_works_twice_whatever_the_order_and_the_restarts(
    steps: list[tuple[int, bool]],
) -> None:
    memory = Memory()
    tickets, used = start(memory), set()
    for n, restart in steps:
        word = obey(tickets, make(n=n, act="off", lease_s=None))
        possible = n not in used and n > max(used, default=0) - 64
        assert word == ("" if possible else "used")
        used.add(n) if not word else None
        tickets = start(memory) if restart else tickets


@given(st.lists(st.integers(1, 150), max_size=40), st.integers(0, 39))
def test_the_number_is_in_flash_before_the_ticket_is_obeyed(order: list[int], cut: int) -> None:
    """Power goes at any writing: the old text is there or the new one, never a second use."""
    memory = Memory()
    tickets, obeyed = start(memory), []
    for at, n in enumerate(order):
        word, ticket = tickets.judge(make(n=n, act="off", lease_s=None), 0)
        if word:
            continue
        before = memory.tickets
        tickets.spend(ticket, 0)
        if at == cut:
            memory._tickets = before
            tickets = start(memory)
        else:
            obeyed.append(n)
    assert len(obeyed) == len(set(obeyed))


def test_numbers_below_the_policys_are_void_also_to_resume(tickets: Tickets) -> None:
    text = make(n=9)
    assert obey(tickets, text) == ""
    assert tickets.judge(text, 1, 0, 9)[0] == ""
    assert tickets.judge(text, 1, 0, 10)[0] == "void"
    assert tickets.judge(issue(on_line()), 1, 0, 10)[0] == ""


# --- the lease of a numbered ticket -------------------------------------------------------------


def test_the_same_ticket_resumes_after_a_power_blip_for_what_is_left(
    tickets: Tickets, memory: Memory
) -> None:
    text = make(n=3, lease_s=3600)
    assert obey(tickets, text, 500) == ""
    for up in range(500, 500 + 10 * MINUTE_MS, 1000):
        tickets.worked("j0000001", up)
    after = start(memory)
    word, ticket = after.judge(text, 100)
    assert (word, ticket.lease_s) == ("", 3600 - 10 * 60)


def test_every_resuming_costs_the_minute_it_begins(memory: Memory) -> None:
    text = make(n=3, lease_s=300)
    left = []
    for _ in range(6):
        tickets = start(memory)
        word, ticket = tickets.judge(text, 0)
        left.append((word, ticket.lease_s))
        if not word:
            tickets.spend(ticket, 0)
    assert left == [("", 300), ("", 240), ("", 180), ("", 120), ("", 60), ("used", 0)]


def test_the_ticket_shown_again_while_its_job_runs_gives_no_time(tickets: Tickets) -> None:
    text, end = make(n=3, lease_s=3600), 3600 * 1000
    assert obey(tickets, text, 0) == ""
    for up in range(0, end, 7 * MINUTE_MS + 13):
        tickets.worked("j0000001", up)
        word, ticket = tickets.judge(text, up)
        if word:
            break
        assert up + ticket.lease_s * 1000 <= end
        tickets.spend(ticket, up)


@given(
    st.lists(st.tuples(st.sampled_from(["show", "cut", "wait"]), st.integers(1, 400)), max_size=40)
)
@settings(max_examples=60)
def test_all_stretches_together_are_no_longer_than_the_lease(
    steps: list[tuple[str, int]],
) -> None:
    memory, text, lease_s = Memory(), make(n=3, lease_s=1200), 1200
    tickets, up, end, ran = start(memory), 0, 0, 0
    for step, seconds in steps:
        if step == "show":
            word, ticket = tickets.judge(text, up)
            if not word:
                tickets.spend(ticket, up)
                end = up + ticket.lease_s * 1000
        elif step == "cut":
            tickets, up, end = start(memory), 0, 0
        else:
            for _ in range(seconds):
                up += 1000
                running = up <= end
                ran += running
                tickets.worked("j0000001" if running else "", up)
    assert ran <= lease_s


def test_only_the_job_of_the_ticket_uses_its_minutes(tickets: Tickets, memory: Memory) -> None:
    assert obey(tickets, make(n=3)) == ""
    writes = memory.writes
    for up in range(0, 10 * MINUTE_MS, 1000):
        tickets.worked("another", up)
    tickets.worked("j0000001", 20 * MINUTE_MS)
    assert memory.writes == writes


def test_the_next_job_takes_the_lease_from_the_one_before(
    tickets: Tickets, memory: Memory
) -> None:
    assert obey(tickets, make(n=3)) == ""
    assert obey(tickets, make(n=4, job="j2")) == ""
    assert obey(start(memory), make(n=3)) == "used"
    assert obey(start(memory), make(n=4, job="j2")) == ""


def test_a_number_is_bound_to_its_job(tickets: Tickets) -> None:
    assert obey(tickets, make(n=3)) == ""
    assert obey(tickets, make(n=3, job="j2")) == "used"
    assert obey(tickets, make(n=3, lease_s=7200)) == "used"


# --- expiry, fire watch, answers ----------------------------------------------------------------


def test_expiry_counts_only_where_a_time_is_known(tickets: Tickets) -> None:
    for now_ms, word in ((0, ""), (IAT + 8 * HOUR_MS, ""), (IAT + 8 * HOUR_MS + 1, "expired")):
        assert tickets.judge(make(), 0, now_ms)[0] == word


@pytest.mark.parametrize(
    ("shown_ms", "left_s"), [(0, 28800), (HOUR_MS, 25200), (8 * HOUR_MS - 60_000, 60)]
)
def test_what_was_taken_along_outlasts_its_expiry_by_nothing(
    tickets: Tickets, shown_ms: int, left_s: int
) -> None:
    text = make(lease_s=28800, exp=IAT + 8 * HOUR_MS)
    assert tickets.judge(text, 0, IAT + shown_ms)[1].lease_s == left_s


def test_a_ticket_for_now_has_its_whole_lease_however_soon_it_goes_bad(tickets: Tickets) -> None:
    text = issue(on_line(lease_s=28800, exp=IAT + 600_000))
    assert tickets.judge(text, 0, IAT + 30_000)[1].lease_s == 28800


def test_a_used_number_is_told_before_its_expiry(tickets: Tickets) -> None:
    text = make(n=3, act="off", lease_s=None)
    obey(tickets, text)
    assert tickets.judge(text, 0, IAT + 20 * HOUR_MS)[0] == "used"


def test_the_fire_watchs_secret_is_asked_for_where_the_ticket_wants_it(tickets: Tickets) -> None:
    text = make(fw=fw_of(WATCH_SECRET))
    for wrong in ("", ".", ".x", f".{WATCH_SECRET}x"):
        assert tickets.judge(text + wrong, 0)[0] == "fire-watch"
    word, ticket = tickets.judge(f"{text}.{WATCH_SECRET}", 0)
    assert (word, ticket.id) == ("", ticketing.id_of(text))
    assert tickets.judge(make() + ".whatever", 0)[0] == ""


def test_the_receipts_of_obeyed_tickets_are_kept_for_a_phone_that_lost_its_own(
    tickets: Tickets,
) -> None:
    authority = Authority(DEVICE, SECRET, EPOCH)
    ids = []
    for n in range(1, 8):
        _, ticket = tickets.judge(make(n=n), 0)
        told = tickets.receipt(ticket, "", authority, n, 1)
        assert told["mac"] == signing.receipt(ticket.id, told, 200)
        ids.append(ticket.id)
    assert [tickets.answered(id) is not None for id in ids] == [False] * 3 + [True] * 4
    assert tickets.answered(ids[-1])["up"] == 7
    _, refused = tickets.judge(make(n=9), 0)
    tickets.receipt(refused, "gas", authority, 9, 0)
    assert tickets.answered(refused.id) is None
