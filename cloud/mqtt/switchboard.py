"""amqtt's broker with everything replaced that would hurt on the open internet.

Kept of amqtt 0.12.1: its life cycle, its listener, its packets. Replaced, because of what its
`_client_connected`, `_handle_client_session`, `_run_broadcast` and `ProtocolHandler` do:

- a client that falls silent is never closed, and its will never published;
- a CONNECT with somebody's client id destroys his session before the password is looked at;
- a take-over leaves the old connection open, or sleeps for seconds;
- every message is compared with every filter, every packet becomes a task, and queues are endless.
"""

import asyncio
import logging
import socket
import ssl
from typing import Any

import amqtt.broker
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.mqtt.connack import CONNECTION_ACCEPTED, ConnackPacket

from cloud.mqtt import iotda, topics
from cloud.mqtt.admission import Door, May, common_name
from cloud.mqtt.limits import Limits, Tally
from cloud.mqtt.link import Link
from cloud.mqtt.packets import Closing, Connect, Gone, Message, Refused
from cloud.mqtt.rights import Account, Action
from cloud.mqtt.routes import Routes
from cloud.mqtt.session import Session

log = logging.getLogger(__name__)

_REFUSED = 0x80
_FILTERS = 50
_FAREWELL_S = 5.0
_ACCEPTING_S = 0.02
_READ_BUFFER = 16 * 1024

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forbidden(Closing):
    """The client published where it may not."""

    word = "forbidden"


class NobodyReads(Closing):
    """No subscriber had room for a message in time; without a PUBACK the client keeps it."""

    word = "nobody reads"


def _native(account: Account, message: Message) -> Message:
    """What this account published, in the native dialect."""
    return iotda.up(account.name, message) if account.iotda else message


