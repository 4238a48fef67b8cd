"""Topic names and what a filter matches (MQTT 3.1.1, section 4.7)."""

import pytest

from cloud.mqtt import topics


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("hm/HM-1/up", "HM-1"),
        ("hm/HM-1/down", None),
        ("hm//up", None),
        ("hm/a/b/up", None),
        ("/hm/a/up", None),
        ("xx/a/up", None),
        ("hm/a/up/", None),
        ("", None),
    ],
)
def test_the_device_comes_from_the_topic(topic, device):
    assert topics.device_of(topic) == device


def test_up_is_what_device_of_reads():
    assert topics.device_of(topics.up("HM-1")) == "HM-1"


@pytest.mark.parametrize(
    ("topic_filter", "topic", "hit"),
    [
        ("hm/+/up", "hm/a/up", True),
        ("hm/+/up", "hm/a/b/up", False),
        ("hm/+/up", "hm/a/down", False),
        ("hm/+/up", "hm//up", True),
        ("hm/#", "hm/a/up", True),
        ("hm/#", "hm", True),
        ("hm/#", "hmm/a", False),
        ("#", "hm/a/up", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
        ("+", "/a", False),
        ("+/+", "/a", True),
        ("/+", "/a", True),
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/b/c", "a/b", False),
    ],
)
def test_filters_match_as_section_4_7_says(topic_filter, topic, hit):
    assert topics.matches(topic_filter, topic) is hit


@pytest.mark.parametrize("text", ["hm/+/up", "hm/#", "#", "+", "/", "a//b", "+/a/#"])
def test_these_are_filters(text):
    assert topics.is_filter(text)


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a/b#", "a+/b", "++", "a\0b", "#/"])
def test_these_are_no_filters(text):
    assert not topics.is_filter(text)
