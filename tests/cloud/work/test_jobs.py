"""One weld from scan to close, through the one way in (cloud/work/jobs.py)."""

from typing import Any


def test_the_whole_weld(site: Any) -> None:
    job = site.apply()
    assert job.state == "permitted"
    assert site.check(job).state == "checked"
    assert site.watch(job).state == "watched"
    assert site.on(job).state == "watched"
    site.exchange()
    assert site.state(job) == "on"
    assert (site.terminal.relay, site.terminal.job) == (1, job.id)
    site.clock.forward(600)
    assert site.off(job).state == "ended"
    site.exchange()
    assert site.terminal.relay == 0
    assert site.job(job).off_confirmed_at == site.clock.now
    assert site.clear(job).state == "cleared"
    assert site.audit() == [
        "job-permitted",
        "picture-kept",
        "presence-spoken",
        "job-checked",
        "picture-kept",
        "presence-spoken",
        "job-watched",
        "on-asked",
        "job-on",
        "job-ended",
        "off-done",
        "off-confirmed",
        "job-cleared",
    ]
