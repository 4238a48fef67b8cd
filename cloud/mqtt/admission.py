"""The door: reads a CONNECT within its limits, and finds out who it is."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from amqtt.adapters import StreamReaderAdapter
from amqtt.mqtt.connack import BAD_USERNAME_PASSWORD, NOT_AUTHORIZED, SERVER_UNAVAILABLE

from cloud.mqtt import topics
from cloud.mqtt.limits import Limits, Tally
from cloud.mqtt.pace import Failures
from cloud.mqtt.packets import Connect, Malformed, Refused, read_connect
from cloud.mqtt.rights import Account, Action

log = logging.getLogger(__name__)

Login = Callable[..., Account | None]  # (client_id, user, password[, name in a certificate])
May = Callable[[Account, Action, str], bool]

_CLERKS = 4
_USER_SIGNS = 128  # of a user that is remembered for its wrong passwords


class Door:
    """Lets clients in. The log-in check may look into a database, so it has threads of its own."""

    def __init__(self, login: Login, may: May, limits: Limits, tally: Tally) -> None:
        self._login = login
        self._may = may
        self._limits = limits
        self._tally = tally
        self._failures = Failures()
        self._clerks = ThreadPoolExecutor(_CLERKS, thread_name_prefix="mqtt-login")

    async def admit(
        self, reader: asyncio.StreamReader, address: str, certified: str = ""
    ) -> tuple[Account, Connect]:
        """Who has come, and what he said. Gone, Malformed or Refused if he cannot come in.

        `certified` = the common name in a certificate that was proved, empty without one.
        """
        limits = self._limits
        try:
            async with asyncio.timeout(limits.connect_s):
                connect = await read_connect(StreamReaderAdapter(reader), limits.connect_bytes)
        except TimeoutError as error:
            raise Malformed(f"no CONNECT within {limits.connect_s:g} s") from error
        account = await self._known(connect, address, certified)
        will = connect.will
        if will and (topics.is_wild(will.topic) or not self._allowed(account, will.topic)):
            raise Refused(NOT_AUTHORIZED, f"{account.name}: a will for a topic not its own")
        return account, connect

    def close(self) -> None:
        """End the threads."""
        self._clerks.shutdown(cancel_futures=True)

    async def _known(self, connect: Connect, address: str, certified: str) -> Account:
        pair = (address, connect.user[:_USER_SIGNS])
        if self._failures.deaf(pair, time.monotonic()):
            raise Refused(BAD_USERNAME_PASSWORD, "too many wrong passwords, not heard for a while")
        account = await self._asked(connect, certified)
        if account is None:
            self._failures.failed(pair, time.monotonic())
            raise Refused(BAD_USERNAME_PASSWORD, "wrong client id, user or password")
        self._failures.succeeded(pair)
        return account

    async def _asked(self, connect: Connect, certified: str) -> Account | None:
        said = [connect.client_id, connect.user, connect.password]
        said += [certified] if certified else []
        asked = asyncio.get_running_loop().run_in_executor(self._clerks, self._login, *said)
        try:
            async with asyncio.timeout(self._limits.login_s):
                return await asked
        except Exception as error:
            text = "log-ins cannot be checked: %.300r"
            self._tally.note(log, "log-in not checked", text, error)
            raise Refused(SERVER_UNAVAILABLE, "log-ins cannot be checked now") from error

    def _allowed(self, account: Account, topic: str) -> bool:
        return self._may(account, Action.PUBLISH, topic)


def common_name(certificate: dict[str, Any] | None) -> str:
    """The name in a certificate that was proved against our authority; empty without one."""
    subject = (certificate or {}).get("subject", ())
    names = [value for part in subject for key, value in part if key == "commonName"]
    return str(names[0]) if len(names) == 1 else ""
