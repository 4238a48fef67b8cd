"""How a request between platforms is signed (protocol, section 5). Pure.

hex HMAC-SHA256(secret, METHOD LF PATH?QUERY LF TIMESTAMP LF NONCE LF sha256hex(body)).
"""

import hashlib
import hmac
import re

KEY, TIMESTAMP = "X-HM-Key", "X-HM-Timestamp"
NONCE, SIGNATURE = "X-HM-Nonce", "X-HM-Signature"
NONCE_SHAPE = re.compile("[A-Za-z0-9_-]{16,64}")


def sign(secret: bytes, method: str, target: str, at: str, nonce: str, body: bytes) -> str:
    """The signature; `target` = path with its query, as it stands in the request's first line."""
    parts = (method, target, at, nonce, hashlib.sha256(body).hexdigest())
    return hmac.digest(secret, "\n".join(parts).encode(), "sha256").hex()


def good(claimed: str, wanted: str) -> bool:
    """Compared without telling how far they agree."""
    return hmac.compare_digest(claimed.encode(), wanted.encode())
