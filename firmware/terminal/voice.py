"""What the terminal says aloud: a catalogue and a short queue; never two at once, safety first."""

import asyncio
import time

from terminal.unload import unload

URGENT, NORMAL = 0, 1
_QUEUED = 4
_PATIENT = (20, 5000)  # tries and the pause between them, for what is urgent
# The words of all that the terminal says by itself: `name priority quiet_s words` a line, read for
# one prompt at a time. Beside this file, so that a release brings its own.
_CATALOGUE = __file__.rpartition("/")[0] + "/prompts.txt"


class Speaker:
    """The module's own voice; where it has none, or is away, clips from flash if there are any."""

    def __init__(self, modem, board):
        self._modem = modem
        self._board = board
        self._clips = None  # what plays now

    async def speak(self, text):
        if "tts" in self._modem.capabilities:
            return await self._modem.speak(text)
        folder = self._board.folder + "clips"
        open(folder + "/index").close()  # OSError: there are none, and nothing is loaded
        from terminal.clips import Clips

        self._clips = Clips(folder, self._board.open_sound)
        try:
            await self._clips.speak(text)
        finally:
            self._clips = None
            unload("clips")

    async def hush(self):
        await (self._clips or self._modem).hush()


def catalogued(name, catalogue):
    """(priority, words, seconds in which it is not said again) of a prompt; KeyError where there
    is none, OSError where the catalogue cannot be read."""
    with open(catalogue, "rb") as file:
        lines = file.read()
    at = lines.find(b"\n%s " % name.encode())
    if at < 0:
        raise KeyError(name)
    line = lines[at + 1 : lines.find(b"\n", at + 1)].decode()
    _, priority, quiet_s, words = line.split(" ")
    return int(priority), words, int(quiet_s)


class Voice:
    """`speak(text)` says one text and returns when it is over; it may raise OSError.

    `hush()`, where the speaker can do it, makes the present `speak` return at once: an urgent
    text does not wait for a normal one to end. catalogue: the file of the prompts.
    """

    def __init__(self, speak, hush=None, catalogue=_CATALOGUE):
        self._speak = speak
        self._hush = hush
        self._catalogue = catalogue
        self._saying = URGENT  # the priority of what is being said; URGENT = not to be cut short
        self._said = None  # what is being said
        self._waiting = []
        self._asked = {}  # name → ticks when it was last asked for
        self._more = asyncio.Event()

    def prompt(self, name):
        """Says a prompt of the catalogue, unless it was asked for a moment ago; a word that has
        none is not said."""
        try:
            priority, text, quiet_s = catalogued(name, self._catalogue)
        except Exception:  # no such word, no memory, bad flash: unsaid; what else is to do goes on
            return
        now, before = time.ticks_ms(), self._asked.get(name)
        if before is not None and 0 <= time.ticks_diff(now, before) < quiet_s * 1000:
            return
        self._asked[name] = now
        self.say(text, priority)

    def say(self, text, priority=NORMAL):
        """Queues a text; a full queue loses its least urgent, oldest text."""
        if (priority, text) in self._waiting:
            return
        at = len(self._waiting)
        while at and self._waiting[at - 1][0] > priority:  # list.sort() would not keep the order
            at -= 1
        self._waiting.insert(at, (priority, text))
        if len(self._waiting) > _QUEUED:
            least = self._waiting[-1][0]
            del self._waiting[[entry[0] for entry in self._waiting].index(least)]
        self._more.set()
        if self._hush and priority < self._saying:
            self._saying = URGENT  # hushed once is enough
            asyncio.create_task(self._cut_short(self._said))

    async def _cut_short(self, text):
        try:
            if text is self._said:  # else it has just ended, and the urgent one is being said
                await self._hush()
        except OSError:  # then it is heard to its end
            pass

    async def run(self):
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                self._saying, text = self._waiting.pop(0)
                self._said = text
                tries, pause_ms = _PATIENT if self._saying == URGENT else (1, 100)
                for _ in range(tries):
                    try:
                        await self._speak(text)
                        break
                    except OSError:  # the modem is away: only what is urgent is still news later
                        await asyncio.sleep_ms(pause_ms)
                self._saying, self._said = URGENT, None
