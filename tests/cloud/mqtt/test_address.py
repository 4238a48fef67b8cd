"""Where a broker is: URLs and listening addresses."""

import pytest

from cloud.mqtt.address import Address, BadAddress, reachable, split_listen


def test_a_url_names_everything():
    address = Address.from_url("mqtts://hm%40ingest:s%3Aecret@broker.example:8884")
    assert address == Address("broker.example", 8884, "hm@ingest", "s:ecret", tls=True)
    assert address.outside


@pytest.mark.parametrize(
    ("url", "port"), [("mqtt://u:p@h", 1883), ("mqtts://u:p@h", 8883), ("mqtt://h:7", 7)]
)
def test_ports_have_defaults(url, port):
    assert Address.from_url(url).port == port


@pytest.mark.parametrize("url", ["", "embedded", "http://h", "mqtt://", "mqtt://h:x", "h:1883"])
def test_anything_else_is_refused_with_a_sentence(url):
    with pytest.raises(BadAddress, match="broker"):
        Address.from_url(url)


def test_a_password_is_not_in_the_repr():
    assert "secret" not in repr(Address.from_url("mqtt://u:secret@h"))


@pytest.mark.parametrize(
    ("text", "pair"),
    [("127.0.0.1:1883", ("127.0.0.1", 1883)), (":1883", ("", 1883)), ("[::1]:7", ("::1", 7))],
)
def test_a_listening_address_is_split(text, pair):
    assert split_listen(text) == pair


@pytest.mark.parametrize("text", ["", "1883", "host", "host:", "host:x", "host:99999"])
def test_a_listening_address_that_is_none_is_refused(text):
    with pytest.raises(BadAddress):
        split_listen(text)


def test_everywhere_is_reached_by_the_loopback():
    assert reachable("0.0.0.0") == "127.0.0.1"
    assert reachable("192.0.2.7") == "192.0.2.7"


def test_several_brokers_stand_in_one_setting_and_each_has_a_name():
    every = Address.each_from_urls("mqtt://u:a,b@one, mqtts://u:p@two:9,mqtt://three:1883")
    assert [one.name for one in every] == ["one:1883", "two:9", "three:1883"]
    assert every[0].password == "a,b" and every[1].tls


@pytest.mark.parametrize("urls", ["mqtt://one,two", "mqtt://one,mqtt://one:1883", "", "mqtt://a,"])
def test_a_list_that_is_not_clear_is_refused(urls):
    with pytest.raises(BadAddress):
        Address.each_from_urls(urls)
