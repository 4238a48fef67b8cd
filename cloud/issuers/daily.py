"""The daily round through all certificates, in a thread of its own: registers may be slow."""

from cloud.base.unit import Ground
from cloud.base.worker import Worker
from cloud.work import papers

_PAUSE_S = 60.0


def daily_round(ground: Ground) -> Worker:
    """Asks in small pieces, until nothing is due or nobody answers; then it pauses."""
    return Worker("certificates", lambda: papers.check_due(ground), _PAUSE_S)
