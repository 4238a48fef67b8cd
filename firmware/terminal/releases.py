"""Which release runs, and the next one: answers the cloud's `$ota` events, looks after a trial and
says when a start has gone well. The parts for it are large and seldom needed: they are loaded when
something begins and dropped when it is over."""

import asyncio
import gc
import sys

from terminal import RELEASE, VERSION, messages
from terminal.unload import unload

_WELL_MS = 60000
_OFFERS = ("firmware_upgrade", "software_upgrade", "firmware_upgrade_v2", "software_upgrade_v2")
_PARTS = ("upgrade", "package", "slot")


class Releases:
    """`board.boots`: the loader's word on this start. `get(url, headers, start, sink)`: HTTP.
    `say(event_type, paras)`: an event of `$ota` to the cloud. `outcome(code, version, text)`: an
    upgrade is over, 0 = confirmed. `restart()`: a planned one. `idle()`: the relay is open and no
    job holds it. `now()`: epoch ms, 0 = unknown. `iotda`: what is told names the version that
    runs, as that platform has it, and not the one offered.
    """

    def __init__(
        self, board, hw, get, say, outcome, restart, idle, now, iotda=False, rescue=False
    ):
        self._board = board
        self._hw = hw
        self._get = get
        self._say = say
        self._outcome = outcome
        self._restart = restart
        self._idle = idle
        self._now = now
        self._iotda = iotda
        self._rescue = rescue
        self._upgrade = None
        self._over = asyncio.Event()

    def told(self, kind, paras):
        """An event of `$ota` from the cloud."""
        if kind == "version_query":
            self._say("version_report", {"fw_version": VERSION, "sw_version": VERSION})
        elif kind in _OFFERS:
            try:
                self._part().offer(paras)
            except MemoryError:
                self._report(9, 0, "memory", paras.get("version"))

    async def run(self, on_line, checks):
        """A supervised task. `on_line`: asyncio.Event, set while the cloud can hear; `checks`: the
        self-test of a trial, [(name, callable)]."""
        if self._board.boots.on_trial:
            await self._try(checks)
        elif not self._rescue:
            asyncio.create_task(self._well())
        await on_line.wait()
        if self._board.boots.pending():
            self._part().resume()
        while True:
            self._drop()
            self._over.clear()
            await self._over.wait()
            await asyncio.sleep_ms(1000)  # it ends itself meanwhile

    async def _try(self, checks):
        from terminal.trial import Trial

        await Trial(self._board.store, VERSION, self._report, self._restart).run(checks)
        self._board.boots.on_trial = False
        unload("trial")

    async def _well(self):
        await asyncio.sleep_ms(_WELL_MS)
        self._board.boots.good()

    def _part(self):
        if not self._upgrade:
            gc.collect()  # what stays long is to lie together
            from terminal.upgrade import Upgrade

            board = self._board
            self._upgrade = Upgrade(
                board.store,
                board.folder,
                VERSION,
                RELEASE,
                self._hw,
                self._get,
                self._report,
                self._restart,
                self._idle,
                self._now,
                self._rescue,
            )
        return self._upgrade

    def _report(self, code, progress, text, version):
        told = VERSION if self._iotda else version
        paras = {"result_code": code, "progress": progress, "version": told}
        if text:
            paras["description"] = text
        self._say("upgrade_progress_report", paras)
        if code or progress == 100:
            self._outcome(code, version, text)
            self._over.set()

    def _drop(self):
        if self._upgrade and not self._upgrade.active:
            self._upgrade = None
            for name in _PARTS:
                unload(name)
        sys.modules.pop("slots", None)  # the loader's rules, which upgrade and trial asked


def of_application(t):
    """The Releases of the whole application; `t`: its composition (app.py)."""
    from terminal.controller import WARNING
    from terminal.dialect import EVENT

    async def fetch(url, headers, start, sink):
        from terminal.modem import http

        unload("modem.http")
        t.voice.prompt("upgrade-begun")
        return await http.get(t.modem, url, headers, start, sink)

    def upgraded(code, version, text):
        t.note("update", {"code": code, "version": version, "text": text})
        if code in (1, 3):  # busy, or up to date: nothing has failed
            return
        t.voice.prompt("upgrade-failed" if code else "upgrade-done")
        t.reports.alarm("UPGRADE_FAILED", WARNING, code != 0, code or None)  # until one goes well

    return Releases(
        t.board,
        t.identity.modem,
        fetch,
        lambda kind, paras: t.uplink.offer(messages.event("$ota", kind, paras), EVENT),
        upgraded,
        lambda: asyncio.create_task(t.restart("upgrade")),
        lambda: not (t.board.relay.driven or t.controller.job),
        t.earliest_ms,
        t.identity.dialect == "iotda",
    )
