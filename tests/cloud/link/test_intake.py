"""What terminals say, and what follows from it (cloud/link/intake.py)."""

import json
import threading
from typing import Any

import pytest

from cloud.link import intake, oddities, reckoning, terminals


def off_line(line: Any) -> int:
    return line.county.do(intake.off_line)


# --- log-in -------------------------------------------------------------------------------------


def test_a_log_in_makes_the_terminal_known_and_on_line(line: Any) -> None:
    assert line.login() == "login"
    row = line.row
    assert (row.epoch, row.conn, row.up, row.online) == (line.terminal.epoch, 1, 9000, True)
    assert (row.mode, row.relay, row.fw, row.hw) == ("idle", 0, "0.1.0", "a7670")
    assert row.kind == "contactor"
    assert [event["kind"] for event in line.told("terminal-login", "terminal-online")] == [
        "terminal-online",
        "terminal-login",
    ]


@pytest.mark.parametrize("field", ["up", "n", "relay", "epoch"])
def test_a_log_in_with_a_wrong_mac_moves_nothing(line: Any, field: str) -> None:
    other = {"up": 5, "n": 900, "relay": 1, "epoch": "00" * 8}[field]
    assert line.login(**{field: other}) == "bad-mac"
    assert (line.row.epoch, line.row.seen_at, line.row.n) == (None, None, 0)
    assert line.told("terminal-login", "terminal-online") == []


def test_the_same_log_in_twice_is_told_once(line: Any) -> None:
    payload = line.terminal.login()
    assert [line.up(payload), line.up(payload)] == ["login", "stale"]
    assert len(line.told("terminal-login")) == 1


def test_a_reconnect_of_the_same_boot_is_a_new_log_in(online: Any) -> None:
    first = online.row.epoch
    online.clock.forward(30)
    assert online.login() == "login"
    assert (online.row.conn, online.row.epoch) == (2, first)


def test_a_log_in_of_a_boot_that_is_over_is_old_news(online: Any) -> None:
    old = online.terminal.login()
    online.terminal.restart()
    online.login()
    assert online.up(old) == "stale"
    assert online.row.epoch == online.terminal.epoch


def test_a_log_in_raises_the_counter_after_a_restore_but_never_lowers_it(line: Any) -> None:
    line.terminal.n = 41
    line.login()
    assert line.row.n == 41
    line.terminal.restart()
    line.login()
    assert line.row.n == 41


def test_a_log_in_believed_by_mistake_is_mended_by_the_next_answer(online: Any) -> None:
    lost = online.terminal.login()  # of a boot whose messages all come too late
    lost_epoch = online.terminal.epoch
    online.terminal.restart()
    online.login()
    with online.county.ground.write() as unit:
        terminals.get(unit, online.terminal.device).left_epochs = []
    assert online.up(lost) == "login"
    assert online.row.epoch == lost_epoch
    online.issue("alive")
    online.exchange()
    assert online.row.epoch == online.terminal.epoch
    assert online.terminal.epoch not in online.row.left_epochs


# --- heartbeat ----------------------------------------------------------------------------------


def test_a_heartbeat_moves_last_seen_and_the_deadline(online: Any) -> None:
    online.clock.forward(180)
    assert online.beat() == "beat"
    assert online.row.seen_at == online.clock.now
    assert online.row.deadline == online.clock.now + 460_000


def test_a_working_terminal_has_a_nearer_deadline(online: Any) -> None:
    online.terminal.relay = 1
    online.clock.forward(1)
    online.beat()
    assert online.row.deadline == online.clock.now + 160_000


def test_a_heartbeat_with_nothing_new_tells_nothing(online: Any) -> None:
    for _ in range(3):
        online.clock.forward(180)
        online.beat()
    assert online.told("terminal-beat") == []


