"""`hanma restore-drill`: a backup under load, the machine lost, a restore elsewhere, all back.

Elsewhere = another data folder and other ports, to which the old names lead after the loss (the
proxies), as a name in the DNS would. What was told 2xx or `stored` before the backup must be there
afterwards; what came between backup and loss is counted, and what the terminals still hold is
asked for again.
"""

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from cloud.base.clock import now_ms
from cloud.base.unit import Ground
from cloud.bench.machine import python
from cloud.bench.mosquitto import free_port
from cloud.faults import play
from cloud.faults.play import Run, Wish
from cloud.link.terminals import Terminal
from simulator.trial import notes as history

_PATIENCE_S = 60
_AT_WORK_S = 60
_ENTRIES_S = 120  # a hole in a journal is asked for after 20 s (link/journal.py)


async def drill(seed: int, minutes: float, folder: Path, say: Callable[[str], None]) -> Any:
    """Half of the time before the loss and half after it; figures and `ok`."""
    run = _Drill(Wish(seed, minutes, ()), folder, say)
    try:
        await run.begin()
        return await run.play()
    finally:
        await run.end()


class _Drill(Run):
    async def play(self) -> dict[str, Any]:
        # People work on however long backup and restore take here; the terminals leave their dead
        # zones meanwhile, so that a late return is the cloud's.
        self._quiet.put(time.time() + 3600)
        half_s = self._wish.minutes * 30
        await asyncio.sleep(max(1.0, 0.7 * half_s))
        self._say("· backup under load")
        file = self._folder / "backup.tar"
        begun, began_at = time.monotonic(), now_ms()
        made = await self._hanma("backup", "--with-keys", str(file))
        told: dict[str, Any] = {"backup_s": _since(begun), "backup_bytes": made["bytes"]}
        await asyncio.sleep(max(1.0, 0.3 * half_s))
        self._say("· the machine is lost")
        lost, lost_at = time.monotonic(), now_ms()
        self._lose()
        self._elsewhere()
        restoring = time.monotonic()
        await self._hanma("restore", str(file))
        told["restore_s"] = _since(restoring)
        await self._serve()
        told["web_back_s"] = _since(lost)
        self._turn()
        back = await self._until(lambda: self._all_back(lost_at), _PATIENCE_S)
        told["terminals_back_s"] = _since(lost)
        self._say("· all are back, work goes on")
        await asyncio.sleep(half_s)
        await self._until(lambda: self._on_since(lost_at) > 0, _AT_WORK_S)
        self._quiet.put(time.time())
        settled = await self.settle()
        missing = await self._entries(lost_at)
        verified = await self._hanma("audit", "verify")
        return self._sum(told | {"entries_lost": missing}, (began_at, lost_at), back, settled,
                         bool(verified["ok"]))  # fmt: skip

    def _lose(self) -> None:
        """Nothing of it is left but the backup, which lay elsewhere."""
        for name in ("cloud", "broker"):
            if name in self._programs:
                self._programs.pop(name).kill()
        self._before = self._settings.data_dir
        shutil.rmtree(self._before)

    def _elsewhere(self) -> None:
        self._settings = replace(self._settings, data_dir=self._folder / "elsewhere", database="")
        self._webs, self._broker = [free_port()], free_port()

    def _turn(self) -> None:
        """The names lead to the new machine."""
        self._mqtt.turn_to([("127.0.0.1", self._broker)])
        self._http.turn_to([("127.0.0.1", port) for port in self._webs])

    def _all_back(self, since: int) -> bool:
        """Whether the cloud has heard every terminal since then."""
        ground = Ground.open(self._settings)
        try:
            with ground.read() as unit:
                since_then = select(Terminal.device).where(Terminal.seen_at > since)
                heard = set(unit.db.scalars(since_then))
        finally:
            ground.close()
        return heard >= set(self._stage.terminals)

    def _on_since(self, since: int) -> int:
        """How often a job was switched on since then."""
        return sum(
            one["t"] > since and bool(one["relay"]) and bool(one["job"])
            for one in history.read(self._past)
            if one["what"] == "relay"
        )

    async def _entries(self, lost_at: int) -> int:
        """How many of the entries of before the loss are not in the new book; waits for them."""
        wanted = {
            (one["device"], one["log"], one["seq"])
            for one in history.read(self._past)
            if one["what"] == "entry"
        }
        missing = len(wanted)

        def all_here() -> bool:
            nonlocal missing
            kept = self._case([]).book["entries"]
            here = {(one["device"], one["log"], one["seq"]) for one in kept}
            missing = len(wanted - here)
            return not missing

        await self._until(all_here, _ENTRIES_S)
        return missing

    def _sum(
        self,
        told: dict[str, Any],
        times: tuple[int, int],
        back: bool,
        settled: dict[str, bool],
        verified: bool,
    ) -> dict[str, Any]:
        backup_at, lost_at = times
        notes = history.read(self._past)
        kept = {job["id"] for job in self._case([]).book["jobs"]}
        jobs = defaultdict(list)
        for one in notes:
            shown = one.get("shown") or {}
            if one["what"] == "answered" and one["status"] == 200 and shown.get("job"):
                jobs[shown["job"]].append(one["t"])
        gone = {job: min(times) for job, times in jobs.items() if job not in kept}
        before = sum(first < backup_at for first in gone.values())
        after = self._on_since(lost_at)
        good = back and verified and all(settled.values()) and after > 0
        return {
            "ok": good and not before and not told["entries_lost"],
            "seed": self._wish.seed,
            **told,
            "minutes_lost": round((lost_at - backup_at) / 60_000, 2),
            "minutes_to_back": round(told["terminals_back_s"] / 60, 2),
            "terminals": len(self._stage.terminals),
            "terminals_back": back,
            "jobs_lost_before_backup": before,
            "jobs_lost_after_backup": len(gone) - before,
            "jobs_on_afterwards": after,
            "audit_verified": verified,
            "settled": settled,
        }

    async def _hanma(self, *words: str) -> dict[str, Any]:
        """The command, as whoever runs the service types it; its last line."""
        environment = os.environ | {"HANMA_DATA": str(self._settings.data_dir)}
        done = await asyncio.to_thread(
            subprocess.run,
            python("cloud", *words),
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise play.NotPlayed(f"hanma {words[0]}: {(done.stderr or done.stdout)[-500:]}")
        last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return last


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 2)
