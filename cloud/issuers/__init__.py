"""Edge: the registers of the three issuers, over HTTP or from a file beside the database."""

from pathlib import Path

from cloud.base.breaker import Breaker
from cloud.base.clock import Clock
from cloud.base.settings import Settings
from cloud.issuers.file import RegisterFile
from cloud.issuers.http import RegisterClient
from cloud.registry.certificates import ISSUERS
from cloud.registry.issuers import Ask


def sources(settings: Settings, clock: Clock) -> dict[str, Ask]:
    """Whom to ask, by issuer: the setting's address or file, else the file in the data folder.

    An issuer without either is not here: then what the office entered stands.
    """
    found: dict[str, Ask] = {}
    for issuer in ISSUERS:
        named = getattr(settings, f"issuer_{issuer}")
        own = Path(settings.data_dir) / "registers" / f"{issuer}.csv"
        if named.startswith(("http://", "https://")):
            found[issuer] = Breaker(RegisterClient(named, settings.issuer_timeout_s), clock)
        elif named or own.exists():
            found[issuer] = RegisterFile(Path(named) if named else own)
    return found