@pytest.mark.parametrize(
    "change", [{"relay": 1}, {"mode": "fault"}, {"job": "j9"}, {"amps": 120}, {"arc": 1}]
)
def test_a_change_of_relay_mode_job_or_arc_is_told_once(online: Any, change: dict) -> None:
    for _ in range(2):
        online.clock.forward(60)
        online.beat(**change)
    assert len(online.told("terminal-beat")) == 1


def test_a_number_of_amperes_that_is_no_arc_is_no_news(online: Any) -> None:
    online.clock.forward(60)
    online.beat(amps=14)
    assert online.told("terminal-beat") == []
    assert online.row.amps == 14


def test_the_same_heartbeat_twice_or_an_older_one_later_changes_nothing(online: Any) -> None:
    online.clock.forward(60)
    old = online.terminal.beat(relay=1)
    online.clock.forward(60)
    new = online.terminal.beat()
    assert [online.up(new), online.up(old), online.up(new)] == ["beat", "stale", "stale"]
    assert online.row.relay == 0


def test_a_heartbeat_of_an_earlier_boot_is_old_news_even_if_it_does_not_say_so(
    online: Any,
) -> None:
    online.clock.forward(4000)
    online.beat()
    late = online.terminal.beat(full=False, relay=1, up=online.terminal.up + 1)
    online.terminal.restart()
    online.login()
    assert online.up(late) == "stale"
    assert online.row.relay == 0
    online.clock.forward(60)
    assert online.beat(full=False) == "beat"


def test_a_heartbeat_before_any_log_in_is_seen_but_allows_no_command(line: Any) -> None:
    assert line.beat(full=False) == "beat"
    assert line.row.online
    assert not reckoning.commandable(line.row)


def test_a_heartbeat_that_lacks_everything_or_holds_nonsense_is_survived(online: Any) -> None:
    online.clock.forward(1)
    said = {"actionCode": "FF", "content": {"up": "x", "relay": 7, "mode": 9, "amps": []}}
    assert online.up(json.dumps(said).encode()) == "beat"
    assert online.up(b'{"actionCode":"FF"}') == "beat"
    assert (online.row.relay, online.row.mode) == (0, "idle")


def test_a_clock_put_back_in_the_cloud_does_not_silence_a_terminal(online: Any) -> None:
    online.clock.forward(600)
    online.beat()
    online.exchange()
    online.clock.now -= 3_600_000
    online.terminal.born_at -= 3_600_000 + 180_000  # its own time went on
    assert online.beat(full=False) == "stale"
    online.exchange()
    online.clock.forward(180)
    assert online.beat(full=False) == "beat"
    assert reckoning.up_now(online.row, online.clock.now) == online.terminal.up


# --- contact ------------------------------------------------------------------------------------


def alive_within(line: Any, beats: int, every_s: int) -> int:
    count = 0
    for _ in range(beats):
        line.clock.forward(every_s)
        line.beat()
        heard = [json.loads(body)["command_name"] for body in line.leaving()]
        count += heard.count("alive")
    return count


@pytest.mark.parametrize(("every_s", "relay"), [(180, 0), (60, 1)])
def test_a_beating_terminal_hears_from_the_cloud_before_it_thinks_itself_alone(
    online: Any, every_s: int, relay: int
) -> None:
    online.terminal.relay = relay
    online.login()
    gap = 0
    for _ in range(40):
        online.clock.forward(every_s)
        gap += every_s
        online.beat()
        if online.leaving():
            gap = 0
        assert gap + every_s <= 720 < 900  # no_contact_s of the policy


def test_alive_commands_do_not_pile_up(online: Any) -> None:
    assert alive_within(online, 20, 180) >= 5
    rows = online.county.ask(lambda unit: unit.db.query(intake.commands.Command).count())
    assert rows == 1


def test_a_terminal_whose_time_is_doubtful_is_asked_at_once_but_not_again_and_again(
    online: Any,
) -> None:
    online.clock.forward(30)
    online.beat(up=online.terminal.up - 20_000)
    assert len(online.leaving()) == 1
    online.clock.forward(1)
    online.beat()
    assert online.leaving() == []


