"""The whole terminal: the cloud's commands, the button, the lease, the relay's own contact."""

import asyncio
import json
import sys
from itertools import pairwise
from typing import Any

import pytest
from terminal import VERSION, app

from . import signing, ticketing
from .bench import AtModem, Bench, Board, Flash, on_bench
from .peer import Peer
from .prompts import PROMPTS
from .virtual_time import long_sleep, now_ms, run

# --- log-in and heartbeat -----------------------------------------------------------------------


def test_it_comes_on_line_with_the_relay_open_and_says_who_it_is() -> None:
    async def script(bench: Bench) -> None:
        (login,) = bench.of_code("00")
        assert login["fw"] == VERSION
        assert (login["imei"], login["iccid"]) == ("860000000000001", "89860000000000000001")
        assert (login["operator"], login["boot"], login["conn"]) == ("CMCC", "power", 1)
        assert (login["mode"], login["relay"], login["job"], login["n"]) == ("idle", 0, "", 0)
        assert len(login["epoch"]) == 16
        assert login["mac"] == signing.receipt("00", login, 200)
        (beat,) = bench.of_code("FF")
        assert (beat["mode"], beat["relay"], beat["seq"]) == ("idle", 0, 1)
        assert {"sent", "rcvd", "arc", "epoch", "job"} <= set(beat)
        assert bench.relay.moves == []

    bench = on_bench(script)
    connect = bench.peer.connects[0]
    will = json.loads(connect.will_body)
    assert (will["actionCode"], will["content"]["reason"]) == ("Z0", "will")
    assert (will["content"]["epoch"], will["content"]["conn"]) == (bench.epoch(), 1)
    key = signing.hmac.digest(signing.SECRET, b"mqtt", "sha256")
    assert connect.password == key.hex().encode()


def test_it_beats_every_three_minutes_idle_and_every_minute_working() -> None:
    async def script(bench: Bench) -> None:
        await long_sleep(1800)
        idle = len(bench.of_code("FF"))
        assert 10 <= idle <= 12
        await bench.switch_on(lease_s=3600)
        bench.board.amps = 120
        await long_sleep(1800)
        working = bench.of_code("FF")[idle:]
        assert 30 <= len(working) <= 34
        assert all((beat["mode"], beat["relay"]) == ("working", 1) for beat in working)
        assert working[0]["job"] == "j1"
        assert working[-1]["rssi"] == 20
        seqs = [beat["seq"] for beat in bench.of_code("FF")]
        assert seqs == list(range(1, len(seqs) + 1))

    on_bench(script)


def test_a_change_of_mode_is_told_within_a_second() -> None:
    async def script(bench: Bench) -> None:
        for do, wanted in (
            (bench.switch_on(), ("working", 1)),
            (bench.switch_off(), ("idle", 0)),
            (bench.order("lock"), ("locked", 0)),
            (bench.order("unlock"), ("idle", 0)),
        ):
            before = len(bench.of_code("FF"))
            await do
            (beat,) = bench.of_code("FF")[before:]
            assert (beat["mode"], beat["relay"]) == wanted
            assert beat["epoch"] == bench.epoch()

    on_bench(script)


def test_the_epoch_is_another_one_after_each_start() -> None:
    async def script(bench: Bench) -> None:
        await bench.power_on()
        first, second = bench.of_code("00")
        assert first["epoch"] != second["epoch"]

    on_bench(script)


def test_a_board_that_was_not_provisioned_does_not_start() -> None:
    async def work() -> None:
        with pytest.raises(Exception, match="device") as caught:
            app.Terminal(Board(AtModem(Peer()), Flash(), 1))
        assert caught.typename == "NotProvisioned"  # as main.py knows it

    run(work())


# --- on and off ---------------------------------------------------------------------------------


def test_a_signed_on_closes_the_relay_in_the_same_turn() -> None:
    async def script(bench: Bench) -> None:
        _, body = bench.make("switch", "1", job="j1", lease_s=3600)
        bench.terminal.orders.down("", body)
        assert bench.relay.driven == 1

    on_bench(script)


def test_on_is_answered_when_the_contact_has_followed_and_under_the_terminals_mac() -> None:
    async def script(bench: Bench) -> None:
        bench.relay.lag_ms = 150
        began = now_ms()
        paras = await bench.switch_on(iat=signing.IAT)
        assert (paras["success"], paras["message"], paras["code"]) == (True, "", 200)
        result = paras["result"]
        assert (result["relay"], result["mode"], result["n"]) == (1, "working", 1)
        closed_ms = bench.relay.moves[0][0]
        assert closed_ms - began < 100
        assert bench.booted_ms + result["up"] - closed_ms >= 150
        assert paras["timestamp"] == pytest.approx(signing.IAT + 150, abs=30)

    on_bench(script)


