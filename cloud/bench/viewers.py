"""What a hundred open status pages cost the server: each asks every ten seconds, as it does.

In real time, for the figures are kept by the clock; `share` is CPU time of this process by time.
"""

import statistics
import time
from typing import Any

from cloud.base.unit import Ground
from cloud.bench import county, pages
from cloud.web import create_app, visitor
from cloud.web.regulator.status import POLL_MS

COUNT, LIMIT_SHARE, LIMIT_MS = 100, 0.03, 150
_SECONDS = 30


def measure(ground: Ground, seconds: float = _SECONDS, count: int = COUNT) -> dict[str, Any]:
    """Viewers of the city and of its counties, in turn; figures beside their limits."""
    app = create_app(ground)
    districts = [county.ROOT, *(f"{county.ROOT}{number:02}" for number in range(9))]
    tokens = [pages.signed_in(ground, "officer", one, "viewer") for one in districts]
    clients, tags = [], [""] * count
    for number in range(count):
        client = app.test_client()
        client.set_cookie(visitor.SESSION, tokens[number % len(tokens)])
        assert client.get("/").status_code == 200
        clients.append(client)
    pause, took = POLL_MS / 1000 / count, []
    began, used = time.monotonic(), time.process_time()
    for turn in range(round(seconds / pause)):
        time.sleep(max(0.0, began + turn * pause - time.monotonic()))
        at = turn % count
        start = time.perf_counter()
        answer = clients[at].get("/status.part", headers={"If-None-Match": tags[at]})
        took.append((time.perf_counter() - start) * 1000)
        tags[at] = answer.headers["ETag"]
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
