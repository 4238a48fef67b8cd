"""Which commands are obeyed: every line of the protocol page, section 1, and every near miss."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from terminal.authority import Authority
from terminal.messages import Command

from .signing import DEVICE, EPOCH, IAT, SECRET, canonical, mac, sign
from .test_mac import VECTORS
from .test_messages import JSON_VALUES

JOB = "j0000001"
UP = 61_000


@pytest.fixture
def authority() -> Authority:
    return Authority(DEVICE, SECRET, EPOCH)


def command(name: str = "switch", code: str = "1", id: str = "c1", **content: Any) -> Command:
    """A command with a good mac; whatever is in doubt is given."""
    whole = {"epoch": EPOCH, "n": 1, "x": UP + 15_000, "iat": IAT} | content
    if name == "switch":
        whole.setdefault("job", JOB)
    return Command(id, name, code, sign(id, name, code, whole))


def off(**content: Any) -> Command:
    return command(code="0", **content)


# --- the shared vectors -------------------------------------------------------------------------


def test_the_commands_of_the_shared_vectors_are_obeyed_once_in_their_order() -> None:
    authority = Authority(VECTORS["device"], bytes.fromhex(VECTORS["secret"]), EPOCH)
    for case in VECTORS["commands"]:
        known = Command(case["id"], case["name"], case["code"], case["content"])
        assert authority.judge(known, UP, JOB) == "", case["id"]
        assert authority.n == case["content"]["n"]
    for case in VECTORS["commands"]:
        known = Command(case["id"], case["name"], case["code"], case["content"])
        safe = case["code"] == "0"
        assert authority.judge(known, UP, JOB) == ("" if safe else "replayed"), case["id"]


@pytest.mark.parametrize("case", VECTORS["answers"], ids=lambda case: case["id"])
def test_the_receipts_of_the_shared_vectors_come_out(case: dict[str, Any]) -> None:
    authority = Authority(VECTORS["device"], bytes.fromhex(VECTORS["secret"]), EPOCH)
    told = case["body"]["paras"]["result"]
    authority.n = told["n"]
    code = case["body"]["paras"]["code"]
    assert authority.receipt(case["id"], told["up"], code, told["relay"]) == told["mac"]


# --- the mac ------------------------------------------------------------------------------------


def changed_by_one(value: Any) -> Any:
    """The smallest other value of the same kind."""
    if isinstance(value, int):
        return value + 1
    return value[:-1] + chr(ord(value[-1]) ^ 1) if value else "0"


@pytest.mark.parametrize(
    "field", ["job", "lease_s", "until", "say", "n", "x", "epoch", "iat", "mac"]
)
def test_one_changed_character_in_any_field_of_the_content_is_a_bad_mac(
    authority: Authority, field: str
) -> None:
    good = command(lease_s=3600, until=IAT + 5, say="焊机已开机")
    forged = dict(good.content)
    forged[field] = changed_by_one(forged[field])
    assert authority.judge(good._replace(content=forged), UP, "") == "bad-mac"
    assert authority.n == 0
    assert authority.judge(good, UP, "") == ""


@pytest.mark.parametrize("field", ["id", "name", "code"])
def test_one_changed_character_around_the_content_is_a_bad_mac(
    authority: Authority, field: str
) -> None:
    good = command()
    forged = good._replace(**{field: changed_by_one(getattr(good, field))})
    assert authority.judge(forged, UP, "") == "bad-mac"


@pytest.mark.parametrize("at", range(32))
def test_one_changed_digit_of_the_mac_is_a_bad_mac(authority: Authority, at: int) -> None:
    good = command()
    told = good.content["mac"]
    other = "0" if told[at] != "0" else "1"
    forged = good.content | {"mac": told[:at] + other + told[at + 1 :]}
    assert authority.judge(good._replace(content=forged), UP, "") == "bad-mac"


@pytest.mark.parametrize("told", ["", "0" * 31, "0" * 33, "é" * 32])
def test_a_mac_of_another_form_is_a_bad_mac(authority: Authority, told: str) -> None:
    good = command()
    forged = good._replace(content=good.content | {"mac": told})
    assert authority.judge(forged, UP, "") == "bad-mac"


def test_a_mac_in_capitals_or_cut_short_is_a_bad_mac(authority: Authority) -> None:
    good = command()
    for told in (good.content["mac"].upper(), good.content["mac"][:16]):
        forged = good._replace(content=good.content | {"mac": told})
        assert authority.judge(forged, UP, "") == "bad-mac"


def test_a_field_added_or_taken_away_is_a_bad_mac(authority: Authority) -> None:
    good = command(lease_s=60)
    more = good._replace(content=good.content | {"more": 1})
    less = good._replace(content={k: v for k, v in good.content.items() if k != "lease_s"})
    assert authority.judge(more, UP, "") == "bad-mac"
    assert authority.judge(less, UP, "") == "bad-mac"


def test_another_devices_command_is_a_bad_mac(authority: Authority) -> None:
    content = {"epoch": EPOCH, "n": 1, "x": UP, "iat": IAT, "job": JOB}
    foreign = sign("c1", "switch", "1", content, device="HM-990101-000002")
    assert authority.judge(Command("c1", "switch", "1", foreign), UP, "") == "bad-mac"


def test_a_mac_under_another_key_of_the_same_secret_is_a_bad_mac(authority: Authority) -> None:
    good = command()
    content = {k: v for k, v in good.content.items() if k != "mac"}
    text = "|".join((DEVICE, "c1", "switch", "1", canonical(content)))
    assert mac("command", text) == good.content["mac"]
    for label in ("receipt", "ticket", "mqtt"):
        forged = good._replace(content=content | {"mac": mac(label, text)})
        assert authority.judge(forged, UP, "") == "bad-mac"


@pytest.mark.parametrize(
    "extra", [{"f": 1.5}, {"s": "\n"}, {"s": "\U0001f525"}, {1: 2}, {"s": "\ud800"}]
)
def test_content_without_a_canonical_form_is_a_bad_mac(
    authority: Authority, extra: dict[Any, Any]
) -> None:
    good = command()
    assert authority.judge(good._replace(content=good.content | extra), UP, "") == "bad-mac"


# --- form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["n", "x", "iat"])
@pytest.mark.parametrize(
    "value", [None, "1", 1.0, 1.5, float("inf"), True, False, -1, 1 << 53, 10**300, [1], {}]
)
def test_no_authority_comes_from_a_number_that_is_none(
    authority: Authority, field: str, value: Any
) -> None:
    odd = command(**{field: value})
    assert authority.judge(odd, UP, JOB) == "malformed"
    assert authority.judge(off(**{field: value}), UP, JOB) == "malformed"
    assert authority.n == 0


@pytest.mark.parametrize("field", ["n", "x", "iat", "epoch", "mac"])
def test_content_that_lacks_a_field_is_malformed(authority: Authority, field: str) -> None:
    good = command()
    less = {k: v for k, v in good.content.items() if k != field}
    assert authority.judge(good._replace(content=less), UP, JOB) == "malformed"


@pytest.mark.parametrize("field", ["epoch", "mac"])
@pytest.mark.parametrize("value", [None, 5, [], b"x", True])
def test_content_whose_texts_are_none_is_malformed(
    authority: Authority, field: str, value: Any
) -> None:
    good = command()
    odd = good._replace(content=good.content | {field: value})
    assert authority.judge(odd, UP, JOB) == "malformed"


@given(
    st.dictionaries(st.sampled_from(["n", "x", "iat", "epoch", "mac", "job", "k"]), JSON_VALUES)
)
@settings(deadline=None)
def test_any_content_without_the_key_is_refused_and_changes_nothing(content: Any) -> None:
    authority = Authority(DEVICE, SECRET, EPOCH, 5)
    for name, code in (("switch", "1"), ("switch", "0"), ("lock", ""), ("unlock", "")):
        said = authority.judge(Command("c1", name, code, content), UP, JOB)
        assert said in ("malformed", "bad-mac")
    assert (authority.n, authority.unlocked_n) == (0, 5)


# --- epoch, counter, expiry ---------------------------------------------------------------------


def test_half_a_letter_in_what_a_mac_covers_is_a_bad_mac(authority: Authority) -> None:
    """Found by tests/fuzz in the log's name of a `stored`: it ended the link's task."""
    text = f"{DEVICE}|stored|0000|3"
    assert authority.good(text, mac("command", text))
    assert not authority.good(text.replace("0000", "00\ud800"), mac("command", text))


def test_another_boots_command_is_refused(authority: Authority) -> None:
    assert authority.judge(command(epoch="0" * 16), UP, "") == "wrong-epoch"
    assert authority.judge(command(epoch=""), UP, "") == "wrong-epoch"
    assert authority.n == 0


def test_a_counter_that_does_not_rise_is_replayed(authority: Authority) -> None:
    assert authority.judge(command(n=7), UP, "") == ""
    for n in (7, 6, 1, 0):
        assert authority.judge(command(id="c2", n=n), UP, "") == "replayed"
    assert authority.judge(command(id="c3", n=8), UP, "") == ""


def test_counters_may_leave_gaps_and_zero_is_never_enough(authority: Authority) -> None:
    assert authority.judge(command(n=0), UP, "") == "replayed"
    assert authority.judge(command(n=1000), UP, "") == ""
    assert authority.n == 1000


def test_a_command_lives_to_its_last_millisecond_and_no_longer(authority: Authority) -> None:
    late = command(n=3, x=UP)
    assert authority.judge(late, UP + 1, "") == "expired"
    assert authority.n == 0
    assert authority.judge(late, UP, "") == ""


def test_an_expired_command_stays_dead_however_often_it_comes(authority: Authority) -> None:
    for _ in range(3):
        assert authority.judge(command(x=UP), UP + 1, "") == "expired"


# --- the safe side ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", [{"epoch": "0" * 16}, {"n": 0}, {"x": 0}, {"epoch": "0" * 16, "n": 0, "x": 0}]
)
def test_off_for_the_running_job_needs_only_a_good_mac(
    authority: Authority, wrong: dict[str, Any]
) -> None:
    assert authority.judge(command(n=9), UP, "") == ""
    assert authority.judge(off(id="c2", **wrong), UP, JOB) == ""
    assert authority.n == 9


def test_off_for_the_running_job_without_a_good_mac_is_refused(authority: Authority) -> None:
    good = off()
    forged = good._replace(content=good.content | {"mac": "0" * 32})
    assert authority.judge(forged, UP, JOB) == "bad-mac"


@pytest.mark.parametrize("running", ["", "j0000002"])
def test_off_for_another_job_needs_everything(authority: Authority, running: str) -> None:
    assert authority.judge(off(epoch="0" * 16), UP, running) == "wrong-epoch"
    assert authority.judge(off(n=0), UP, running) == "replayed"
    assert authority.judge(off(x=0), UP, running) == "expired"
    assert authority.judge(off(), UP, running) == ""


def test_off_for_no_job_is_not_off_for_no_running_job(authority: Authority) -> None:
    assert authority.judge(off(job="", epoch="0" * 16), UP, "") == "wrong-epoch"
    assert authority.judge(off(job=None, epoch="0" * 16), UP, "") == "wrong-epoch"


def test_off_of_this_boot_moves_the_counter_and_off_of_another_does_not(
    authority: Authority,
) -> None:
    assert authority.judge(off(n=50, epoch="0" * 16), UP, JOB) == ""
    assert authority.n == 0
    assert authority.judge(off(n=50), UP, JOB) == ""
    assert authority.n == 50
    assert authority.judge(command(id="c2", n=50), UP, "") == "replayed"


def test_only_code_0_is_on_the_safe_side(authority: Authority) -> None:
    for code in ("1", "", "00", "2"):
        odd = command(code=code, epoch="0" * 16)
        assert authority.judge(odd, UP, JOB) == "wrong-epoch"


def test_lock_needs_only_a_counter_above_the_last_unlock(authority: Authority) -> None:
    assert authority.judge(command("unlock", "", n=20), UP, "") == ""
    assert authority.unlocked_n == 20
    assert authority.judge(command("lock", "", n=21, x=0), UP, "") == ""
    assert authority.judge(command("lock", "", n=30, epoch="0" * 16, x=0), UP, "") == ""
    assert authority.judge(command("lock", "", n=20), UP, "") == "replayed"
    assert authority.judge(command("lock", "", n=20, epoch="0" * 16), UP, "") == "wrong-epoch"


def test_a_lock_from_before_the_unlock_stays_without_effect_after_a_restart() -> None:
    before = Authority(DEVICE, SECRET, EPOCH)
    lock = command("lock", "", n=10)
    assert before.judge(lock, UP, "") == ""
    assert before.judge(command("unlock", "", n=11), UP, "") == ""
    after = Authority(DEVICE, SECRET, "f" * 16, before.unlocked_n)
    assert after.judge(lock, UP, "") == "wrong-epoch"
    assert after.judge(command("lock", "", n=12), UP, "") == ""


def test_unlock_needs_everything_and_a_refused_one_frees_no_lock(authority: Authority) -> None:
    assert authority.judge(command("unlock", "", n=9, epoch="0" * 16), UP, "") == "wrong-epoch"
    assert authority.judge(command("unlock", "", n=9, x=0), UP, "") == "expired"
    assert authority.judge(command("unlock", "", n=0), UP, "") == "replayed"
    assert authority.unlocked_n == 0


# --- answers given before -----------------------------------------------------------------------


def test_the_first_answer_is_kept_and_a_later_one_does_not_replace_it(
    authority: Authority,
) -> None:
    authority.remember("c1", b"first")
    authority.remember("c1", b"second")
    assert authority.answered("c1") == b"first"
    assert authority.answered("c2") is None


def test_the_last_sixteen_answers_are_kept(authority: Authority) -> None:
    for number in range(20):
        authority.remember(f"c{number}", b"%d" % number)
    assert [authority.answered(f"c{n}") is None for n in range(20)] == [True] * 4 + [False] * 16


def test_a_terminal_of_a_foreign_platform_obeys_without_a_mac_and_only_that_one() -> None:
    bare = Command("c1", "switch", "1", {})
    assert Authority(DEVICE, SECRET, EPOCH, signed=False).judge(bare, UP, "") == ""
    assert Authority(DEVICE, SECRET, EPOCH).judge(bare, UP, "") == "malformed"
