"""What the terminal says aloud: a catalogue and a short queue; never two at once, safety first."""

import asyncio

URGENT, NORMAL = 0, 1
_QUEUED = 4

PROMPTS = {
    "on": (NORMAL, "焊机已开机，请注意防火"),
    "off": (URGENT, "焊机已关机，请清理现场"),
    "lease-over": (URGENT, "作业时间已到，焊机已关机"),
    "locked": (URGENT, "焊机已被锁定"),
    "unlocked": (NORMAL, "焊机已解锁"),
    "fault": (URGENT, "开关故障，请立即切断电源并报修"),
}


class Voice:
    """`speak(text)` says one text and returns when it is over; it may raise OSError."""

    def __init__(self, speak):
        self._speak = speak
        self._waiting = []
        self._more = asyncio.Event()

    def prompt(self, name):
        priority, text = PROMPTS[name]
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

    async def run(self):
        while True:
            await self._more.wait()
            self._more.clear()
            while self._waiting:
                _, text = self._waiting.pop(0)
                try:
                    await self._speak(text)
                except OSError:  # the modem is away: what was to be said is no longer news
                    await asyncio.sleep_ms(100)
