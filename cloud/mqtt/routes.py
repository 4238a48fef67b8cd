"""Who hears a topic: exact filters in a dict, the few wildcard filters in a list beside it."""

from collections.abc import Hashable

from cloud.mqtt import topics


class Routes:
    """Subscriptions by filter. Two thousand terminals cost one look-up for each message."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Hashable, int]] = {}
        self._wild: dict[str, dict[Hashable, int]] = {}
        self._filters: dict[Hashable, set[str]] = {}

    def add(self, topic_filter: str, reader: Hashable, qos: int) -> None:
        """Subscribe `reader`; a second subscription to the same filter replaces the QoS."""
        self._table(topic_filter).setdefault(topic_filter, {})[reader] = qos
        self._filters.setdefault(reader, set()).add(topic_filter)

    def remove(self, topic_filter: str, reader: Hashable) -> None:
        """End one subscription; nothing happens if there is none."""
        table = self._table(topic_filter)
        readers = table.get(topic_filter, {})
        if readers.pop(reader, None) is None:
            return
        if not readers:
            del table[topic_filter]
        self._filters[reader].discard(topic_filter)

    def forget(self, reader: Hashable) -> None:
        """End all subscriptions of `reader`, without looking at anybody else's."""
        for topic_filter in list(self._filters.get(reader, ())):
            self.remove(topic_filter, reader)
        self._filters.pop(reader, None)

    def filters(self, reader: Hashable) -> int:
        """How many filters `reader` holds."""
        return len(self._filters.get(reader, ()))

    def readers(self, topic: str) -> dict[Hashable, int]:
        """Everybody who hears `topic`, once, with the highest QoS granted (MQTT-3.3.5-1)."""
        found = dict(self._exact.get(topic, {}))
        for topic_filter, readers in self._wild.items():
            if topics.matches(topic_filter, topic):
                for reader, qos in readers.items():
                    found[reader] = max(qos, found.get(reader, 0))
        return found

    def _table(self, topic_filter: str) -> dict[str, dict[Hashable, int]]:
        return self._wild if topics.is_wild(topic_filter) else self._exact
