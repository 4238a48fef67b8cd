"""Terminals as the cloud knows them (cloud/link/terminals.py, reckoning.py)."""

from typing import Any

import pytest

from cloud.link import reckoning, terminals
from cloud.mqtt import login, mosquitto

DEVICE = "HM-990101-000001"
OURS = (login.CLOUD_USER, mosquitto.CLOUD_USER, "hanma-send-0a1b2c3d")  # no terminal is one of us


def test_provisioning_gives_a_fresh_secret_and_keeps_it_sealed(county: Any) -> None:
    secret = county.do(terminals.provision, DEVICE)
    row = county.ask(terminals.get, DEVICE)
    assert len(secret) == 32
    assert secret.hex() not in row.secret_sealed
    assert county.ask(terminals.secret, DEVICE) == secret


def test_the_native_password_is_the_mqtt_key(county: Any) -> None:
    secret = bytes(range(32))
    wanted = "c582805f6b33410bfa2ac3b55af343563405d8ae3976303dad5439b3b56a47d3"
    assert terminals.mqtt_password(secret) == wanted


@pytest.mark.parametrize("device", ["", "a b", "焊机", "x" * 129, "a/b", "a#", "a\n", *OURS])
def test_a_device_id_has_letters_digits_and_dashes(county: Any, device: str) -> None:
    with pytest.raises(terminals.BadDevice):
        county.do(terminals.provision, device)


def test_an_unknown_dialect_is_refused(county: Any) -> None:
    with pytest.raises(ValueError, match="dialect"):
        county.do(terminals.provision, DEVICE, dialect="klingon")


def test_a_revoked_or_unknown_terminal_has_no_secret(county: Any) -> None:
    county.do(terminals.provision, DEVICE)
    county.do(terminals.revoke, DEVICE)
    assert county.ask(terminals.secret, DEVICE) is None
    assert county.ask(terminals.secret, "HM-990101-999999") is None


def test_a_terminal_is_off_line_from_the_moment_it_is_revoked(online: Any) -> None:
    assert online.row.online
    online.county.do(terminals.revoke, DEVICE)
    assert not online.row.online
    assert [event["reason"] for event in online.told("terminal-offline")] == ["revoked"]


def test_provisioning_again_gives_a_new_secret_but_the_counter_goes_on(online: Any) -> None:
    online.on()
    n = online.row.n
    old = online.terminal.secret
    assert online.county.do(terminals.provision, DEVICE) != old
    assert online.row.n == n > 0
    assert not reckoning.commandable(online.row)


def test_the_estimate_of_up_runs_on_from_the_last_mac(online: Any) -> None:
    online.clock.forward(100)
    assert reckoning.up_now(online.row, online.clock.now) == online.terminal.up


@pytest.mark.parametrize(
    ("told_late_by_s", "moved_ms"), [(0, 0), (3, 3000), (-3, -3000), (60, 5000), (-60, -5000)]
)
def test_a_heartbeat_corrects_the_estimate_by_five_seconds_at_most(
    online: Any, told_late_by_s: int, moved_ms: int
) -> None:
    online.clock.forward(100)
    honest = online.terminal.up
    online.beat(up=honest + told_late_by_s * 1000)
    assert reckoning.up_now(online.row, online.clock.now) == honest + moved_ms


def test_many_heartbeats_together_correct_no_more_than_one(online: Any) -> None:
    for step in range(1, 20):
        online.clock.forward(60)
        online.beat(up=online.terminal.up + step * 4000)
    gained = reckoning.up_now(online.row, online.clock.now) - online.terminal.up
    assert gained == reckoning.CORRECTION_MS


def test_an_answer_under_a_mac_sets_the_estimate_anew(online: Any) -> None:
    online.clock.forward(100)
    online.beat(up=online.terminal.up + 60_000)
    online.issue("alive")
    online.exchange()
    assert reckoning.up_now(online.row, online.clock.now) == online.terminal.up


def test_a_terminal_never_heard_of_is_not_reachable(line: Any) -> None:
    assert not reckoning.reachable(None, line.clock.now)
    assert not reckoning.reachable(line.row, line.clock.now)


def test_a_terminal_is_reachable_until_its_deadline(online: Any) -> None:
    assert reckoning.reachable(online.row, online.clock.now)
    online.clock.forward(2.5 * 180 + 9)
    assert reckoning.reachable(online.row, online.clock.now)
    online.clock.forward(1)
    assert not reckoning.reachable(online.row, online.clock.now)
