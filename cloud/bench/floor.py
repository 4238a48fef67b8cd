"""The least that hears a fleet: one subscriber that acknowledges every message and does nothing.

`python -m cloud.bench.floor PORT`; it runs until it is ended.
"""

import sys
import threading

from paho.mqtt.client import MQTTMessage

from cloud.mqtt import topics
from cloud.mqtt.address import Address
from cloud.mqtt.client import Client


def main(port: int) -> None:
    def hear(message: MQTTMessage) -> None:
        client.acknowledge(message.mid, client.connection)

    address = Address("127.0.0.1", port, "", "")
    filters = (f"$share/ingest/{topics.EVERY_UP}",)
    client = Client(address, "hanma-floor", on_message=hear, filters=filters)
    client.start()
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]))
