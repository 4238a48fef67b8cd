"""Who this terminal is and what it is made of: written by cable at provisioning, kept in NVS.

`server` is `host:port`, or `mqtts://host:port` where the modem speaks TLS; several with commas,
the one to begin with first.
"""

from collections import namedtuple

Identity = namedtuple(
    "Identity",
    ("device", "secret", "servers", "apn", "dialect", "hardware", "modem", "signed"),
)
"""device id, 32-byte secret, brokers as (host, port, whether by TLS), access point name ('' = the
SIM's own), 'native' or 'iotda', 'contactor' or 'thermal' (contact in the machine's thermal loop),
'a7670' or 'air780e', whether commands carry macs (not those of a foreign platform)."""

_SECRET_BYTES = 32
_WORDS = {
    "dialect": ("native", "iotda"),
    "hardware": ("contactor", "thermal"),
    "modem": ("a7670", "air780e"),
    "signed": ("yes", "no"),
}
_TLS = "mqtts://"


class NotProvisioned(Exception):
    """The store lacks what only the bench can give, or holds what it must not."""


def identity(store):
    """What the bench wrote into `store`; NotProvisioned names the first thing that is wrong."""
    device = text(store, "device")
    secret = store.get("secret")
    if not device:
        raise NotProvisioned("device")
    signed = _word(store, "signed") == "yes"
    if not secret or (len(secret) != _SECRET_BYTES if signed else len(secret) > _SECRET_BYTES):
        raise NotProvisioned("secret")
    return Identity(
        device,
        secret,
        [_server(one.strip()) for one in text(store, "server").split(",")],
        text(store, "apn"),
        _word(store, "dialect"),
        _word(store, "hardware"),
        _word(store, "modem"),
        signed,
    )


def _server(server):
    """(host, port, whether by TLS) of one broker."""
    tls = server.startswith(_TLS)
    host, _, port = server[len(_TLS) if tls else 0 :].rpartition(":")
    if not host or not port.isdigit():
        raise NotProvisioned("server")
    return host, int(port), tls


def _word(store, name):
    """One of the words that this setting may have; the first where nothing is written."""
    words = _WORDS[name]
    value = text(store, name) or words[0]
    if value not in words:
        raise NotProvisioned(name)
    return value


def text(store, name):
    return (store.get(name) or b"").decode()
