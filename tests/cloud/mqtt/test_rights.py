"""The rights matrix, as pure values: a terminal, its neighbour, the cloud."""

import pytest

from cloud.mqtt.rights import Account, Action, may

A = Account("HM-A")
CLOUD = Account("$cloud-ingest", cloud=True)
STRANGE = [
    "hm/HM-B/up", "hm/HM-B/down", "hm/+/up", "hm/+/down", "hm/#", "#", "+/HM-A/up", "$SYS/#",
    "$oc/devices/HM-A/sys/messages/up", "$share/g/hm/HM-A/up", "hm/HM-A", "hm/HM-A/up/x", "",
]  # fmt: skip


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("topic", STRANGE)
def test_a_terminal_may_do_nothing_elsewhere(action, topic):
    assert not may(A, action, topic)


@pytest.mark.parametrize(
    ("action", "up", "down"),
    [
        (Action.PUBLISH, True, False),
        (Action.SUBSCRIBE, False, True),
        (Action.RECEIVE, False, True),
    ],
)
def test_a_terminal_speaks_up_and_listens_down(action, up, down):
    assert may(A, action, "hm/HM-A/up") is up
    assert may(A, action, "hm/HM-A/down") is down


@pytest.mark.parametrize("action", Action)
def test_a_terminal_may_hear_itself_and_nobody_else_there(action):
    assert may(A, action, "hm/HM-A/echo")
    assert not may(A, action, "hm/HM-B/echo")
    assert not may(A, action, "hm/+/echo")
    assert not may(A, action, "hm/HM-A/echo/x")


@pytest.mark.parametrize("action", Action)
def test_the_cloud_may_do_anything_under_hm_and_nothing_beside(action):
    for topic in ("hm/HM-A/up", "hm/HM-B/down", "hm/+/up", "hm/#"):
        assert may(CLOUD, action, topic)
    for topic in ("#", "+/+/up", "hmm/a", "hm", "$SYS/#", "$share/g/hm/+/up", "x"):
        assert not may(CLOUD, action, topic)