def test_nobody_is_asked_for_its_time_while_more_waits_than_is_taken_in(online: Any) -> None:
    def together(unit: Any, body: bytes) -> str:
        intake.hold(unit, [online.terminal.device], pressed=True)
        return intake.receive(unit, online.terminal.device, body)

    online.beat()
    online.leaving()
    online.clock.forward(30)
    late = online.terminal.beat(up=online.terminal.up - 20_000)
    assert online.county.do(together, late) == "beat"
    assert online.leaving() == []
    online.clock.forward(1)
    online.beat(up=online.terminal.up - 19_000)
    assert len(online.leaving()) == 1


def test_the_time_is_told_with_a_mac_on_request(online: Any) -> None:
    asked = {"service_id": "$time_sync", "event_type": "time_sync_request"}
    asked |= {"event_time": "20270115T080000Z", "paras": {"device_send_time": "1700000000000"}}
    assert online.up(json.dumps({"services": [asked]}).encode()) == "time-sync"
    told = json.loads(online.leaving()[0])["services"][0]
    now = online.clock.now
    assert (told["service_id"], told["event_type"]) == ("$time_sync", "time_sync_response")
    assert told["paras"]["device_send_time"] == "1700000000000"
    assert told["paras"]["server_recv_time"] == told["paras"]["server_send_time"] == now
    covered = f"{online.terminal.device}|time_sync|1700000000000|{now}|{now}"
    assert told["paras"]["mac"] == online.terminal._mac("command", covered)


# --- going and coming ---------------------------------------------------------------------------


def test_a_silent_terminal_is_told_off_line_once(online: Any) -> None:
    online.clock.forward(459)
    assert off_line(online) == 0
    online.clock.forward(1)
    assert [off_line(online), off_line(online)] == [1, 0]
    assert [event["reason"] for event in online.told("terminal-offline")] == ["silent"]


def test_a_terminal_that_comes_back_is_told_on_line(online: Any) -> None:
    online.clock.forward(500)
    off_line(online)
    online.beat()
    assert online.row.online
    assert len(online.told("terminal-online")) == 2


def test_a_last_will_hurries_the_off_line(online: Any) -> None:
    assert online.up(online.terminal.leave()) == "offline"
    assert not online.row.online
    assert off_line(online) == 0
    assert len(online.told("terminal-offline")) == 1


def test_a_last_will_of_an_earlier_connection_is_ignored(online: Any) -> None:
    old = online.terminal.leave()
    online.login()
    assert online.up(old) == "stale"
    assert online.row.online


def test_a_last_will_of_an_earlier_boot_or_of_nobody_is_ignored(online: Any) -> None:
    old = online.terminal.leave()
    online.terminal.restart()
    online.login()
    assert online.up(old) == "stale"
    assert online.up(b'{"actionCode":"Z0","content":{"reason":"will"}}') == "stale"
    assert online.row.online


def test_power_gone_means_that_the_relay_is_open(online: Any) -> None:
    online.terminal.relay = 1
    online.clock.forward(1)
    online.beat()
    online.up(online.terminal.leave("power"))
    assert (online.row.relay, online.row.mode) == (0, "idle")
    assert online.told("terminal-offline")[-1]["relay"] == 0


@pytest.mark.parametrize("reason", ["restart", "upgrade"])
def test_before_a_planned_restart_the_relay_is_not_believed_open_until_it_tells_so(
    online: Any, reason: str
) -> None:
    """Its contact may be welded, and that shows only when it is to open."""
    online.terminal.relay = 1
    online.clock.forward(1)
    online.beat()
    online.up(online.terminal.leave(reason))
    assert (online.row.relay, online.row.online) == (1, False)
    online.terminal.restart()
    online.login()
    assert online.row.relay == 0