def test_a_clock_that_is_moved_by_more_than_ten_minutes_is_noted() -> None:
    async def script(bench: Bench) -> None:
        for ahead_s in (0, 300, 3600, -7200):
            await bench.switch_on(iat=signing.IAT + ahead_s * 1000)
        clock = [one for one in bench.journal() if one["kind"] == "clock"]
        moved_s = [round((one["at"] - one["was"]) / 1000) for one in clock]
        assert moved_s == pytest.approx([3295, -10_805], abs=10)

    on_bench(script)


def test_off_opens_and_is_answered_and_a_second_off_moves_nothing() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        paras = await bench.switch_off()
        assert (paras["code"], paras["result"]["relay"], paras["result"]["mode"]) == (
            200,
            0,
            "idle",
        )
        moves = list(bench.relay.moves)
        assert (await bench.switch_off())["code"] == 200
        assert bench.relay.moves == moves

    on_bench(script)


@pytest.mark.parametrize("wrong", [{"epoch": "0" * 16}, {"n": 0}, {"x": 0}])
def test_off_for_the_running_job_works_late_and_replayed_and_from_another_boot(
    wrong: dict[str, Any],
) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        assert (await bench.switch_off(**wrong))["code"] == 200
        assert bench.relay.driven == 0

    on_bench(script)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"epoch": "0" * 16}, "wrong-epoch"),
        ({"n": 0}, "replayed"),
        ({"x": 0}, "expired"),
        ({"lease_s": 0}, "malformed"),
        ({"lease_s": 1.0}, "bad-mac"),
        ({"job": ""}, "malformed"),
        ({"n": -1}, "malformed"),
        ({"x": 1.5}, "malformed"),
    ],
)
def test_an_on_without_authority_is_refused_with_its_word(
    wrong: dict[str, Any], word: str
) -> None:
    async def script(bench: Bench) -> None:
        paras = await bench.switch_on(**({"job": "j1", "lease_s": 60} | wrong))
        assert (paras["success"], paras["message"], paras["code"]) == (False, word, 500)
        assert paras["result"]["relay"] == 0
        assert bench.relay.moves == []

    on_bench(script)


def test_the_cloud_tries_again_under_a_new_id_with_what_it_was_told_and_succeeds() -> None:
    async def script(bench: Bench) -> None:
        told = (await bench.switch_on(epoch="0" * 16, n=0, x=0))["result"]
        again = await bench.switch_on(epoch=told["epoch"], n=told["n"] + 1, x=told["up"] + 17_000)
        assert again["code"] == 200

    on_bench(script)


def test_the_same_command_twice_gets_the_first_answer_and_moves_nothing() -> None:
    async def script(bench: Bench) -> None:
        id, body = bench.make("switch", "1", job="j1", lease_s=3600)
        bench.send(body)
        await asyncio.sleep(2)
        await bench.switch_off()
        moves = list(bench.relay.moves)
        bench.send(body)
        await asyncio.sleep(2)
        first, second = bench.answers(id)
        assert first == second
        assert first["paras"]["code"] == 200
        assert bench.relay.moves == moves

    on_bench(script)


@pytest.mark.parametrize("code", ["1", "0"])
def test_the_same_command_twice_at_once_gets_one_answer_and_not_replayed(code: str) -> None:
    async def script(bench: Bench) -> None:
        bench.relay.lag_ms = 200
        if code == "0":
            await bench.switch_on()
        id, body = bench.make("switch", code, job="j1", lease_s=3600)
        bench.send(body)
        bench.send(body)
        await asyncio.sleep(2)
        assert {answer["paras"]["code"] for answer in bench.answers(id)} == {200}
        bench.send(body)
        await asyncio.sleep(2)
        answers = bench.answers(id)
        assert all(answer == answers[0] for answer in answers)

    on_bench(script)


def test_an_answer_lost_with_the_link_is_given_again_when_the_command_comes_again() -> None:
    async def script(bench: Bench) -> None:
        id, body = bench.make("switch", "1", job="j1", lease_s=3600)
        bench.send(body)
        await asyncio.sleep(0.02)
        bench.modem.lose_link()
        await asyncio.sleep(5)
        assert bench.relay.driven == 1
        bench.send(body)
        await asyncio.sleep(2)
        assert bench.answers(id)[-1]["paras"]["code"] == 200
        assert len(bench.relay.moves) == 1

    on_bench(script)


# --- what comes from others ---------------------------------------------------------------------


