"""paho-mqtt with a network thread of our own.

paho's own thread waits in select(), which fails for ever on file numbers above 1023: beside an
embedded broker with a thousand terminals it could never connect again. It also sleeps through
a stop, and does not end while a message is unacknowledged. The thread here does none of that.
"""

import contextlib
import logging
import random
import selectors
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud.mqtt.address import Address
from cloud.mqtt.limits import Tally

log = logging.getLogger(__name__)

KEEPALIVE_S = 30
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 15.0
_TICK_S = 1.0  # only keepalives wait for it
_IN_FLIGHT = 200


class NotSent(Exception):
    """The broker was not given the message: no connection just now, or too much in flight."""


class Client:
    """A connection to a broker that comes back by itself.

    `on_message(message)` runs in the network thread, and must be quick. `filters` are subscribed
    to at every connect. `keep` lets the broker hold our session while we are away.
    """

    def __init__(
        self,
        address: Address,
        name: str,
        *,
        on_message: Callable[[paho.MQTTMessage], None] | None = None,
        filters: tuple[str, ...] = (),
        keep: bool = False,
    ) -> None:
        self.name = name
        self.connection = 0  # counts connections: an acknowledgement belongs to one of them
        self._address = address
        self._filters = filters
        self._on_message = on_message
        self._up = threading.Event()
        self._trouble = Tally()
        self._quiet = threading.Event()
        self._stopping = threading.Event()
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._paho = self._make(keep and not address.outside)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has let us in, and the line stands."""
        return self._up.is_set()

    def wait_connected(self, timeout_s: float) -> bool:
        """Wait until `connected`; False if it took too long."""
        return self._up.wait(timeout_s)

    def start(self) -> None:
        """Connect, and keep connecting."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye, and end the thread."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._ring()
        if self._thread.is_alive():
            self._thread.join()
        self._bell.close()
        self._ear.close()

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Hand over a message and return; NotSent if there is no line."""
        if not self.connected:
            raise NotSent(f"no connection to the broker {self._address.host}")
        info = self._paho.publish(topic, payload, qos=qos)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise NotSent(paho.error_string(info.rc))
        self._ring()

    def acknowledge(self, packet_id: int, connection: int) -> None:
        """PUBACK for what came over `connection`; another one's packet ids mean other messages."""
        if connection == self.connection and self.connected:
            self._paho.ack(packet_id, 1)
            self._ring()

    def unsubscribe(self, timeout_s: float) -> None:
        """Let no more messages come; returns when the broker has said so, or time is up."""
        if self._filters and self.connected:
            self._paho.unsubscribe(list(self._filters))
            self._ring()
            self._quiet.wait(timeout_s)

    def _make(self, keep: bool) -> paho.Client:
        version = paho.MQTTv5 if self._address.outside else paho.MQTTv311
        client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=self.name,
            clean_session=None if self._address.outside else not keep,
            protocol=version,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.username_pw_set(self._address.user, self._address.password)
        if self._address.tls:
            client.tls_set_context(ssl.create_default_context())
        client.max_inflight_messages_set(_IN_FLIGHT)
        client.max_queued_messages_set(_IN_FLIGHT)
        client.suppress_exceptions = True
        client.on_socket_open = _no_delay
        client.on_socket_register_write = lambda *_: None  # so that paho writes only in our thread
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_unsubscribe = lambda *_: self._quiet.set()
        client.on_message = self._arrived
        return client

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        self._point()
        while not self._stopping.is_set():
            before = self.connection
            try:
                self._paho.reconnect()
                self._converse()
            except (OSError, ValueError) as error:
                self._trouble.note(log, "no broker", "%s: no connection: %s", self.name, error)
            except Exception:
                log.exception("%s: the connection broke", self.name)
            self._up.clear()
            pause_s = FIRST_PAUSE_S if self.connection != before else pause_s
            self._stopping.wait(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _point(self) -> None:
        options: dict[str, Any] = {}
        if self._address.outside:
            receive = Properties(PacketTypes.CONNECT)
            receive.ReceiveMaximum = _IN_FLIGHT
            options = {"clean_start": True, "properties": receive}
        address = self._address
        self._paho.connect_async(address.host, address.port, KEEPALIVE_S, **options)

    def _converse(self) -> None:
        """Serve the socket until it is closed, by the other end or by our own goodbye."""
        line = self._paho.socket()
        with selectors.DefaultSelector() as selector:
            selector.register(self._ear, selectors.EVENT_READ)
            selector.register(line, selectors.EVENT_READ)
            while self._paho.socket() is line:
                if self._stopping.is_set():
                    self._goodbye()
                    return
                self._serve(selector, line)

    def _serve(self, selector: selectors.BaseSelector, line: Any) -> None:
        writing = selectors.EVENT_WRITE if self._paho.want_write() else 0
        selector.modify(line, selectors.EVENT_READ | writing)
        buffered = getattr(line, "pending", lambda: 0)()  # TLS
        ready = {key.fileobj for key, _ in selector.select(0 if buffered else _TICK_S)}
        if self._ear in ready:
            self._ear.recv(4096)
        if line in ready or buffered:
            self._paho.loop_read()
            # Whatever comes shows that the broker lives: its pong may be behind a long queue.
            self._paho._ping_t = 0.0
        if self._paho.want_write():
            self._paho.loop_write()
        self._paho.loop_misc()

    def _goodbye(self) -> None:
        self._paho.disconnect()
        self._paho.loop_write()

    def _ring(self) -> None:
        with contextlib.suppress(BlockingIOError):  # then it rings already
            self._bell.send(b"!")

    def _connected(self, *args: Any) -> None:
        reason = args[3]
        if reason.is_failure:
            log.error("%s: the broker does not let us in: %s", self.name, reason)
            return
        self.connection += 1
        self._trouble.clear()
        if self._filters:
            self._paho.subscribe([(one, 1) for one in self._filters])
        self._up.set()
        log.info("%s: connected to the broker %s", self.name, self._address.host)

    def _disconnected(self, *args: Any) -> None:
        self._up.clear()
        if not self._stopping.is_set():
            log.warning("%s: lost the broker: %s", self.name, args[3])

    def _subscribed(self, *args: Any) -> None:
        for topic_filter, reason in zip(self._filters, args[3], strict=False):
            if reason.is_failure:
                log.error("%s: may not subscribe to %s: %s", self.name, topic_filter, reason)

    def _arrived(self, _client: paho.Client, _userdata: Any, message: paho.MQTTMessage) -> None:
        if self._on_message is None:
            return
        try:
            self._on_message(message)
        except Exception:  # it would end the network thread
            log.exception("%s: a message could not be taken in", self.name)


def _no_delay(_client: paho.Client, _userdata: Any, sock: Any) -> None:
    # Without it a command takes 44-90 ms instead of under 1 (architecture.md, "Traps").
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