def test_sending_a_command_does_not_make_a_terminal_look_alive(online: Any) -> None:
    seen_at = online.row.seen_at
    online.clock.forward(100)
    online.on()
    online.sweep()
    assert online.row.seen_at == seen_at


# --- strangers and nonsense ---------------------------------------------------------------------


def test_a_stranger_is_not_heard(line: Any) -> None:
    assert line.county.do(intake.receive, "HM-990101-999999", b"{}") == "stranger"
    line.county.do(terminals.revoke, line.terminal.device)
    assert line.login() == "stranger"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"hello!", "not-json"),
        (b"\xff\x00\xff", "not-utf8"),
        (b"x" * 1_000_000, "too-long"),
        (b'{"actionCode":"ZZ","content":{}}', "unknown-code"),
        (b'{"services":[{"service_id":"$log","event_type":"log_report"}]}', "unknown-event"),
        (b'{"id":"nobody","success":true,"code":200}', "no-such-command"),
        (b'{"actionCode":"E0","content":{"alarm":7}}', "alarm-without-name"),
    ],
)
def test_what_means_nothing_is_counted_and_kept_and_never_fatal(
    online: Any, payload: bytes, reason: str
) -> None:
    seen_at = online.row.seen_at
    online.clock.forward(1)
    assert online.up(payload) == reason
    assert online.row.odd == 1
    assert online.row.seen_at == seen_at
    kept = online.county.ask(oddities.of, online.terminal.device)
    assert [one.reason for one in kept] == [reason]
    assert len(kept[0].payload) <= oddities.CHARACTERS_KEPT
    assert kept[0].payload.isprintable()


def test_of_endless_nonsense_only_the_latest_is_kept(online: Any) -> None:
    for number in range(oddities.KEPT + 5):
        online.up(f"nonsense {number}".encode())
    kept = online.county.ask(oddities.of, online.terminal.device)
    assert len(kept) == oddities.KEPT
    assert kept[0].payload == "nonsense 24"
    assert online.row.odd == oddities.KEPT + 5


def test_an_alarm_is_passed_on_without_its_free_text(online: Any) -> None:
    content = {"alarm": "TAMPER", "level": 2, "seq": 7, "detail": "张三 13800000000"}
    online.up(json.dumps({"actionCode": "E0", "content": content}).encode())
    told = online.told("terminal-alarm")[0]
    assert (told["alarm"], told["level"], told["seq"]) == ("TAMPER", 2, 7)
    assert "张三" not in json.dumps(told, ensure_ascii=False)


def test_a_position_is_a_sign_of_life(online: Any) -> None:
    online.clock.forward(100)
    assert online.up(b'{"actionCode":"EF","content":{"lat":29.5,"lng":106.5}}') == "position"
    assert online.row.seen_at == online.clock.now


def test_an_unsigned_terminal_of_a_foreign_platform_is_heard_without_macs(line: Any) -> None:
    line.county.do(terminals.provision, line.terminal.device, signed=False, dialect="iotda")
    assert line.up(b'{"actionCode":"00","content":{"mode":"idle","relay":0}}') == "login"
    assert line.row.online
    command = line.on()
    assert line.row.relay == 0
    line.up(json.dumps({"id": command.id, "success": True, "code": 200}).encode())
    assert (line.row.relay, line.row.job) == (1, "j1")
    assert line.command(command.id).state == "done"
    assert line.up(b'{"actionCode":"Z0","content":{"reason":"will"}}') == "offline"


def test_many_threads_with_the_same_messages_tell_everything_once(line: Any) -> None:
    payloads = [line.terminal.login()]
    line.clock.forward(60)
    payloads.append(line.terminal.beat(relay=1))
    barrier = threading.Barrier(8)

    def storm() -> None:
        barrier.wait()
        for payload in payloads:
            line.up(payload)

    threads = [threading.Thread(target=storm) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(line.told("terminal-login")) == 1
    assert len(line.told("terminal-beat")) == 1