def test_one_flipped_bit_anywhere_in_a_command_changes_nothing() -> None:
    async def script(bench: Bench) -> None:
        _, body = bench.make("switch", "1", job="j1", lease_s=3600, say="焊机已开机")
        before = bench.state()
        touched = 0
        for at in range(len(body) * 8):
            forged = bytearray(body)
            forged[at // 8] ^= 1 << (at % 8)
            if _means_the_same(bytes(forged), body):
                continue
            bench.terminal.orders.down("", bytes(forged))
            assert bench.state() == before, bytes(forged)
            touched += 1
        assert touched > 2000
        bench.terminal.orders.down("", body)
        assert bench.relay.driven == 1

    on_bench(script)


def _means_the_same(forged: bytes, body: bytes) -> bool:
    """A flip in a name that nobody reads, such as actionName's, leaves the command as it was."""
    try:
        one, other = json.loads(forged), json.loads(body)
        one["paras"].pop("actionName", None)
        one.pop("service_id", None)
        return all(
            one["paras"][name] == other["paras"][name] for name in ("actionCode", "content")
        ) and all(one[name] == other[name] for name in ("id", "command_name"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b"null",
        b"\xff\xfe",
        b'{"id":"c1"}',
        b'{"id":"c1","command_name":"switch","paras":{"actionCode":"1","content":{}}}',
        b'{"id":"c1","command_name":"switch","paras":{"actionCode":"0","content":{"job":"j1"}}}',
        b'{"id":"c1","command_name":"switch","paras":{"actionCode":"0","content":'
        b'{"job":"j1","epoch":"x","n":1,"x":9,"iat":9,"mac":"00000000000000000000000000000000"}}}',
        b"[" * 3000,
    ],
    ids=range(11),
)
def test_a_malformed_command_changes_nothing_and_keeps_the_link(body: bytes) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        before = bench.state()
        bench.send(body)
        await asyncio.sleep(2)
        assert bench.state() == before
        assert len(bench.peer.connects) == 1
        for answer in bench.answers("c1"):
            assert answer["paras"]["code"] == 500
            assert answer["paras"]["message"] in ("malformed", "bad-mac")

    on_bench(script)


@pytest.mark.parametrize("kind", ["malformed", "no mac", "bad mac"])
def test_nobody_without_the_key_can_spend_a_commands_id_before_it_comes(kind: str) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        id, body = bench.make("switch", "0", job="j1")
        whole = json.loads(body)
        if kind == "malformed":
            whole["paras"] = None
        elif kind == "no mac":
            del whole["paras"]["content"]["mac"]
        else:
            whole["paras"]["content"]["mac"] = "0" * 32
        bench.send(json.dumps(whole).encode())
        await asyncio.sleep(1)
        assert bench.relay.driven == 1
        bench.send(body)
        await asyncio.sleep(1)
        assert bench.relay.driven == 0
        assert bench.answers(id)[-1]["paras"]["code"] == 200

    on_bench(script)


def test_a_command_of_another_terminal_changes_nothing() -> None:
    async def script(bench: Bench) -> None:
        content = {"epoch": bench.epoch(), "n": 1, "x": bench.up + 9000, "iat": signing.IAT}
        foreign = signing.sign(
            "c1", "switch", "1", content | {"job": "j1", "lease_s": 60}, "HM-990101-000002"
        )
        before = bench.state()
        bench.send(signing.body("c1", "switch", "1", foreign))
        await asyncio.sleep(2)
        assert bench.answers("c1")[0]["paras"]["message"] == "bad-mac"
        assert bench.state() == before

    on_bench(script)


@pytest.mark.parametrize("name", ["nonsense", "firmware", "switchboard"])
def test_a_command_that_is_not_known_is_unsupported(name: str) -> None:
    async def script(bench: Bench) -> None:
        paras = await bench.order(name)
        assert (paras["code"], paras["message"]) == (500, "unsupported")
        assert bench.relay.moves == []

    on_bench(script)


@pytest.mark.parametrize("code", ["", "2", "10"])
def test_a_switch_that_is_neither_on_nor_off_is_unsupported(code: str) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        paras = await bench.order("switch", code, job="j1", lease_s=60)
        assert paras["message"] == "unsupported"
        assert bench.relay.driven == 1

    on_bench(script)


# --- the contact --------------------------------------------------------------------------------


def test_a_contact_that_never_closes_opens_the_relay_and_is_answered_relay_stuck() -> None:
    async def script(bench: Bench) -> None:
        bench.relay.stuck = 0
        paras = await bench.switch_on()
        assert (paras["code"], paras["message"]) == (500, "relay-stuck")
        assert paras["result"]["relay"] == 0
        (_, closed), (opened_ms, opened) = bench.relay.moves
        assert (closed, opened) == (1, 0)
        assert opened_ms - bench.relay.moves[0][0] < 500
        assert PROMPTS["fault"][1] in bench.modem.spoken
        assert (await bench.switch_on())["message"] == "ended"

    on_bench(script)


@pytest.mark.parametrize("chatter_ms", [3, 25])
def test_a_contact_that_chatters_is_told_as_it_was_found(chatter_ms: int) -> None:
    async def script(bench: Bench) -> None:
        bench.relay.chatter_ms = chatter_ms
        assert (await bench.switch_on())["result"]["relay"] == 1
        assert (await bench.switch_off())["result"]["relay"] == 0
        text = ticketing.issue(on_line(bench, job="j2", lease_s=600))
        told = await bench.guests.ticket(text)
        assert (told["code"], told["relay"]) == (200, 1)

    on_bench(script)


def test_a_welded_contact_is_answered_relay_stuck_and_blocks_until_it_lets_go() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.relay.stuck = 1
        paras = await bench.switch_off()
        assert (paras["message"], paras["result"]["relay"]) == ("relay-stuck", 1)
        assert paras["result"]["mode"] == "fault"
        assert (await bench.switch_on("j2"))["message"] == "relay-stuck"
        assert PROMPTS["fault"][1] in bench.modem.spoken
        bench.relay.stuck = None
        await asyncio.sleep(1)
        assert (await bench.switch_on("j2"))["code"] == 200

    on_bench(script)


def test_a_welded_contact_on_a_locked_machine_costs_no_flood_of_words_and_beats() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.relay.stuck = 1
        await bench.order("lock")
        await asyncio.sleep(10)
        beats, words = len(bench.of_code("FF")), len(bench.modem.spoken)
        await long_sleep(600, 0.5)
        assert len(bench.of_code("FF")) - beats <= 4
        assert len(bench.modem.spoken) == words
        assert (await bench.order("unlock"))["result"]["mode"] == "fault"

    on_bench(script)


def test_a_relay_that_is_closed_by_hand_is_a_fault_in_a_second_and_a_half() -> None:
    async def script(bench: Bench) -> None:
        bench.relay.stuck = 1
        await asyncio.sleep(1.5)
        assert bench.terminal.controller.mode == "fault"
        await asyncio.sleep(1)
        assert bench.of_code("FF")[-1]["mode"] == "fault"

    on_bench(script)


def test_the_contact_is_watched_while_the_modem_hangs() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        await asyncio.sleep(20)
        await bench.order("alive", ask=1)  # so that the uplink, too, has no reason to doubt
        bench.modem.silent = True
        asked = len(bench.modem.written)
        await asyncio.sleep(65)
        assert bench.modem.written[asked:]
        looks = bench.relay.looks_ms
        assert max(b - a for a, b in pairwise(looks)) <= 5500
        bench.relay.stuck = 0
        await asyncio.sleep(1.5)
        assert bench.relay.driven == 0

    on_bench(script)


# --- lease, button, lock ------------------------------------------------------------------------


def test_the_end_of_the_lease_opens_the_relay_with_no_cloud_at_all() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on(lease_s=600)
        bench.modem.silent = True
        closed_ms = bench.relay.moves[0][0]
        await long_sleep(595, 0.5)
        await asyncio.sleep(5)
        opened_ms, opened = bench.relay.moves[1]
        assert opened == 0
        assert 0 <= opened_ms - closed_ms - 600_000 <= 50

    on_bench(script)


def test_beats_and_other_commands_do_not_renew_the_lease_and_on_for_the_job_does() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on(lease_s=100)
        await long_sleep(90)
        assert (await bench.order("alive", ask=1))["code"] == 200
        await bench.switch_on(lease_s=100)
        assert len(bench.relay.moves) == 1
        await long_sleep(90)
        assert bench.relay.driven == 1
        await bench.order("alive", ask=1)
        await asyncio.sleep(10)
        assert bench.relay.driven == 0

    on_bench(script)


def test_a_lease_longer_than_twelve_hours_is_cut_to_twelve() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on(lease_s=10**9)
        assert bench.terminal.controller.lease_end - bench.up <= 43_200_000

    on_bench(script)


def test_a_press_on_the_button_opens_the_relay_and_ends_the_job() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.board.button = True
        await asyncio.sleep(0.15)
        assert bench.relay.driven == 0
        bench.board.button = False
        assert (await bench.switch_on())["message"] == "ended"
        assert (await bench.switch_on("j2"))["code"] == 200

    on_bench(script)


def test_a_bounce_is_no_press() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        for _ in range(50):  # 45 ms meet one look of the button at most, whenever they begin
            bench.board.button = True
            await asyncio.sleep(0.045)
            bench.board.button = False
            await asyncio.sleep(0.057)
        assert bench.relay.driven == 1

    on_bench(script)


def test_a_lock_opens_and_keeps_open_over_a_restart_until_the_unlock() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        assert (await bench.order("lock"))["result"]["mode"] == "locked"
        assert bench.relay.driven == 0
        assert (await bench.switch_on("j2"))["message"] == "locked"
        await bench.power_on()
        assert bench.of_code("00")[-1]["mode"] == "locked"
        assert (await bench.switch_on("j2"))["message"] == "locked"
        assert (await bench.order("unlock"))["result"]["mode"] == "idle"
        assert (await bench.switch_on("j2"))["code"] == 200

    on_bench(script)


def test_an_old_lock_sent_again_does_not_lock_a_machine_that_was_freed_since() -> None:
    async def script(bench: Bench) -> None:
        id, lock = bench.make("lock")
        bench.send(lock)
        await asyncio.sleep(1)
        await bench.order("unlock")
        await bench.power_on()
        bench.send(lock)
        await asyncio.sleep(1)
        assert bench.answers(id)[-1]["paras"]["message"] == "wrong-epoch"
        assert bench.terminal.controller.mode == "idle"

    on_bench(script)


# --- restarts -----------------------------------------------------------------------------------


def test_after_a_power_cut_the_relay_stays_open_until_the_next_on() -> None:
    async def script(bench: Bench) -> None:
        _, on = bench.make("switch", "1", job="j1", lease_s=3600)
        bench.send(on)
        await asyncio.sleep(1)
        assert bench.relay.driven == 1
        await bench.power_on()
        assert bench.relay.moves == []
        bench.send(on)
        await asyncio.sleep(1)
        assert bench.relay.moves == []
        assert (await bench.switch_on("j1", lease_s=1800))["code"] == 200

    on_bench(script)


@pytest.mark.parametrize("how", ["off", "button", "lease", "lock", "fault", "next job"])
def test_an_ended_job_stays_ended_over_a_restart_however_it_ended(how: str) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on("j1", lease_s=30)
        if how == "off":
            await bench.switch_off("j1")
        elif how == "button":
            bench.board.button = True
            await asyncio.sleep(0.2)
        elif how == "lease":
            await long_sleep(31)
        elif how == "lock":
            await bench.order("lock")
            await bench.order("unlock")
        elif how == "fault":
            bench.relay.stuck = 0
            await asyncio.sleep(1)
        else:
            await bench.switch_on("j2")
        await bench.power_on()
        assert (await bench.switch_on("j1"))["message"] == "ended"
        assert (await bench.switch_on("j3"))["code"] == 200

    on_bench(script)


# --- voice and arc ------------------------------------------------------------------------------


def test_say_speaks_and_empty_or_endless_words_are_malformed() -> None:
    async def script(bench: Bench) -> None:
        assert (await bench.order("say", say="监护人，验证码：1 2 3 4"))["code"] == 200
        assert bench.modem.spoken == ["监护人，验证码：1 2 3 4"]
        for words in ("", "长" * 121, 5, None, ["a"]):
            assert (await bench.order("say", say=words))["message"] == "malformed"
        assert len(bench.modem.spoken) == 1

    on_bench(script)


def test_on_speaks_the_clouds_words_else_its_own() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on("j1", say="张工，已开机")
        await bench.switch_off("j1")
        await asyncio.sleep(3)
        await bench.switch_on("j2")
        await asyncio.sleep(3)
        assert bench.modem.spoken[0] == "张工，已开机"
        assert bench.modem.spoken[-1] == "焊机已开机，请注意防火"
        assert "焊机已关机，请清理现场" in bench.modem.spoken

    on_bench(script)


def test_the_arc_is_felt_and_told() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        assert bench.of_code("FF")[-1]["arc"] == 0
        bench.board.amps = 120
        await asyncio.sleep(2)
        beat = bench.of_code("FF")[-1]
        assert (beat["arc"], beat["amps"]) == (1, pytest.approx(120, abs=3))
        bench.board.amps = 0
        await asyncio.sleep(2)
        assert bench.of_code("FF")[-1]["arc"] == 1  # later changes are told every 30 s at most
        await asyncio.sleep(36)
        assert bench.of_code("FF")[-1]["arc"] == 0

    on_bench(script)


def test_tack_welding_does_not_fill_the_air_with_heartbeats() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        before = len(bench.of_code("FF"))
        for _ in range(60):
            bench.board.amps = 120
            await asyncio.sleep(1)
            bench.board.amps = 0
            await asyncio.sleep(1)
        assert len(bench.of_code("FF")) - before <= 2 + 120 / 30 + 120 / 60

    on_bench(script)


# --- emergency release --------------------------------------------------------------------------


async def hold(bench: Bench, seconds: float = 5.5) -> None:
    bench.board.button = True
    await asyncio.sleep(seconds)
    bench.board.button = False


def test_where_nothing_can_be_reached_a_long_press_releases_and_contact_ends_it() -> None:
    async def script(bench: Bench) -> None:
        bench.modem.silent = True
        await long_sleep(1000)
        bench.modem.silent = False  # speech works, the network does not
        bench.modem.refuse = True
        await long_sleep(400)
        await hold(bench)
        assert PROMPTS["emergency-asked"][1] in bench.modem.spoken
        await asyncio.sleep(21)
        assert bench.relay.driven == 1
        assert bench.terminal.controller.mode == "emergency"
        assert bench.flash["spent"] == b"1" and bench.flash["released"] == b"1"
        await long_sleep(600)
        assert bench.flash["spent"] == b"11"
        bench.modem.refuse = False
        await long_sleep(100)
        assert bench.relay.driven == 1  # being on line is no contact
        await bench.order("alive", ask=1)
        assert bench.relay.driven == 0
        assert bench.flash["released"] == b"0"
        kinds = [entry["kind"] for entry in bench.journal()]
        assert kinds.count("emergency_on") == kinds.count("emergency_off") == 1
        alarms = {content["alarm"] for content in bench.of_code("E0")}
        assert {"EMERGENCY_ON", "EMERGENCY_OFF"} <= alarms

    on_bench(script)


def test_with_the_cloud_on_line_a_long_press_is_answered_and_releases_nothing() -> None:
    async def script(bench: Bench) -> None:
        await long_sleep(1200)
        await hold(bench)
        await asyncio.sleep(1)
        (ask,) = bench.events("$time_sync")
        sent = ask["device_send_time"]
        bench.tell_time(sent)
        await asyncio.sleep(25)
        assert bench.relay.moves == []
        assert PROMPTS["emergency-reached"][1] in bench.modem.spoken

    on_bench(script)


def test_a_broker_that_lives_while_the_cloud_is_dead_is_no_contact() -> None:
    async def script(bench: Bench) -> None:
        await long_sleep(1200)
        await hold(bench)
        await asyncio.sleep(22)
        assert bench.terminal.uplink.connecting is False
        assert bench.terminal.controller.mode == "emergency"

    on_bench(script)


@pytest.mark.parametrize("wrong", ["mac", "sent"])
def test_a_forged_or_old_answer_to_the_question_for_the_time_is_no_contact(wrong: str) -> None:
    async def script(bench: Bench) -> None:
        await long_sleep(1200)
        await hold(bench)
        await asyncio.sleep(1)
        sent = bench.events("$time_sync")[0]["device_send_time"]
        bench.tell_time(sent - 1 if wrong == "sent" else sent, forged=wrong == "mac")
        await asyncio.sleep(21)
        assert bench.terminal.controller.mode == "emergency"

    on_bench(script)


def test_after_a_power_cut_a_release_is_paid_for_and_needs_another_press() -> None:
    async def script(bench: Bench) -> None:
        await long_sleep(1200)
        await hold(bench)
        await long_sleep(100)
        assert bench.relay.driven == 1
        spent = int(bench.flash["spent"])
        await bench.power_on()
        assert bench.relay.moves == []
        await hold(bench)
        await asyncio.sleep(22)
        assert bench.relay.driven == 1  # there was no contact since: no new wait
        assert int(bench.flash["spent"]) == spent + 1

    on_bench(script)


# --- the other inputs ---------------------------------------------------------------------------


def test_the_mains_gone_is_told_with_the_last_breath_and_the_job_may_go_on() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.board.has_mains = 0
        await asyncio.sleep(1)
        assert bench.relay.driven == 0
        (left,) = bench.of_code("Z0")
        assert (left["reason"], left["epoch"]) == ("power", bench.epoch())
        assert "tamper" not in left
        assert (await bench.switch_on("j2"))["message"] == "relay-stuck"  # nothing can pull in
        assert bench.terminal.controller.mode == "idle" and bench.of_code("E0") == []
        bench.board.has_mains = 1
        await asyncio.sleep(1)
        assert (await bench.switch_on())["code"] == 200

    on_bench(script)


def test_after_the_last_breath_nothing_makes_the_cloud_think_that_we_are_there() -> None:
    """A heartbeat or the journal after it would: then an ON goes to a terminal without power."""

    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.board.has_mains = 0
        await asyncio.sleep(4)
        assert bench.said()[-1]["actionCode"] == "Z0"
        beats = len(bench.of_code("FF"))
        bench.board.has_mains = 1
        await asyncio.sleep(2)
        assert len(bench.of_code("FF")) > beats and bench.said()[-1].get("actionCode") != "Z0"

    on_bench(script)


def test_a_terminal_torn_off_says_both() -> None:
    async def script(bench: Bench) -> None:
        bench.board.lid = 1
        bench.board.has_mains = 0
        await asyncio.sleep(1)
        assert bench.of_code("Z0")[0]["tamper"] == 1
        assert bench.of_code("E0")[0]["alarm"] == "TAMPER"

    on_bench(script)


def test_gas_switches_off_and_nothing_goes_on_before_it_is_gone() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.board.gas = 2000
        await asyncio.sleep(6)
        assert bench.relay.driven == 0
        assert (await bench.switch_on("j2"))["message"] == "gas"
        bench.board.gas = 100
        await asyncio.sleep(31)
        assert (await bench.switch_on("j2"))["code"] == 200
        bench.board.gas = 0  # the sensor torn off, and a restart
        await bench.power_on()
        await asyncio.sleep(6)
        assert bench.of_code("E0")[-1]["alarm"] == "GAS_WARN"
        await bench.order("unlock")
        assert bench.flash["sensed"] == b"0"

    on_bench(script)


def test_current_with_the_relay_open_is_a_bypass() -> None:
    async def script(bench: Bench) -> None:
        bench.board.amps = 40
        await asyncio.sleep(3)
        assert bench.of_code("E0")[0]["alarm"] == "BYPASS"
        assert bench.of_code("E0")[0]["detail"] == pytest.approx(40, abs=2)

    on_bench(script)


def test_in_a_thermal_loop_the_idle_current_of_the_machine_is_no_bypass() -> None:
    async def script(bench: Bench) -> None:
        bench.flash["hardware"] = b"thermal"
        await bench.power_on()
        bench.board.amps = 12
        await long_sleep(130)
        assert bench.of_code("E0") == []
        bench.board.amps = 60
        await asyncio.sleep(8)
        assert bench.of_code("E0")[0]["alarm"] == "BYPASS"

    on_bench(script)


async def lock(bench: Bench) -> None:
    await bench.order("lock")


async def weld_contact(bench: Bench) -> None:
    bench.relay.stuck = 1
    await asyncio.sleep(3)


async def let_gas_in(bench: Bench) -> None:
    bench.board.gas = 3000
    await asyncio.sleep(5)


async def service(bench: Bench) -> None:
    text = ticketing.issue(on_line(bench, act="service", job=None, lease_s=600))
    assert (await bench.guests.ticket(text))["code"] == 200


def on_line(bench: Bench, **more: Any) -> dict[str, Any]:
    """The fields of a ticket for what the terminal asks just now."""
    return ticketing.on_line(bench.guests.challenge(), **more)


@pytest.mark.parametrize(
    ("first", "mode"),
    [
        (Bench.switch_on, "working"),
        (lock, "locked"),
        (weld_contact, "fault"),
        (let_gas_in, "idle"),
        (service, "service"),
        (None, "idle"),
    ],
)
def test_a_ticket_here_is_answered_in_every_mode_and_moves_nothing(first: Any, mode: str) -> None:
    async def script(bench: Bench) -> None:
        if first:
            await first(bench)
        controller = bench.terminal.controller
        assert controller.mode == mode

        def stands() -> tuple:
            return (list(bench.relay.moves), controller.mode, controller.job, controller.lease_end)

        before, spoken = stands(), len(bench.modem.spoken)
        text = ticketing.issue(on_line(bench, act="here", lease_s=None))
        told = await bench.guests.ticket(text)
        assert (told["code"], told["word"], told["id"]) == (200, "", ticketing.id_of(text))
        assert told["mac"] == signing.receipt(told["id"], told, 200)
        assert told["relay"] == bench.relay.closed
        assert await bench.guests.ticket(text) == told  # once: the first answer again
        await asyncio.sleep(2)
        assert (stands(), len(bench.modem.spoken)) == (before, spoken)
        stale = ticketing.issue(ticketing.on_line("00" * 8, act="here", lease_s=None))
        assert (await bench.guests.ticket(stale))["word"] == "stale-challenge"

    on_bench(script)


def test_a_policy_holds_at_once_and_after_a_restart_and_a_bad_one_is_malformed() -> None:
    async def script(bench: Bench) -> None:
        assert (await bench.order("policy", version=3, beat_idle_s=30))["code"] == 200
        assert (await bench.order("policy", version=4, beat_idle_s=1))["message"] == "malformed"
        await bench.power_on()
        assert bench.of_code("00")[-1]["policy"] == 3
        before = len(bench.of_code("FF"))
        await long_sleep(300, 1)
        assert len(bench.of_code("FF")) - before >= 9

    on_bench(script)


def test_a_refill_is_taken_once() -> None:
    async def script(bench: Bench) -> None:
        bench.flash["spent"] = b"700"
        await bench.power_on()
        await bench.order("policy", version=1, refill=9)
        assert bench.flash["spent"] == b"0"
        bench.flash["spent"] = b"5"
        await bench.order("policy", version=2, refill=9)
        assert bench.flash["spent"] == b"5"

    on_bench(script)


def test_the_journal_is_carried_to_the_cloud_and_forgets_nothing_before_it_is_stored() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        await bench.switch_off()
        await asyncio.sleep(2)
        batches = bench.events("journal")
        assert [e["kind"] for e in batches[0]["entries"]] == ["boot"]
        assert bench.terminal.journal.stored_to == 0
        bench.tell_stored(batches[-1]["log"], 2, forged=True)
        await asyncio.sleep(1)
        assert bench.terminal.journal.stored_to == 0
        bench.tell_stored(batches[-1]["log"], 1)
        await asyncio.sleep(2)
        assert bench.terminal.journal.stored_to == 1

    on_bench(script)


def test_a_journal_that_had_to_drop_entries_is_an_alarm_until_the_cloud_has_the_rest() -> None:
    def full(bench: Bench) -> list[dict[str, Any]]:
        return [alarm for alarm in bench.of_code("E0") if alarm["alarm"] == "JOURNAL_FULL"]

    async def script(bench: Bench) -> None:
        journal = bench.terminal.journal
        for n in range(1500):
            bench.terminal.note("refuse", {"what": "switch", "why": "locked", "n": n}, False)
        assert journal.full and not full(bench)
        await asyncio.sleep(40)
        assert (full(bench)[0]["level"], full(bench)[0]["detail"]) == (2, journal.dropped)
        told = len(full(bench))
        journal.sent(journal.batch(1 << 20)[1])
        bench.tell_stored(journal.log, journal.last)
        await asyncio.sleep(180)
        assert not journal.full and len(full(bench)) == told
        cleared = [entry for entry in bench.journal() if entry["kind"] == "alarm_clear"]
        assert [entry["alarm"] for entry in cleared] == ["JOURNAL_FULL"]

    on_bench(script)


def test_a_restart_that_was_ordered_is_answered_said_and_done() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        assert (await bench.order("restart"))["code"] == 200
        assert bench.of_code("Z0")[0]["reason"] == "restart"
        assert bench.board.restarts == 1
        assert bench.relay.driven == 0
        assert bench.flash["left"] == b"restart"

    on_bench(script)


def unreadable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """`terminal.<name>` can no longer be imported."""
    monkeypatch.delattr(f"terminal.{name}", raising=False)
    monkeypatch.setitem(sys.modules, f"terminal.{name}", None)


def test_a_restart_is_said_and_done_though_a_file_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        unreadable(monkeypatch, "starts")
        assert (await bench.order("restart"))["code"] == 200
        assert bench.of_code("Z0")[0]["reason"] == "restart"
        assert bench.board.restarts == 1
        assert bench.relay.driven == 0

    on_bench(script)


def test_what_cannot_be_loaded_for_a_command_refuses_it_and_the_link_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def script(bench: Bench) -> None:
        bench.flash["camera"] = b"yes"
        before = bench.terminal.uplink.conn
        with monkeypatch.context() as gone:
            gone.setattr("terminal.policy._limits", no_memory)
            told = await bench.order("policy", version=3)
            assert told["message"] == "unsupported" and bench.terminal.policy.version == 0
            unreadable(gone, "snapshot")
            told = await bench.order("snapshot", url="http://a/b", token="t")
            assert told["message"] == "unsupported"
        assert (await bench.order("policy", version=3))["code"] == 200
        assert bench.terminal.uplink.conn == before

    def no_memory() -> None:
        raise MemoryError

    on_bench(script)


def test_a_picture_for_a_bad_address_loads_nothing() -> None:
    async def script(bench: Bench) -> None:
        bench.flash["camera"] = b"yes"
        sys.modules.pop("terminal.snapshot", None)
        assert (await bench.order("snapshot", url="", token="t"))["message"] == "malformed"
        assert "terminal.snapshot" not in sys.modules

    on_bench(script)


# --- staying alive ------------------------------------------------------------------------------


def test_a_lost_link_comes_back_and_logs_in_again_with_the_state_as_it_is() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on()
        bench.modem.lose_link()
        await asyncio.sleep(5)
        login = bench.of_code("00")[-1]
        assert (login["conn"], login["mode"], login["relay"], login["job"]) == (
            2,
            "working",
            1,
            "j1",
        )
        assert login["mac"] == signing.receipt("00", login, 200)
        assert len(bench.relay.moves) == 1

    on_bench(script)


def test_a_modem_that_dies_is_switched_off_and_on_and_the_work_goes_on() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on(lease_s=40_000)
        bench.modem.silent = True
        bench.modem._is_open = False
        await long_sleep(1200, 0.5)
        assert not bench.modem.silent
        assert len(bench.of_code("00")) == 2
        assert bench.relay.driven == 1

    on_bench(script)


def test_a_shift_of_eight_hours_loses_neither_link_nor_lease() -> None:
    async def script(bench: Bench) -> None:
        await bench.switch_on(lease_s=8 * 3600)
        bench.board.amps = 120
        await long_sleep(8 * 3600 - 60, 20)
        assert bench.relay.driven == 1
        await long_sleep(120)
        assert bench.relay.driven == 0
        assert len(bench.peer.connects) == 1

    on_bench(script)


def test_the_watchdog_is_fed_every_second() -> None:
    async def script(bench: Bench) -> None:
        fed = bench.board.fed
        await asyncio.sleep(10)
        assert 9 <= bench.board.fed - fed <= 11

    on_bench(script)
