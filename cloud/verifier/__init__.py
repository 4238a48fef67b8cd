"""Edge: the outside verifier of faces. None is built in: without a setting there is none."""

from cloud.base.breaker import Breaker
from cloud.base.clock import Clock
from cloud.base.settings import Settings
from cloud.registry.verifier import AskFace
from cloud.verifier.http import VerifierClient


def of(settings: Settings, clock: Clock) -> AskFace | None:
    """Whom to ask; None = nobody, and the fire watch vouches for the welder."""
    if not settings.face_url:
        return None
    client = VerifierClient(
        settings.face_url, settings.face_secret, settings.face_timeout_s, clock
    )
    return Breaker(client, clock)
