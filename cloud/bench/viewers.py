"""What a hundred open status pages cost the server: each asks every ten seconds, as it does, and
for the map when that poll says that there is another one.

In real time, for the figures are kept by the clock; `share` is CPU time of this process by time.
"""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cloud.base.unit import Ground
from cloud.bench import county, pages
from cloud.web import create_app, visitor
from cloud.web.regulator.map import NEWS
from cloud.web.regulator.status import POLL_MS

COUNT, LIMIT_SHARE, LIMIT_MS = 100, 0.03, 150
_SECONDS = 60


def measure(ground: Ground, seconds: float = _SECONDS, count: int = COUNT) -> dict[str, Any]:
    """Viewers of the city and of its counties, in turn; figures beside their limits."""
    viewers = _Viewers(ground, count, "viewer")
    began, used = time.monotonic(), time.process_time()
    took = viewers.look(seconds)
    share = (time.process_time() - used) / (time.monotonic() - began)
    slowest = max(took[count:] or took)  # once round, the figures have been made
    return {
        "ok": statistics.median(took) <= LIMIT_MS and share <= LIMIT_SHARE,
        "viewers": count,
        "share": round(share, 4),
        "limit_share": LIMIT_SHARE,
        "median_ms": round(statistics.median(took), 2),
        "worst_ms": round(slowest, 1),
        "limit_ms": LIMIT_MS,
    }


@contextmanager
def present(ground: Ground, count: int = COUNT) -> Iterator[None]:
    """They look all the while, in a thread of this process as the web's are."""
    viewers = _Viewers(ground, count, "present")
    thread = threading.Thread(target=viewers.look, name="viewers")
    thread.start()
    try:
        yield
    finally:
        viewers.gone.set()
        thread.join()


class _Viewers:
    def __init__(self, ground: Ground, count: int, name: str) -> None:
        self.gone = threading.Event()
        app = create_app(ground)
        districts = [county.ROOT, *(f"{county.ROOT}{number:02}" for number in range(9))]
        tokens = [pages.signed_in(ground, "officer", one, name) for one in districts]
        self._clients, self._tags, self._maps = [], [""] * count, [("", "")] * count
        for number in range(count):
            client = app.test_client()
            client.set_cookie(visitor.SESSION, tokens[number % len(tokens)])
            assert client.get("/").status_code == 200
            self._clients.append(client)
            self._look_at_map(number, "")

    def look(self, seconds: float = float("inf")) -> list[float]:
        """Evenly spread, until the time is over or they are gone; how long each look took."""
        count, took = len(self._clients), list[float]()
        pause, began = POLL_MS / 1000 / count, time.monotonic()
        while len(took) * pause < seconds:
            if self.gone.wait(max(0.0, began + len(took) * pause - time.monotonic())):
                break
            at, start = len(took) % count, time.perf_counter()
            known = {"If-None-Match": self._tags[at]}
            answer = self._clients[at].get("/status.part", headers=known)
            took.append((time.perf_counter() - start) * 1000)
            self._tags[at] = answer.headers["ETag"]
            self._look_at_map(at, answer.headers.get(NEWS, ""))
        return took

    def _look_at_map(self, at: int, latest: str) -> None:
        shown, tag = self._maps[at]
        if not shown or latest != shown:
            answer = self._clients[at].get("/map.json?zoom=8", headers={"If-None-Match": tag})
            self._maps[at] = answer.headers[NEWS], answer.headers["ETag"]