class Switchboard(amqtt.broker.Broker):
    """Connections, sessions and subscriptions; lives in one event loop."""

    def __init__(
        self,
        listening: socket.socket,
        door: Door,
        may: May,
        limits: Limits,
        tally: Tally,
        tls: ssl.SSLContext | None = None,
        secure: tuple[socket.socket, ssl.SSLContext] | None = None,
    ) -> None:
        self._listening = {"default": (listening, tls)} | ({"secure": secure} if secure else {})
        listeners = {
            name: ListenerConfig(bind="{}:{}".format(*one.getsockname()))
            for name, (one, _tls) in self._listening.items()
        }
        super().__init__(BrokerConfig(listeners=listeners, plugins={}))
        self.limits = limits
        self._door = door
        self._may = may
        self._tally = tally
        self._routes = Routes()
        self._known: dict[str, Session] = {}
        self._callers: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._closing = False
        self._news = asyncio.Event()  # set, and made anew, at every subscription

    def connected(self) -> list[str]:
        """The names of the accounts that have a connection."""
        return [name for name, session in self._known.copy().items() if session.line is not None]

    def drop(self, name: str) -> None:
        """Close the connection of the account `name`, if it has one."""
        session = self._known.get(name)
        if session is not None and session.line is not None:
            session.line.cut("dropped")

    async def shutdown(self) -> None:
        """Close the port and all connections. No wills: it is not the clients that went away."""
        self._closing = True
        # asyncio leaks a connection whose server closes between accept() and transport: let them.
        for listening, _tls in self._listening.values():
            self._loop.remove_reader(listening)
        await asyncio.sleep(_ACCEPTING_S)
        for server in self._servers.values():
            server.instance.close()
        for session in self._known.values():
            if session.line is not None:
                session.line.will = None
        for task, writer in self._callers.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*self._callers, return_exceptions=True)
        await super().shutdown()

    async def publish(self, link: Link, message: Message) -> None:
        """Pass on what a client published; returns when its readers' queues have it."""
        account = link.session.account
        if not self._may(account, Action.PUBLISH, message.topic):
            raise Forbidden(f"published to {message.topic[:200]!r}")
        try:
            async with asyncio.timeout(self.limits.hold_s):
                await self._hand_over(_native(account, message), wanted=not account.cloud)
        except TimeoutError as error:
            raise NobodyReads("nobody had room for its message in time") from error

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> int:
        """The QoS granted, at most 1; 0x80 for what is no filter or not allowed."""
        account = session.account
        allowed = topics.is_filter(topic_filter) and self._may(
            account, Action.SUBSCRIBE, topic_filter
        )
        if not allowed or self._routes.filters(session) >= _FILTERS:
            text = "%s may not subscribe to %.200r"
            self._tally.note(log, "refused subscription", text, account.name, topic_filter)
            return _REFUSED
        self._routes.add(topic_filter, session, min(qos, 1))
        self._news.set()
        self._news = asyncio.Event()
        return min(qos, 1)

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        """End one subscription."""
        self._routes.remove(topic_filter, session)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closing:
            writer.transport.abort()
            return
        if len(self._callers) >= self.limits.connections:
            text = "connection refused: %d connections are open, the limit"
            self._tally.note(log, "crowded", text, len(self._callers))
            writer.transport.abort()
            return
        # asyncio does so by itself; a command must not take 40 ms should that ever change.
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._serve((reader, writer)))
        self._callers[task] = writer
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        transport = self._callers.pop(task).transport
        if not transport.is_closing():
            transport.close()
        # What was written last may still go out, but a peer that takes nothing is not waited for.
        self._loop.call_later(_FAREWELL_S, transport.abort)
        if not task.cancelled() and task.exception() is not None:
            log.error("a connection ended in an error", exc_info=task.exception())

    async def _serve(self, streams: Streams) -> None:
        reader, writer = streams
        address, port = writer.get_extra_info("peername")[:2]
        who = f"{address}:{port}"
        try:
            certified = common_name(writer.get_extra_info("peercert"))
            account, connect = await self._door.admit(reader, address, certified)
            who = f"{account.name} ({who})"
            await self._talk(streams, account, connect)
        except Refused as error:
            writer.write(ConnackPacket.build(0, error.code).to_bytes())
            self._tally.note(log, error.word, "%s: %s", who, error)
        except Closing as error:
            self._tally.note(log, error.word, "%s: %s", who, error)
        except (Gone, OSError):
            log.debug("%s: gone", who)

    async def _talk(self, streams: Streams, account: Account, connect: Connect) -> None:
        session, kept = self._seat(account, connect.clean)
        link = Link(self, streams, session, connect)
        link.write(ConnackPacket.build(kept, CONNECTION_ACCEPTED).to_bytes())
        session.attach(link)
        try:
            await link.run()
        except asyncio.CancelledError:
            if not link.ended:
                raise
            asyncio.current_task().uncancel()  # that was Link.cut
            log.info("%s: closed, %s", account.name, link.ended)
        finally:
            link.close()
            self._leave(link)
            await self._announce(link)

    def _seat(self, account: Account, clean: bool) -> tuple[Session, bool]:
        """The session for a client that has just logged in; whether it was kept from before.

        Only the cloud's own sessions are kept. An older connection goes at once, without its will:
        the client is here.
        """
        old = self._known.get(account.name)
        if old is not None and old.line is not None:
            old.line.will = None
            old.line.cut("another connection took over")
            old.detach()
        clean = clean or not account.cloud
        if old is not None and not clean and not old.clean:
            return old, True
        if old is not None:
            self._routes.forget(old)
        quota = self.limits.cloud if account.cloud else self.limits.terminal
        session = self._known[account.name] = Session(account, quota, clean)
        if account.iotda:  # it need not subscribe to hear its commands
            self._routes.add(topics.down(account.name), session, 1)
        return session, False

    def _leave(self, link: Link) -> None:
        session = link.session
        if session.line is not link:
            return  # taken over
        session.detach()
        if session.clean:
            self._routes.forget(session)
            del self._known[session.account.name]

    async def _announce(self, link: Link) -> None:
        """Publish the will of a client that vanished (MQTT-3.1.2-8)."""
        if link.will is None:
            return
        try:
            async with asyncio.timeout(self.limits.hold_s):
                account = link.session.account
                await self._hand_over(_native(account, link.will), wanted=not account.cloud)
        except TimeoutError:
            name = link.session.account.name
            self._tally.note(log, "will lost", "%s: nobody had room for its will", name)

    async def _hand_over(self, message: Message, wanted: bool) -> None:
        """Put a message into the queue of every reader; waits while a reader of ours is full.

        `wanted`: a terminal's word must reach somebody, so it also waits for the first reader.
        A terminal that does not take what is sent to it is cut off: it holds up nobody.
        """
        told: set[Session] = set()
        while True:
            full = None
            for session, granted in self._routes.readers(message.topic).items():
                if session in told or not self._may(
                    session.account, Action.RECEIVE, message.topic
                ):
                    continue
                said = message._replace(qos=min(message.qos, granted))
                if session.account.iotda:
                    said = iotda.down(session.account.name, said)
                if session.offer(said):
                    told.add(session)
                elif session.account.cloud:
                    full = session
                else:
                    self._cut_slow(session)
            if full is not None:
                await full.room.wait()
            elif told or not wanted:
                return
            else:
                await self._news.wait()

    def _cut_slow(self, session: Session) -> None:
        text = "%s takes nothing in, its queue is full"
        self._tally.note(log, "too slow", text, session.account.name)
        if session.line is not None:
            session.line.cut("too slow")

    async def _create_server_instance(self, listener_name: str, *_: Any) -> asyncio.Server:
        listening, tls = self._listening[listener_name]
        patience = {"ssl_handshake_timeout": self.limits.connect_s} if tls else {}
        return await asyncio.start_server(
            self._accept, sock=listening, ssl=tls, limit=_READ_BUFFER, **patience
        )

    async def _broadcast_loop(self) -> None:
        await self._broadcast_shutdown_waiter  # messages are handed over by their publisher's task

    async def _session_monitor(self) -> None:
        pass  # a session ends with its connection; there is nothing left over to look for
