"""Where a broker is and who we are to it."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

# A password may hold a comma; what follows it is no new URL then.
_BETWEEN = re.compile(r",\s*(?=mqtts?://)")
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class BadAddress(ValueError):
    """A broker's URL cannot be read; the text says what is wanted."""


@dataclass(frozen=True)
class Address:
    """A broker and our account on it. `outside` = not ours: it speaks MQTT 5 and may be shared."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool = False
    outside: bool = True

    @classmethod
    def from_url(cls, url: str) -> Self:
        """mqtt://user:password@host:port or mqtts://… ; BadAddress if it is neither."""
        parts = urlsplit(url)
        try:
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError) as error:
            raise BadAddress("a broker is given as mqtt://user:password@host:port") from error
        if not parts.hostname:
            raise BadAddress("the broker's URL names no host")
        if "," in parts.netloc.rpartition("@")[2]:
            raise BadAddress("each of several brokers begins with mqtt:// or mqtts://")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port, user, password, tls=parts.scheme == "mqtts")

    @classmethod
    def each_from_urls(cls, urls: str) -> tuple[Self, ...]:
        """The brokers of a list with commas, at least one, none twice; BadAddress."""
        every = tuple(cls.from_url(url.strip()) for url in _BETWEEN.split(urls))
        if len({one.name for one in every}) < len(every):
            raise BadAddress("a broker is named twice")
        return every

    @property
    def name(self) -> str:
        """What this broker is called in the database and in logs: host:port, no account."""
        return f"{self.host}:{self.port}"


def split_listen(text: str) -> tuple[str, int]:
    """(host, port) of `host:port`, `[v6]:port` or `:port`; BadAddress otherwise."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise BadAddress(f"{text!r}: host:port is wanted")
    return host.strip("[]"), int(port)


def reachable(host: str) -> str:
    """The address by which this machine reaches what listens on `host`."""
    return _EVERYWHERE.get(host, host)
