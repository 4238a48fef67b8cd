"""The table of subscriptions, also compared with the plain definition."""

from hypothesis import given
from hypothesis import strategies as st

from cloud.mqtt import topics
from cloud.mqtt.routes import Routes

LEVELS = st.sampled_from(["hm", "a", "b", "up", "+", "#"])
FILTERS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(topics.is_filter)
READERS = st.sampled_from(["x", "y", "z"])
TOPICS = st.lists(st.sampled_from(["hm", "a", "b", "up"]), min_size=1, max_size=4).map("/".join)


def test_a_reader_hears_once_with_the_highest_qos():
    routes = Routes()
    routes.add("hm/a/up", "x", 0)
    routes.add("hm/+/up", "x", 1)
    routes.add("hm/#", "y", 0)
    assert routes.readers("hm/a/up") == {"x": 1, "y": 0}


def test_the_second_subscription_to_a_filter_replaces_the_first():
    routes = Routes()
    routes.add("a", "x", 1)
    routes.add("a", "x", 0)
    assert routes.readers("a") == {"x": 0}
    assert routes.filters("x") == 1


def test_removing_what_is_not_there_is_no_error():
    routes = Routes()
    routes.remove("a", "x")
    routes.forget("x")


def test_nothing_is_left_of_a_forgotten_reader():
    routes = Routes()
    for topic_filter in ("a", "b", "hm/+/up"):
        routes.add(topic_filter, "x", 1)
    routes.forget("x")
    assert routes.readers("a") == {}
    assert not routes._exact
    assert not routes._wild
    assert not routes._filters


@given(
    st.lists(st.tuples(st.booleans(), FILTERS, READERS, st.integers(0, 1)), max_size=12), TOPICS
)
def test_the_table_agrees_with_the_definition(changes, topic):
    routes, plain = Routes(), {}
    for adding, topic_filter, reader, qos in changes:
        if adding:
            routes.add(topic_filter, reader, qos)
            plain[topic_filter, reader] = qos
        else:
            routes.remove(topic_filter, reader)
            plain.pop((topic_filter, reader), None)
    wanted = {}
    for (topic_filter, reader), qos in plain.items():
        if topics.matches(topic_filter, topic):
            wanted[reader] = max(qos, wanted.get(reader, 0))
    assert routes.readers(topic) == wanted
