"""The rescue: started from the factory's tree after the application failed five times in a row.
The relay stays open; there are a modem, a link to the cloud and the upgrade, and nothing else."""

import asyncio
from binascii import hexlify

from terminal import VERSION, dialect, messages, settings
from terminal.authority import Authority
from terminal.modem import choose
from terminal.modem.chat import Chat
from terminal.policy import Policy
from terminal.supervisor import Supervisor
from terminal.uplink import Uplink

_BEAT_MS = 180000


class Rescue:
    def __init__(self, board):
        self.board = board
        identity = settings.identity(board.store)
        self._device = identity.device
        self._hw = identity.modem
        epoch = hexlify(board.random(8)).decode()
        self._authority = Authority(identity.device, identity.secret, epoch)
        self._chat = Chat(board.serial())
        self.modem = choose(identity.modem)(self._chat, board, identity.apn)
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

    async def run(self):
        supervisor = Supervisor(self.board, lambda: self.uplink.connecting)
        supervisor.watch("modem", self._chat.run)
        supervisor.watch("uplink", self.uplink.run)
        supervisor.watch("beat", self._beat)
        await supervisor.run()

    def _down(self, id, body):
        try:
            command = messages.read_down(body, id)
        except messages.Malformed:
            return
        if isinstance(command, messages.Event):
            return
        result = self._standing(command.id, 500)
        self.uplink.offer(messages.answer(command.id, command.name, "unsupported", result, 0))

    def _standing(self, id, code):
        up = self.board.clock.up_ms()
        receipt = self._authority.receipt(id, up, code, 0)
        return {
            "relay": 0,
            "mode": "fault",
            "epoch": self._authority.epoch,
            "up": up,
            "n": 0,
            "mac": receipt,
        }

    async def _beat(self):
        while True:
            await asyncio.sleep_ms(_BEAT_MS)
            up = self.board.clock.up_ms()
            self.uplink.offer(messages.heartbeat({"up": up, "mode": "fault", "relay": 0}))

    def _greeting(self):
        content = self._standing("00", 200)
        content["fw"] = VERSION
        content["hw"] = self._hw
        content["imei"] = self.modem.imei
        content["boot"] = "rescue"
        content["conn"] = self.uplink.conn
        return (messages.login(content),)

    def _last_will(self):
        return messages.offline(
            {"reason": "will", "epoch": self._authority.epoch, "conn": self.uplink.conn}
        )


def run(board):
    board.relay.open()
    asyncio.run(Rescue(board).run())
