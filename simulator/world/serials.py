"""The numbers of a modem and its card: each terminal's own, the same at every start.

Plainly made up, so that none is ever taken for somebody's: an IMEI of the block for test equipment
(reporting body 00, GSMA TS.06), an ICCID of the country code 999, which nobody has (ITU-T E.118,
E.164). The last digit of both is Luhn's, as on the real ones.
"""

import hashlib

_MODULE, _CARD = "001", "89999"
_IMEI, _ICCID = 15, 20


def imei(device: str) -> str:
    """15 digits, for a device id or the address of its chip: both name the same module."""
    return _number(_MODULE, _IMEI, f"imei {_chip(device)}")


def iccid(device: str) -> str:
    """20 digits, of the card that comes with it."""
    return _number(_CARD, _ICCID, f"iccid {_chip(device)}")


def luhn(digits: str) -> int:
    """The check digit that belongs behind these (ISO/IEC 7812-1)."""
    doubled = [int(one) * (2 - place % 2) for place, one in enumerate(reversed(digits))]
    return -sum(one // 10 + one % 10 for one in doubled) % 10


def _chip(device: str) -> str:
    return device.upper().removeprefix("HM")


def _number(begin: str, length: int, name: str) -> str:
    left = length - len(begin) - 1
    own = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**left
    digits = f"{begin}{own:0{left}d}"
    return f"{digits}{luhn(digits)}"
