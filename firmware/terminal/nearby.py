"""The phone's way in, by Bluetooth (protocol page, section 2; bytes in docs/ble.md).

It decides nothing: whole texts go to the callbacks, their answers go back to the phone.
"""

import asyncio

from terminal.unload import unload

IDENTITY, TICKET, STATE, JOURNAL = 2, 3, 4, 5
_ROWS = (
    (IDENTITY, True, False, False),
    (TICKET, False, True, False),
    (STATE, True, False, True),
    (JOURNAL, True, True, True),
)
_PHONES = 3  # the chip has four connections
_PAUSE_MS = 60000


class Nearby:
    """`run` is a task for the supervisor.

    radio: board/radio.py. name: bytes shown to who looks for terminals. `host()`, asked when a
    phone comes, gives (take, state, identity, carry, stored): `await take(text)` gives a receipt
    (dict with code and word); `state()` mode, relay, job; `identity()` what a phone may read
    (dict); `carry(seq)` the journal's entries from there on (bytes); `stored(bytes)` takes the
    cloud's answer to them and gives '' or a word.
    """

    def __init__(self, radio, name, host):
        self._radio = radio
        self._name = name
        self._host = host
        self._phones = None
        self.met = False  # a phone was here since the start

    async def run(self):
        while True:
            try:
                return await self._meet()  # it ends only when cancelled
            except OSError as error:  # a radio that does not work is no reason for a restart
                print("hanma nearby", error)
            await asyncio.sleep_ms(_PAUSE_MS)

    async def _meet(self):
        made = self._radio.serve(_ROWS)
        values = dict(zip([row[0] for row in _ROWS], made))
        try:
            while True:
                connection = await self._radio.meet(self._name)
                if connection is None:
                    return
                self.met = True
                if self._phones is None:
                    from terminal.phones import Phones

                    self._phones = Phones(values, self._host(), self._left)
                self._phones.add(connection)
                while self._phones and self._phones.count() >= _PHONES:
                    await asyncio.sleep_ms(500)
        finally:
            if self._phones:
                self._phones.stop()
                self._left(self._phones)

    def _left(self, phones):
        """The last of these phones has gone."""
        if phones is self._phones:
            self._phones = None
            unload("phones")
