"""After a restore nothing that was given out is given again (cloud/link/restored.py)."""

import json
from typing import Any

from cloud.link import policies, restored, tickets
from tests.cloud.link.conftest import DEVICE, Line


def test_no_number_of_a_ticket_and_no_version_of_a_policy_is_given_twice(online: Line) -> None:
    county = online.county
    want = {"person_id": "p1", "job": "j1", "lease_s": 60}
    before = county.do(tickets.make, DEVICE, "on", **want)
    version = county.do(policies.want, DEVICE, {}).version
    since_the_backup = 20
    county.do(restored.go_on)
    after = county.do(tickets.make, DEVICE, "on", **want | {"job": "j2"})
    assert after.n > before.n + since_the_backup
    online.leaving()
    # A terminal that tells of a version which came after the backup gets the one that is meant.
    county.do(policies.want, DEVICE, {}, told=version + since_the_backup)
    sent: list[dict[str, Any]] = [json.loads(body) for body in online.leaving()]
    assert [one["paras"]["content"]["version"] for one in sent] == [
        county.ask(policies.get, DEVICE).version
    ]
