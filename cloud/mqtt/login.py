"""Who logs in: a terminal in one of its two dialects, or the cloud (protocol.md, section 1).

Everything up to `Doorkeeper` is pure: texts and a time in, a yes or no out.
"""

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud.base.clock import Clock
from cloud.base.unit import Ground
from cloud.link import terminals
from cloud.mqtt.address import Address, reachable
from cloud.mqtt.rights import Account

# No device id holds a `$`, so nobody can be provisioned into the cloud's own name.
CLOUD_USER = "$cloud"

_DEVICE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_IOTDA_TAIL = re.compile(r"_0_([01])_([0-9]{10})")
_HOUR_FORM = "%Y%m%d%H"
_NO_SECRET = bytes(32)

SecretOf = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Claim:
    """Who somebody says he is. `hour` (YYYYMMDDHH, UTC) only in the iotda dialect."""

    device: str
    hour: str | None = None
    hour_checked: bool = False


def read_claim(client_id: str, user: str) -> Claim | None:
    """The claim in a client id and a user; None if they do not belong together.

    The client id is bound to the user: whoever has A's key can neither be B nor push B out.
    """
    if not _DEVICE.fullmatch(user):
        return None
    if client_id == user:
        return Claim(user)
    tail = _IOTDA_TAIL.fullmatch(client_id.removeprefix(user))
    if tail is None or not client_id.startswith(user):
        return None
    sign, hour = tail.groups()
    return Claim(user, hour, hour_checked=sign == "1")


def iotda_password(secret: str | bytes, hour: str) -> str:
    """IoTDA's form: hex(HMAC-SHA256(key = YYYYMMDDHH, message = secret)) (iotda.md, 1.1)."""
    message = secret.encode() if isinstance(secret, str) else secret
    return hmac.digest(hour.encode(), message, "sha256").hex()


def proves(claim: Claim, password: str, secret: bytes, now: int) -> bool:
    """Whether the password proves the claim. `now` in epoch ms; compared in constant time."""
    if claim.hour is None:
        return _same(terminals.mqtt_password(secret), password)
    # A foreign device is given its secret as text; our own has it as 32 bytes.
    texts = _same(iotda_password(secret.hex(), claim.hour), password)
    raw = _same(iotda_password(secret, claim.hour), password)
    timely = not claim.hour_checked or claim.hour in _hours_around(now)
    return (texts or raw) and timely


class Doorkeeper:
    """The log-in check handed to the embedded broker: `login(client_id, user, password)`.

    `secret_of(device)` gives a terminal's 32 bytes, None if it is unknown or revoked.
    The cloud's own password is made here, lives in memory only, and dies with the process.
    """

    def __init__(self, secret_of: SecretOf, clock: Clock) -> None:
        self._secret_of = secret_of
        self._clock = clock
        self._cloud_password = secrets.token_urlsafe(32)

    def __call__(
        self, client_id: str, user: str, password: str, certified: str = ""
    ) -> Account | None:
        """The account, or None for whoever cannot prove who he is.

        `certified` = the name in a certificate that the TLS listener has proved: it stands in
        place of the password of that device, and of no other.
        """
        if user == CLOUD_USER:
            return self._cloud(client_id, password)
        claim = read_claim(client_id, user)
        if claim is None:
            return None
        secret = self._secret_of(claim.device)
        # An unknown terminal costs the same time as a wrong password: ids cannot be fished for.
        proved = proves(claim, password, secret or _NO_SECRET, self._clock())
        proved = proved or (bool(certified) and certified == claim.device)
        speaks = claim.hour is not None
        return Account(claim.device, iotda=speaks) if proved and secret else None

    def address(self, host: str, port: int) -> Address:
        """How the cloud's own programs reach the embedded broker that listens on host:port."""
        where = reachable(host)
        return Address(where, port, CLOUD_USER, self._cloud_password, outside=False)

    def _cloud(self, client_id: str, password: str) -> Account | None:
        right = hmac.compare_digest(self._cloud_password.encode(), password.encode())
        named = client_id.startswith(f"{CLOUD_USER}-")
        return Account(client_id, cloud=True) if right and named else None


def secrets_of(ground: Ground) -> SecretOf:
    """The secrets in the database, one read unit for each question."""

    def secret_of(device: str) -> bytes | None:
        with ground.read() as unit:
            return terminals.secret(unit, device)

    return secret_of


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode())


def _hours_around(now: int) -> list[str]:
    hour = datetime.fromtimestamp(now // 1000, UTC)
    return [(hour + timedelta(hours=h)).strftime(_HOUR_FORM) for h in (-1, 0, 1)]
