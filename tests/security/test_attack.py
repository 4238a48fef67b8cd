"""`hanma attack` (cloud/attack.py): what it asks of the brokers' TLS."""

import pytest

from cloud import attack
from cloud.bench import mosquitto

pytestmark = pytest.mark.slow


def test_both_brokers_speak_tls_1_2_and_1_3_alone_and_no_weak_cipher() -> None:
    """As a stranger finds them by `openssl s_client`; of Mosquitto's the file that we write."""
    told = attack.tls()
    assert [what for what, right in told.items() if not right] == []
    brokers = ["embedded", *(["mosquitto"] if mosquitto.found() else [])]
    assert len(told) == 6 * len(brokers)
    assert {what.partition(":")[0] for what in told} == set(brokers)
