"""The talk with the phones that are here: loaded when the first comes, dropped when the last has
left (nearby.py)."""

import asyncio
import json
import sys

from terminal.nearby import IDENTITY, JOURNAL, STATE, TICKET

_FIRST, _LAST, _NUMBER = 0x80, 0x40, 0x3F
_NO_PIECE = 0xFF
_PIECES = 2  # in _WORDS
_TEXT_MAX = 1024
_STRANGER_S = 30
_FRIEND_S = 300
_MODES = ("idle", "working", "emergency", "fault", "service", "locked")
_WORDS = (
    "-",
    "ok",
    "pieces",
    "closed",
    "malformed",
    "wrong-device",
    "bad-mac",
    "fire-watch",
    "stale-challenge",
    "used",
    "expired",
    "void",
    "ended",
    "locked",
    "gas",
    "relay-stuck",
    "unsupported",
)


class _Phone:
    def __init__(self, connection):
        self.connection = connection
        self.left_s = _STRANGER_S
        self.open = False  # it has brought a good ticket
        self.busy = False
        self.code = 0
        self.piece = _NO_PIECE
        self.of = 0  # the characteristic whose text is coming in
        self.told = b""
        self._text = b""
        self._next = 0

    @property
    def room(self):
        """Bytes of one piece, its head included."""
        return min((self.connection.mtu or 23) - 3, 244)

    def feed(self, of, data):
        """The whole text after its last piece, before that and where a piece does not fit b""."""
        head = data[0] if data else 0
        if head & _FIRST:
            self.of, self._text, self._next, self.code = of, b"", 0, 0
        text = self._text + data[1:]
        fits = of == self.of and head & _NUMBER == self._next and not self.busy
        if not fits or not 0 < len(text) <= _TEXT_MAX:
            self.of, self.piece, self.code = 0, _NO_PIECE, _PIECES
            return b""
        self._text, self.piece = text, head
        self._next = (head + 1) & _NUMBER
        if not head & _LAST:
            return b""
        self.of = 0
        return text


class Phones:
    """`values[of]`: characteristics. `calls`: what Nearby's `host` gave. `left(self)`: all have
    left."""

    def __init__(self, values, calls, left):
        self._values = values
        self._take, self._state, self._identity, self._carry, self._stored = calls
        self._left = left
        self._shown, self._phones = None, {}
        self._tasks = [asyncio.create_task(self._listen(of)) for of in (TICKET, JOURNAL)]

    def count(self):
        return len(self._phones)

    def add(self, connection):
        asyncio.create_task(self._attend(self._phone(connection)))

    def stop(self):
        for task in self._tasks:
            task.cancel()

    def _phone(self, connection):
        if connection not in self._phones:
            self._phones[connection] = _Phone(connection)
        return self._phones[connection]

    async def _attend(self, phone):
        """Until it goes, or has stayed too long."""
        connection = phone.connection
        while connection.is_connected() and phone.left_s > 0:
            phone.left_s -= 1
            self._show()
            if phone.told and self._told(phone)[:2] != phone.told[:2]:
                await self._tell(phone)
            await asyncio.sleep_ms(1000)
        self._phones.pop(connection, None)
        try:
            if connection.is_connected():
                await connection.disconnect()
        except (OSError, asyncio.TimeoutError):
            pass
        if not self._phones:
            self.stop()
            self._left(self)

    def _show(self):
        """Puts out for reading what has changed."""
        shown = (json.dumps(self._identity()), self._told(None))
        if shown != self._shown:
            self._shown = shown
            self._values[IDENTITY].write(shown[0].encode())
            self._values[STATE].write(shown[1])

    def _told(self, phone):
        """The state as bytes, at most twenty."""
        state = self._state()
        mode = _MODES.index(state["mode"]) if state["mode"] in _MODES else 255
        more = (phone.code, phone.piece, phone.of, phone.room) if phone else (0, _NO_PIECE, 0, 20)
        return bytes((mode, state["relay"]) + more) + state["job"].encode()[:14]

    async def _tell(self, phone):
        phone.told = self._told(phone)
        await self._notify(phone, STATE, phone.told)

    async def _notify(self, phone, of, data):
        for _ in range(50):
            if not phone.connection.is_connected():
                return
            try:
                self._values[of].notify(phone.connection, data)
                return
            except OSError:  # the chip has no room for it now
                await asyncio.sleep_ms(20)

    async def _listen(self, of):
        while True:
            connection, data = await self._values[of].written()
            if not connection.is_connected():
                continue
            phone = self._phone(connection)
            text = phone.feed(of, data)
            await self._tell(phone)
            if text:
                phone.busy = True
                asyncio.create_task(self._obey(phone, of, text))

    async def _obey(self, phone, of, text):
        try:
            word, answer = await self._answer(phone, of, text)
            phone.code = _WORDS.index(word) if word in _WORDS else 255
        except Exception as error:
            sys.print_exception(error)
            phone.code, answer = 255, None
        phone.busy = False
        if phone.open:
            phone.left_s = _FRIEND_S
        self._show()
        await self._tell(phone)
        if answer is not None:
            await self._send(phone, answer)

    async def _answer(self, phone, of, text):
        """(word, answer for the phone or None)."""
        if of == TICKET:
            try:
                text = text.decode()
            except UnicodeError:
                text = ""
            told = await self._take(text)
            phone.open = phone.open or told["code"] == 200
            return told["word"] or "ok", json.dumps(told).encode()
        if not phone.open:
            return "closed", None
        try:
            asked = json.loads(text)
        except (ValueError, MemoryError, RuntimeError):
            return "malformed", None
        if isinstance(asked, dict) and isinstance(asked.get("from"), int):
            return "ok", self._carry(asked["from"])
        return self._stored(text) or "ok", None

    async def _send(self, phone, data):
        """A long value, in pieces, through the journal."""
        room = phone.room - 1
        last = max(0, (len(data) - 1) // room)
        for number in range(last + 1):
            head = number & _NUMBER | (0 if number else _FIRST) | (_LAST if number == last else 0)
            part = data[number * room : (number + 1) * room]
            await self._notify(phone, JOURNAL, bytes((head,)) + part)
            await asyncio.sleep_ms(0)
