"""The two dialects: log-in and topics."""

import hashlib
import hmac

from terminal.dialect import ANNEX, ANSWER, EVENT, by_name

SECRET = bytes(range(32))
HOUR_MS = 1_744_592_400_000  # 2025-04-14 01:00 UTC


def test_native_logs_in_with_a_derived_key_and_uses_one_topic_each_way() -> None:
    dialect = by_name("native", "HM-1", SECRET)
    key = hmac.digest(SECRET, b"mqtt", "sha256").hex()
    assert dialect.log_in(0) == ("HM-1", key)
    assert {dialect.topic(kind, "c1") for kind in (ANNEX, EVENT, ANSWER)} == {b"hm/HM-1/up"}
    assert dialect.subscription == b"hm/HM-1/down"
    assert dialect.mine(b"hm/HM-1/down") == ""
    assert dialect.mine(b"hm/HM-2/down") is None


def test_iotda_logs_in_as_its_known_answer_says() -> None:
    dialect = by_name("iotda", "HM-1", b"12345678")
    assert dialect.user == "HM-1"
    assert dialect.log_in(HOUR_MS) == (
        "HM-1_0_1_2025041401",
        "c75150e6cb841417396819e4d2ee4358a416344a03a083e3a8567074ddec820a",
    )


def test_iotda_says_that_the_hour_is_not_to_be_checked_while_it_is_not_known() -> None:
    client, password = by_name("iotda", "HM-1", SECRET).log_in(0)
    hour = client[-10:].encode()
    assert client.startswith("HM-1_0_0_")
    assert password == hmac.new(hour, SECRET, hashlib.sha256).hexdigest()


def test_iotda_carries_a_commands_id_in_its_topics() -> None:
    dialect = by_name("iotda", "HM-1", SECRET)
    base = b"$oc/devices/HM-1/sys/"
    assert dialect.subscription == base + b"commands/#"
    assert dialect.mine(base + b"commands/request_id=c7") == "c7"
    assert dialect.mine(base + b"events/down") == ""
    assert dialect.mine(base + b"commands/response/request_id=c7") is None
    assert dialect.mine(b"$oc/devices/HM-2/sys/commands/request_id=c7") is None
    assert dialect.topic(ANSWER, "c7") == base + b"commands/response/request_id=c7"
    assert dialect.topic(EVENT) == base + b"events/up"
    assert dialect.topic(ANNEX) == base + b"messages/up"
