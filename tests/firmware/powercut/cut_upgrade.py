"""Power cuts while a terminal upgrades itself twice: to a good release, then to one that fails.

The loader, the upgrade and the store are the firmware's; the line, the time and the chip are made
up here. After each cut the terminal must start from a whole tree that is not below the last
confirmed release, and must reach the next release as if nothing had happened.
"""

import asyncio
import json
import os
import sys
from binascii import a2b_base64, hexlify, unhexlify

from sweep import nvs, say, sweep


class Machine:
    """The chip, as far as the loader asks it."""

    PWRON_RESET, SOFT_RESET = 1, 5

    def __init__(self):
        self.cause = 1

    def reset_cause(self):
        return self.cause

    def WDT(self, timeout):
        return None


machine = sys.modules["machine"] = Machine()

import boots  # noqa: E402
import slots  # noqa: E402
from terminal.board.store import Store  # noqa: E402
from terminal.package import Head  # noqa: E402
from terminal.slot import read_head, scan  # noqa: E402
from terminal.trial import Trial  # noqa: E402
from terminal.upgrade import Upgrade  # noqa: E402

_sleep_ms = asyncio.sleep_ms
asyncio.sleep_ms = lambda ms: _sleep_ms(0)  # no time to wait here

with open(sys.argv[0].rsplit("/", 3)[0] + "/vectors/package.json") as file:
    VECTORS = json.load(file)
KEY = unhexlify(VECTORS["key"])
PACKAGES = {9: a2b_base64(VECTORS["good"]["package"]), 10: a2b_base64(VECTORS["next"])}
PIECE = 300


async def get(url, headers, start, sink):
    package = PACKAGES[int(url)]
    for at in range(start, len(package), PIECE):
        sink(package[at : at + PIECE])
        await _sleep_ms(0)


class Life:
    """From one start to the next."""

    def __init__(self, root, power):
        machine.cause = machine.PWRON_RESET if power else machine.SOFT_RESET
        os.chdir(root)
        path = sys.path[:]
        boots.choose()
        sys.path[:] = path
        self.slot = boots.slot
        self.release = self._release()
        self.reports = []
        self.restarts = 0
        self.store = Store()
        self.upgrade = Upgrade(
            self.store,
            "",
            str(self.release),
            self.release,
            "a7670",
            get,
            self._report,
            self._restart,
            lambda: True,
            lambda: 0,
        )

        self.trial = Trial(self.store, str(self.release), self._report, self._restart)

    def _report(self, code, progress, text, version):
        self.reports.append((code, progress))

    def _restart(self):
        self.restarts += 1

    def state(self):
        return slots.read(self.store.get("slots"))

    def _release(self):
        """Of the tree that runs: 1 for the factory's. It must be whole."""
        if not self.slot:
            return 1
        head = Head()
        assert read_head(self.slot, head), "no head"
        manifest = head.manifest()
        whole, _, _ = asyncio.run(scan(self.slot, head))
        assert whole == head.count, ("the tree that runs is not whole", self.slot)
        return manifest["release"]


async def install(life, release, token="first"):
    """Whether it came to the restart into the trial."""
    digest = hexlify(unhexlify(VECTORS["good"]["sha256"])).decode() if release == 9 else ""
    life.upgrade.offer(
        {"version": str(release), "url": str(release), "sign": digest, "access_token": token}
    )
    while life.upgrade._task and not life.restarts:
        await _sleep_ms(0)
    return life.restarts


def prepare(root, ack):
    nvs(root)
    Store().put("release_key", KEY)


def act(root, ack):
    """Release 9 is confirmed, release 10 fails; from wherever it stands when it begins."""
    nvs(root)
    power = True
    for _ in range(8):
        life = Life(root, power)
        release, power = life.release, False
        life.upgrade.resume()
        if (10, 0) in life.reports:
            ack(("told", 10))
            return
        if not life.trial.on:
            assert asyncio.run(install(life, 9 if release == 1 else 10)), life.reports
        elif release == 9:
            asyncio.run(life.trial.run([]))
            ack(("confirmed", 9))
            boots.good()
        else:
            life.trial.fail("test")
            ack(("failed", 10))


def check(root, acked):
    nvs(root)
    confirmed = max([1] + [release for what, release in acked if what == "confirmed"])
    life = Life(root, True)
    release = life.release
    assert life.store.get("release_key") == KEY
    assert release >= confirmed, ("a downgrade", release, confirmed)
    state = life.state()
    assert release >= state.floor and (confirmed == 1 or state.floor >= confirmed)
    assert not boots.rescue
    if ("failed", 10) in acked:
        assert release == 9 and not state.trial
    for _ in range(3):  # on to the end, whatever was cut
        if life.trial.on:
            asyncio.run(life.trial.run([]))
        if life.release == 10:
            break
        wanted = 10 if life.release == 9 else 9
        failed = life.state().failed
        life.upgrade.resume()
        assert not failed or life.reports == [(10, 0)]
        assert asyncio.run(install(life, wanted, "second")), life.reports
        life = Life(root, False)
        assert life.release == wanted
    else:
        raise AssertionError("never came to release 10")
    assert life.state().floor == 10 and life.state().active == life.slot
    # and nothing brings it back
    asyncio.run(install(life, 9))
    assert life.reports[-1] == (3, 0) and not life.restarts


say("upgrade", sweep(act, check, prepare, blocks=32, again=2))
