"""The rescue: started from the factory's tree after the application failed five times in a row.
The relay stays open; there are a modem, a link to the cloud and the upgrade, and nothing else but
that a phone nearby is told how things are."""

import asyncio
from binascii import hexlify

from terminal import VERSION, dialect, messages
from terminal.authority import Authority
from terminal.dialect import ANSWER, EVENT
from terminal.memory import Memory
from terminal.modem import choose
from terminal.modem.chat import Chat
from terminal.nearby import Nearby
from terminal.policy import Policy
from terminal.releases import Releases
from terminal.supervisor import Supervisor
from terminal.unload import unload
from terminal.uplink import Uplink

_BEAT_MS = 180000
_MODE = "fault"


class Rescue:
    def __init__(self, board):
        from terminal import settings

        self.board = board
        identity = self.identity = settings.identity(board.store)
        unload("settings")
        epoch = hexlify(board.random(8)).decode()
        self.authority = Authority(identity.device, identity.secret, epoch, 0, identity.signed)
        self.chat = Chat(board.serial())
        self.modem = choose(identity.modem)(self.chat, board, identity.apn)
        self.uplink = Uplink(
            self.modem,
            identity,
            dialect.by_name(identity.dialect, identity.device, identity.secret),
            Policy(),
            board.random,
            self._greeting,
            self._last_will,
            self._down,
            lambda: 0,
        )
        self.releases = Releases(
            board,
            identity.modem,
            self._fetch,
            lambda kind, paras: self.uplink.offer(messages.event("$ota", kind, paras), EVENT),
            lambda code, version, text: print("hanma upgrade", code, version, text),
            board.restart,
            lambda: True,
            lambda: Memory(board.store).number("time"),
            identity.dialect == "iotda",
            rescue=True,
        )
        self.nearby = Nearby(
            board.radio,
            identity.device[:26].encode(),
            lambda: (self._ticket, self._state, self._identity, self._carry, self._stored),
        )

    async def run(self):
        supervisor = Supervisor(self.board, lambda: self.uplink.connecting)
        supervisor.watch("modem", self.chat.run)
        supervisor.watch("uplink", self.uplink.run)
        supervisor.watch("nearby", self.nearby.run)
        supervisor.watch("beat", self._beat)
        supervisor.watch("releases", lambda: self.releases.run(self.uplink.on_line, ()))
        await supervisor.run()

    async def _fetch(self, url, headers, start, sink):
        from terminal.modem import http

        unload("modem.http")
        await http.get(self.modem, url, headers, start, sink)

    def _down(self, id, body):
        try:
            told = messages.read_down(body, id)
        except messages.Malformed:
            return
        if isinstance(told, messages.Event):
            if told.service == "$ota":
                self.releases.told(told.type, told.paras)
            return
        result = self._standing(told.id, 500)
        answer = messages.answer(told.id, told.name, "unsupported", result, 0)
        self.uplink.offer(answer, ANSWER, told.id)

    def _state(self):
        return {"mode": _MODE, "relay": 0, "job": ""}

    def _identity(self):
        return dict(self._state(), d=self.identity.device, fw=VERSION, boot="rescue")

    def _carry(self, seq):
        return b"[]"

    def _stored(self, text):
        return "unsupported"

    async def _ticket(self, text):
        """No ticket moves the relay here; that a phone asked is no contact either."""
        code = messages.code_of("unsupported")
        return {"d": self.identity.device, "code": code, "word": "unsupported"}

    def _standing(self, id, code):
        content = self.authority.standing(id, self.board.clock.up_ms(), code, 0)
        content["mode"] = _MODE
        return content

    async def _beat(self):
        while True:
            await asyncio.sleep_ms(_BEAT_MS)
            up = self.board.clock.up_ms()
            self.uplink.offer(messages.annex("FF", {"up": up, "mode": _MODE, "relay": 0}))

    def _greeting(self):
        content = self._standing("00", 200)
        content["fw"] = VERSION
        content["hw"] = self.identity.modem
        content["imei"] = self.modem.imei
        content["boot"] = "rescue"
        content["conn"] = self.uplink.conn
        return (messages.annex("00", content),)

    def _last_will(self):
        epoch, conn = self.authority.epoch, self.uplink.conn
        return messages.annex("Z0", {"reason": "will", "epoch": epoch, "conn": conn})


def run(board):
    board.relay.open()
    asyncio.run(Rescue(board).run())
