"""A person's authenticator app: one-time codes (RFC 6238, SHA-256, 30 s, six digits)."""

import base64
import hmac

STEP_S = 30


def code(secret: str, step: int) -> str:
    """The code of one step (epoch seconds / 30) of a secret as one types it (base32)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha256")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFF_FFFF) % 1_000_000:06}"
