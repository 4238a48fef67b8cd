"""Upgrades over the air: offer, download, check, start of the trial (protocol page, section 4).

The new tree goes to the slot that does not run. At every moment the store names one tree that
runs: `slots` (of the loader) is one value written whole. A download that is cut off goes on after
the last whole file, also after a restart: the offer is in the store, the head in the slot.
"""

import asyncio
import json
import sys

import slots

from terminal import slot
from terminal.package import CHECK_FAILED, Head, Refused
from terminal.unload import unload

_BUSY, _NEWEST, _NO_SPACE, _TIMEOUT, _UNSUITED, _FAILED = 1, 3, 5, 6, 8, 10
_NO_MEMORY, _INTERNAL = 9, 255
_OFFERED = ("version", "url", "sign", "access_token")
_OFFER_MAX = 1024
_FULL = 6  # attempts when memory is short
_FRUITLESS = 20  # attempts in a row that brought nothing: an hour and a half


class _Enough(OSError):
    """Ends a transfer from our side: the head is whole, or the relay has closed."""


class Upgrade:
    """`version`, `release`: what runs. `get(url, headers, start, sink)`: HTTP GET from byte
    `start` on, `sink(bytes)` gets what comes; OSError when it breaks. `report(code, progress,
    text, version)`: IoTDA's result code, of the upgrade to `version`; 0 and less than 100 is under
    way, 0 and 100 is confirmed, all else failed, and what ran still runs. `idle()`: the relay is
    open. `restart()`: a planned one.
    `folder`: '' or what ends in '/'. `now()`: the earliest possible time, ms, 0 = unknown.
    `rescue`: the application does not run, so its own release may come again.
    """

    def __init__(
        self,
        store,
        folder,
        version,
        release,
        hw,
        get,
        report,
        restart,
        idle,
        now,
        rescue=False,
    ):
        self._store = store
        self._folder = folder
        self._version = version
        self._release = release
        self._hw = hw
        self._get = get
        self._report = report
        self._restart = restart
        self._idle = idle
        self._now = now
        self._rescue = rescue
        self._task = None
        self._shown = self._fruitless = 0

    # the conversation --------------------------------------------------------------------

    def offer(self, paras):
        """`firmware_upgrade` or `software_upgrade` of `$ota`: begins, or reports why not. What
        failed is not begun again before it is offered under another address or token."""
        told = {name: paras.get(name) or "" for name in _OFFERED}
        text, version = json.dumps(told), str(told["version"])
        state = self._state()
        over = (self._store.get("over", _OFFER_MAX + 8) or b"").decode().partition(" ")
        if state.trial or state.failed or (self._task and text != self._kept()):
            self._report(_BUSY, 0, "busy", version)
        elif len(text) > _OFFER_MAX or not all([isinstance(v, str) for v in told.values()]):
            self._report(CHECK_FAILED, 0, "offer", version)
        elif version == self._version and not self._rescue:
            self._report(_NEWEST, 0, "version", version)
        elif text == over[2]:
            self._report(int(over[0]), 0, "again", version)
        elif not self._task:
            if text != self._kept():
                slot.forget(self._slot())
                self._keep(text)
            self._begin()

    def resume(self):
        """Once after a start, when the cloud can hear it: tells of a trial that failed, goes on
        with a download."""
        state = self._state()
        if state.failed:
            self._end(_FAILED, "trial of %d" % state.failed)
            self._put(slots.told(state))
        elif not state.trial and self._kept() and not self._task:
            if self._target() == self._version and not self._rescue:
                self._end(0, "confirmed")  # the power was cut just before this could be told
            else:
                self._begin()

    @property
    def active(self):
        """Whether something is under way; else this object may be dropped."""
        return self._task is not None

    # the work ---------------------------------------------------------------------------------

    def _begin(self):
        self._shown = self._fruitless = 0
        self._task = asyncio.create_task(self._work())

    async def _work(self):
        try:
            await self._insist()
        except Refused as error:
            self._end(error.code, str(error))
        except MemoryError:
            self._end(_NO_MEMORY, "memory")
        except OSError as error:
            self._end(_flash(error).code, str(error))
        except Exception as error:
            sys.print_exception(error)
            self._end(_INTERNAL, repr(error))
        finally:
            self._task = None

    async def _insist(self):
        """A heap that is full for a moment ends nothing: on from what is in flash."""
        for _ in range(_FULL - 1):
            try:
                return await self._install(json.loads(self._kept()))
            except MemoryError:
                print("hanma upgrade memory")
            await asyncio.sleep_ms(5000)
        await self._install(json.loads(self._kept()))

    def _end(self, code, text):
        version = self._target()
        if code:
            self._store.put("over", b"%d %s" % (code, self._kept().encode()))
        self._keep("")
        self._report(code, 0 if code else 100, text, version)

    async def _install(self, offer):
        folder = self._slot()
        head = Head()
        fresh = not slot.read_head(folder, head)
        while not head.whole:
            await self._load(offer, head.got, head.take)
        await self._prove(head)
        manifest = head.manifest()
        self._suits(manifest)
        if fresh:
            await slot.clear(folder)
            slot.write_head(folder, head)
        await self._files(offer, folder, head)
        self._show(99)
        await asyncio.sleep_ms(1000)  # so that it is told
        await self._until_idle()
        self._put(slots.on_trial(self._state(), manifest["release"]))
        self._restart()

    async def _files(self, offer, folder, head):
        """What is missing in the slot, then all of it, read back, against what was signed."""
        count, start, digest = await slot.scan(folder, head)
        if count < head.count:
            unpacker = slot.Unpacker(folder, head, count)

            def take(data):
                unpacker.feed(data)
                self._show((start + unpacker.rcvd) * 98 // (head.size or 1))

            try:
                take(b"")
                while not unpacker.done:
                    await self._load(offer, head.got + start + unpacker.rcvd, take)
            finally:
                unpacker.close()
            count, _, digest = await slot.scan(folder, head)
        if count < head.count or digest != (offer["sign"].lower() or digest):
            raise Refused(CHECK_FAILED, "sign")

    async def _load(self, offer, start, take):
        """One transfer with the relay open; `take` says True when it has enough. Refused after
        too many that brought nothing."""
        await self._until_idle()
        headers, came = {}, 0
        if offer["access_token"]:
            headers["Authorization"] = "Bearer " + offer["access_token"]

        def sink(data):
            nonlocal came
            came += len(data)
            try:
                enough = take(data)
            except OSError as error:  # of the flash, not of the line
                raise _flash(error) from None
            if enough or not self._idle():
                raise _Enough("enough")

        try:
            await self._get(offer["url"], headers, start, sink)
        except _Enough:
            return
        except OSError as error:
            print("hanma upgrade", error)
            if 400 <= getattr(error, "status", 0) < 500:  # a token that is over, a package gone
                raise Refused(_TIMEOUT, str(error)) from None
        self._fruitless = 0 if came else self._fruitless + 1
        if self._fruitless >= _FRUITLESS:
            raise Refused(_TIMEOUT, "no link")
        if not came:
            await asyncio.sleep_ms(min(5000 << self._fruitless, 300000))  # up to five minutes

    async def _prove(self, head):
        """Asks the release key, which the bench has put into the store; there is no other."""
        from terminal import ecdsa

        key = self._store.get("release_key") or b""
        good = await ecdsa.verify(key, head.digest(), head.signature())
        unload("ecdsa")
        if not good:
            raise Refused(CHECK_FAILED, "signature")

    def _suits(self, manifest):
        floor = self._state().floor
        if manifest["hw"] != self._hw:
            raise Refused(_UNSUITED, "hardware")
        if manifest["release"] < max(floor, self._release + (not self._rescue)):
            raise Refused(_NEWEST, "release")
        if max(floor, self._release) < manifest["min_release"]:
            raise Refused(_UNSUITED, "min_release")
        if manifest["expires"] < self._now():
            raise Refused(CHECK_FAILED, "expired")

    async def _until_idle(self):
        while not self._idle():
            await asyncio.sleep_ms(2000)

    def _show(self, progress):
        """A fifth at a time: reports cost data."""
        if progress >= self._shown + 20 or progress == 99:
            self._shown = progress
            self._report(0, progress, "", self._target())

    # what is kept ---------------------------------------------------------------------------

    def _state(self):
        return slots.read(self._store.get("slots"))

    def _put(self, state):
        self._store.put("slots", slots.written(state))

    def _kept(self):
        return (self._store.get("offer", _OFFER_MAX) or b"").decode()

    def _target(self):
        return json.loads(self._kept() or '{"version":""}')["version"]

    def _keep(self, text):
        self._store.put("offer", text.encode())

    def _slot(self):
        return self._folder + slots.spare(self._state())


def _flash(error):
    """ENOSPC is 28 on each of them."""
    return Refused(_NO_SPACE if error.args[0] == 28 else _FAILED, str(error))
