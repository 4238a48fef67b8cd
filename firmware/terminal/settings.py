"""Who this terminal is and whom it talks to: written by cable at provisioning, kept in NVS."""

from collections import namedtuple

Identity = namedtuple("Identity", ("device", "secret", "host", "port", "apn"))
"""device id, 32-byte secret, broker's host and port, access point name ('' = the SIM's own)."""

_SECRET_BYTES = 32


class NotProvisioned(Exception):
    """The store lacks what only the bench can give."""


class Policy:
    """Numbers the terminal works by until the cloud sends others; the unit is in the name."""

    beat_working_s = 60
    beat_idle_s = 180
    arc_beat_s = 30
    keepalive_s = 300
    lease_max_s = 43200
    arc_on_a = 15
    arc_off_a = 10


def identity(store):
    """What the bench wrote into `store`; NotProvisioned names the first thing that is missing."""
    device = _text(store, "device")
    secret = store.get("secret")
    if not device:
        raise NotProvisioned("device")
    if not secret or len(secret) != _SECRET_BYTES:
        raise NotProvisioned("secret")
    server = _text(store, "server")
    host, _, port = server.rpartition(":")
    if not host or not port.isdigit():
        raise NotProvisioned("server")
    return Identity(device, secret, host, int(port), _text(store, "apn"))


def _text(store, name):
    return (store.get(name) or b"").decode()
